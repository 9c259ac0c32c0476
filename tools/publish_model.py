"""Make an entry of the zoo from a work directory: weights, manifest entry, curves. Nothing is uploaded.

    python tools/publish_model.py configs/demo/pretrain.py work_dirs/demo/pretrain demo_joint \\
        --what 'V-Network, 12 epochs of both tasks on the controlled set' \\
        --trained-on 'controlled videos' --device '2 cores of an AMD EPYC' \\
        --test configs/demo/retrieval.py work_dirs/demo/retrieve_pretrained
    python tools/make_model_zoo.py

Each --test is the config, the work directory and the KEY=VALUE options of a run of tools/test.py on these weights; it
is refused if its log or config differ. Files over 10 MB are not stored next to the manifest: with --url (the place of
the upload) or --why (not uploaded) the file stays in the work directory, and the zoo describes it.
"""

import argparse
import hashlib
import subprocess
from datetime import date
from pathlib import Path
from typing import get_args

from make_model_zoo import ZooError, read_config

import cmvl_mm.register  # noqa: F401
from cmvl_mm.checkpoints.pretrained import CheckpointError, read_checkpoint, resolve_checkpoint, state_dict_of
from cmvl_mm.engine.config import ConfigKeyError, load_config
from cmvl_mm.evaluation.summary import figures_text
from cmvl_mm.files.digest import sha256_of
from cmvl_mm.publishing.contents import as_safetensors, curves_of, model_of, networks_of, require_fit, write_all
from cmvl_mm.publishing.provenance import commit_of_training, read_tested, require_trained
from cmvl_mm.publishing.settings import PublishError, options_of
from cmvl_mm.zoo.address import AddressError, read_address
from cmvl_mm.zoo.fields import ManifestError, Networks, TrainedOn
from cmvl_mm.zoo.manifest import LARGEST_BUNDLED, MANIFEST, Entry, manifest_of, read_manifest, zoo_folder

REPOSITORY = Path(__file__).resolve().parents[1]
CONFIGS = REPOSITORY / 'configs'
ZOO = REPOSITORY / 'cmvl_mm/zoo'
WRITTEN = (
    f'cmvl_mm/zoo/{MANIFEST}',
    'cmvl_mm/zoo/*.json',
    'cmvl_mm/zoo/*.safetensors',
    'model_zoo.md',
    'model-index.yml',
    'configs/metafile.yml',
)
"""Files that publishing itself changes."""


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='the config that trained the weights')
    parser.add_argument('work_dir', help='its newest undamaged checkpoint is published; or a checkpoint file')
    parser.add_argument('name', help='name of the entry; an entry of this name is replaced')
    parser.add_argument('--what', required=True, help='in words: networks, length of the training, data')
    parser.add_argument(
        '--trained-on',
        required=True,
        choices=get_args(TrainedOn),
        help='training data, of which cmvl_mm.hub.load warns',
    )
    parser.add_argument('--device', required=True, help='device of the tests')
    parser.add_argument(
        '--test',
        nargs='+',
        action='append',
        required=True,
        metavar='WORD',
        help='CONFIG WORK_DIR [KEY=VALUE …] of a test of these weights; may be given several times',
    )
    parser.add_argument('--options', nargs='+', default=[], metavar='KEY=VALUE', help='--cfg-options of the training')
    parser.add_argument('--whole', action='store_true', help='all networks, heads too; default: the V-Network alone')
    parser.add_argument(
        '--seeds', nargs='+', type=int, help='seeds of all runs from which this one was chosen, its own first'
    )
    place = parser.add_mutually_exclusive_group()
    place.add_argument('--url', help='https://… or hf://owner/repository/file')
    place.add_argument('--why', help='why there is no copy')
    parser.add_argument(
        '--allow-changes', action='store_true', help='allow uncommitted changes of the tree, now or in training'
    )
    args = parser.parse_args()
    if any(len(test) < 2 for test in args.test):
        parser.error('--test needs CONFIG WORK_DIR [KEY=VALUE …]')
    return args


def below_configs(config: str) -> str:
    """configs/demo/pretrain.py -> demo/pretrain.py."""
    try:
        return Path(config).resolve().relative_to(CONFIGS).as_posix()
    except ValueError as error:
        raise PublishError(f'{config}: not below {CONFIGS}. Remedy: name a config of the repository.') from error


def commit(trained_at: str | None, allow_changes: bool) -> str:
    """The commit of the training for the entry.

    Args:
        trained_at: result of `commit_of_training`.
        allow_changes: accept a tree that cannot be restored, marked '+changes' or 'unknown'.

    Raises:
        PublishError: the tree has changes, either now, when configs are compared, or at the training.
    """
    words = ['git', 'status', '--porcelain', '--', '.', *(f':!{path}' for path in WRITTEN)]
    changes = subprocess.run(words, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    if changes and not allow_changes:
        raise PublishError(
            f'the tree has uncommitted changes, so it cannot be restored: {", ".join(changes.split()[1::2][:5])}. '
            'Remedy: commit them; or pass --allow-changes, which the zoo records.'
        )
    bare = (trained_at or '').removesuffix('+changes')
    words = ['git', 'cat-file', '-e', f'{bare}^{{commit}}']
    known = subprocess.run(words, cwd=REPOSITORY, capture_output=True, check=False).returncode == 0
    if not allow_changes and (not known or bare != trained_at):
        raise PublishError(
            f'trained at {trained_at or "an unrecorded commit"}, which is not a commit of this repository and cannot '
            'be restored. Remedy: train at a commit; or pass --allow-changes, which the zoo records.'
        )
    if not known:
        return 'unknown'
    return bare + ('+changes' if changes or bare != trained_at else '')


def seeds_of(meta: dict, given: list[int] | None) -> list[int]:
    """The seeds, with the run's own seed first."""
    own = meta.get('seed')
    if given is None and own is None:
        raise PublishError('the checkpoint does not record its seed. Remedy: pass --seeds.')
    if given is not None and own is not None and given[0] != own:
        raise PublishError(
            f'--seeds starts with {given[0]}, but the seed of this run is {own}. Remedy: put {own} first.'
        )
    return [own] if given is None else given


def publish(args: argparse.Namespace) -> str:
    """Check everything, then write; returns lines about the result."""
    entries, folder = read_manifest(), zoo_folder()
    checkpoint = resolve_checkpoint(Path(args.work_dir))
    contents = read_checkpoint(checkpoint)
    networks: Networks = 'whole' if args.whole else 'backbone'
    weights, left_out = networks_of(state_dict_of(contents, source=checkpoint), networks)
    config = below_configs(args.config)
    model = model_of(load_config(args.config, options_of(args.options)), networks)
    require_fit(model, weights, str(checkpoint))
    require_trained(checkpoint.parent, config_file=Path(args.config), options=args.options)
    tested = sha256_of(checkpoint)
    tests = [
        read_tested(
            work_dir,
            config_file=Path(test),
            config=below_configs(test),
            options=options,
            protocol=read_config(f'configs/{below_configs(test)}').fields.get('Protocol', 'as its config says'),
            sha256=tested,
            weights=weights,
        )
        for test, work_dir, *options in args.test
    ]
    log, rows = curves_of(checkpoint.parent)
    seeds = seeds_of(contents.get('meta', {}), args.seeds)
    content = as_safetensors(weights, dict(name=args.name, config=config, networks=networks, seed=str(seeds[0])))
    bundled = args.url is None and args.why is None
    if bundled and len(content) > LARGEST_BUNDLED:
        raise PublishError(
            f'{args.name}: {len(content)} bytes, but a file beside the manifest may have at most {LARGEST_BUNDLED}. '
            'Remedy: pass --url with its address, or --why there is none.'
        )
    entry = Entry(
        name=args.name,
        what=args.what,
        trained_on=args.trained_on,
        config=config,
        options=tuple(args.options),
        networks=networks,
        model=model,
        tests=tuple(tests),
        seeds=tuple(seeds),
        log=f'{args.name}.json',
        commit=commit(commit_of_training(contents), args.allow_changes),
        date=date.today().isoformat(),
        device=args.device,
        sha256=hashlib.sha256(content).hexdigest(),
        bytes=len(content),
        file=f'{args.name}.safetensors' if bundled else None,
        url=args.url,
        why=args.why,
    )
    if entry.url is not None:
        read_address(entry.url, entry.sha256)
    target = (folder if bundled else checkpoint.parent) / f'{args.name}.safetensors'
    manifest = manifest_of(entries | {args.name: entry}, folder)
    write_all({target: content, folder / entry.log: log.encode(), folder / MANIFEST: manifest.encode()})
    if not bundled:
        (folder / target.name).unlink(missing_ok=True)  # file of a replaced entry
    return '\n'.join(
        [
            f'{checkpoint}: {len(weights)} weights, unchanged; left out: {left_out}',
            f'{target}: {len(content)} bytes, sha256 {entry.sha256}',
            f'{folder / entry.log}: {rows}',
            f'{args.name}: {"replaced" if args.name in entries else "added"}, trained at {entry.commit}',
            *([] if args.url is None else [f'Now upload {target} to {args.url}.']),
            *(['Now run python tools/make_model_zoo.py.'] if folder.resolve() == ZOO else []),
            'Commands that print the numbers of the zoo:',
            *(f'  {test.command(args.name)}\n    {figures_text(test.metrics)}' for test in tests),
        ]
    )


def main() -> None:
    args = parse_args()
    try:
        print(publish(args))
    except (OSError, AddressError, CheckpointError, ConfigKeyError, ManifestError, PublishError, ZooError) as error:
        raise SystemExit(f'{args.name}: {error}') from error


if __name__ == '__main__':
    main()
