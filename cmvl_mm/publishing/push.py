"""Save a network as a folder of weights, config and card, and upload it to a repository on the hub."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import huggingface_hub
from huggingface_hub.errors import HfHubHTTPError, HFValidationError
from huggingface_hub.utils import validate_repo_id
from torch import Tensor

from cmvl_mm.checkpoints.pretrained import classes_in, read_state_dict
from cmvl_mm.checkpoints.resolve import resolve_checkpoint

from .card import About, Measured, card_text
from .clips import clips_of
from .contents import as_safetensors, require_fit, write_all
from .described import Described, describe
from .folder import CARD, CONFIG, WEIGHTS, Folder, config_text
from .settings import PublishError

_OF_PRETRAINING = ('context_head', 'motion_head', 'residual_head', 'neck')


class Published(NamedTuple):
    """The folder that was written."""

    folder: Path
    sha256: str
    """SHA-256 of model.safetensors."""


def save_folder(
    reference: str | Path,
    folder: str | Path,
    *,
    repo_id: str,
    what: str | None = None,
    license: str = 'apache-2.0',
    measured: Sequence[Measured] = (),
    config: str | Path | Mapping[str, Any] | None = None,
) -> Published:
    """Write weights, config and model card in the layout of a repository on the hub. `hub.load(folder)` reads them.

    For a pretraining the backbone is published, for a classifier the backbone and its head.

    Args:
        reference: a name of the zoo, a work directory, a checkpoint in one, or another file with `config`.
        folder: folder to write, made if missing; its three files are replaced together.
        repo_id: 'owner/name', for the card.
        what: a sentence for the card; None takes the sentence of the zoo.
        license: SPDX identifier.
        measured: tests of these weights; for a network of the zoo, the zoo's tests are added.
        config: as for `hub.load`.

    Raises:
        PublishError: there is no `what`, `repo_id` is invalid, or numbers cannot describe the clips.
        CheckpointError: the weights do not fit the model.
        ValueError, FileNotFoundError, …: as for `hub.load`.
    """
    _require_repo_id(repo_id)
    known = describe(reference, config)
    if known.pipeline is None:
        raise PublishError(
            f'{known.name}: its config does not define the clips. Remedy: pass a config= that has test_dataloader.'
        )
    said = what or (known.entry.what if known.entry is not None else None)
    if not said:
        raise PublishError(f'{known.name}: no description. Remedy: pass what=, a sentence on network and data.')
    path = resolve_checkpoint(known.weights, sha256=known.sha256)
    model, weights = _of_use(known.model, read_state_dict(path), known.name)
    require_fit(model, weights, str(path))
    content = as_safetensors(weights, {})
    classes = None
    if model.get('cls_head') is not None:
        classes = known.classes or classes_in(path)
    made = Folder(model, clips_of(known.pipeline, known.name), classes, hashlib.sha256(content).hexdigest())
    about = About(
        name=repo_id.rpartition('/')[2],
        what=said.rstrip('.'),
        license=license,
        caution=None if known.entry is None else known.entry.caution(),
        measured=[*_of_zoo(known), *measured],
    )
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    texts = {CARD: card_text(about, made, repo_id), CONFIG: config_text(made)}
    write_all({folder / WEIGHTS: content} | {folder / name: text.encode() for name, text in texts.items()})
    return Published(folder, made.sha256)


def _of_use(
    model: Mapping[str, Any], weights: Mapping[str, Tensor], name: str
) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Model and weights without parts that only the pretraining needs: heads of its tasks and their target networks."""
    network = (model.get('test_cfg') or {}).get('network', 'backbone')
    if network != 'backbone':
        raise PublishError(
            f"{name}: test_cfg's network is {network!r}, which is not published. "
            'Remedy: pass a config= that tests the backbone.'
        )
    kept = {key: value for key, value in model.items() if key not in _OF_PRETRAINING}
    return kept, {key: value for key, value in weights.items() if key.partition('.')[0] not in _OF_PRETRAINING}


def _of_zoo(known: Described) -> list[Measured]:
    """The tests of the network in the zoo."""
    if known.entry is None:
        return []
    return [Measured(test.protocol, f'configs/{test.config}', test.metrics) for test in known.entry.tests]


def _require_repo_id(repo_id: str) -> None:
    try:
        validate_repo_id(repo_id)
    except HFValidationError as error:
        raise PublishError(f'{repo_id!r}: not a name of a repository ({error}). Remedy: pass owner/name.') from None
    if repo_id.count('/') != 1:
        raise PublishError(f'{repo_id!r}: not a name of a repository. Remedy: pass owner/name.')


def push_to_hub(
    reference: str | Path,
    repo_id: str,
    *,
    what: str | None = None,
    license: str = 'apache-2.0',
    measured: Sequence[Measured] = (),
    config: str | Path | Mapping[str, Any] | None = None,
    private: bool = False,
    revision: str | None = None,
    message: str = 'Upload a network by cmvl_mm',
) -> str:
    """Upload the output of `save_folder` with the login of `hf auth login` or HF_TOKEN.

    Args:
        reference, what, license, measured, config: as for `save_folder`.
        repo_id: 'owner/name'; the repository is made if it does not exist.
        private: whether a new repository is private.
        revision: branch for the commit; None is main.
        message: commit message.

    Returns:
        The address of the commit.

    Raises:
        PublishError: as for `save_folder`, or the hub refuses the upload.
    """
    with TemporaryDirectory(prefix='cmvl_mm_') as folder:
        save_folder(reference, folder, repo_id=repo_id, what=what, license=license, measured=measured, config=config)
        api = huggingface_hub.HfApi(library_name='cmvl_mm')
        try:
            api.create_repo(repo_id, private=private, exist_ok=True)
            made = api.upload_folder(
                repo_id=repo_id,
                folder_path=folder,
                allow_patterns=[WEIGHTS, CONFIG, CARD],
                commit_message=message,
                revision=revision,
            )
        except HfHubHTTPError as error:
            raise PublishError(
                f'{repo_id}: the hub answers {error.response.status_code} ({type(error).__name__}). Remedy: run '
                '`hf auth login` with a token that may write there; check owner and name.'
            ) from error
    return made.commit_url
