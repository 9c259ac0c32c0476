"""In the processes of our tools, MMEngine's own readers read checkpoints and annotations as plain data.

Stock MMAction2 data sets read annotations through `mmengine.load`, and stock backbones read `Pretrained` weights
through MMEngine's checkpoint loader. Both are global, so importing the package does not change them: other code in the
process reads its files as before. (`checkpoints.mmengine_reader` adds files that MMEngine cannot read.)
"""

from pathlib import Path
from typing import IO, Any

import yaml
from mmengine.fileio.handlers import PickleHandler, YamlHandler
from mmengine.fileio.handlers.registry_utils import _register_handler
from mmengine.runner.checkpoint import CheckpointLoader

from cmvl_mm.checkpoints.pretrained import read_checkpoint


def read_files_as_data() -> None:
    """Allow only plain YAML, no pickles, and checkpoints of tensors and data; tools call this before they build."""
    _register_handler(_PlainYaml(), ['yaml', 'yml'])
    _register_handler(_NoPickle(), ['pickle', 'pkl'])
    CheckpointLoader.register_scheme('', load_from_strict_reader, force=True)


class _PlainYaml(YamlHandler):
    """YAML of plain data; a tag that names a Python object is an error."""

    def load_from_fileobj(self, file: IO, **kwargs: Any) -> Any:
        try:
            return yaml.safe_load(file)
        except yaml.YAMLError as error:
            raise ValueError(
                f'{_name(file)} contains more than plain data: {" ".join(str(error).split())}. '
                'Remedy: write plain lists and mappings.'
            ) from None


class _NoPickle(PickleHandler):
    """A handler that writes pickles but never reads them."""

    def load_from_fileobj(self, file: IO, **kwargs: Any) -> Any:
        raise ValueError(
            f'{_name(file)} is a pickle; pickles are not read. Remedy: write the data as text or JSON; read '
            'predictions of --dump with MMAction2’s analysis tools.'
        )


def load_from_strict_reader(filename: str | Path, map_location: Any = None) -> dict[str, Any]:
    """Load a local file for MMEngine; the weights are on the CPU, and MMEngine copies them to the model's device."""
    return read_checkpoint(Path(filename).expanduser())


def _name(file: IO) -> str:
    return str(getattr(file, 'name', 'This file'))
