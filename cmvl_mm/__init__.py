"""Video representation learning straight from the compressed stream.

The table lists the public names. Each is imported at first use, so reading and writing videos only needs PyAV and
NumPy:

| name | what it is | needs torch |
|---|---|---|
| `CompressedVideo` | a video file, read by frame number: pixels, I-frames, motion vectors | |
| `Frames`, `Batch` | the results of a read: pictures and motion of any frames; of consecutive frames | |
| `MotionField` | motion vectors in quarter pixels, and which cells are valid | |
| `VideoMetadata` | codec, size, rate, key frames, ... of a file | |
| `VideoError` | the error for a file that cannot be read | |
| `FrameIndexError`, `SettingError` | the errors for a frame number outside the video and for an invalid setting | |
| `reencode`, `Profile`, `PROFILES` | any video -> one with regular I-frames and vectors | |
| `read_list` | an annotation list -> its entries | |
| `compressed_collate` | samples -> a batch, for any data loader | yes |
| `info_nce`, `pointwise_info_nce` | the losses as functions | yes |
| `InfoNCELoss`, `PointwiseInfoNCELoss` | the losses as modules | yes |
| `load_config` | a config file, checked for keys that nothing reads | yes |
| `embed` | videos -> feature vectors, one row a clip | yes |
| `search` | the clips most similar to a video or to a row | yes |
| `read_embeddings` | a file that `embed` wrote -> its rows | |
| `load` | a published model or your own: `hub.load` | yes |
| `pretrain` | a folder of videos -> a pretrained video network | yes |
| `finetune` | a folder of videos by class -> a tested classifier | yes |
| `hub` | published models, ready for use: `hub.load('name')` | yes |
| `ContextMotionInferencer` | features or classes of videos, folders or arrays in one call | yes |

Importing `cmvl_mm.register` registers every component with MMEngine; configs name it in `custom_imports`.
Configs import `change` of `cmvl_mm.datasets.stages`; `cmvl_mm.engine.config.merge_options` merges options like
`load_config`. Any other name may change between versions.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from cmvl_mm.files.extras import remedy_for
from cmvl_mm.files.version import VERSION

if TYPE_CHECKING:
    from cmvl_mm import hub
    from cmvl_mm.clip_search.search import search
    from cmvl_mm.clip_search.stored_rows import read_embeddings
    from cmvl_mm.datasets.annotation import read_list
    from cmvl_mm.datasets.collate import compressed_collate
    from cmvl_mm.embedding.embed import embed
    from cmvl_mm.engine.config import load_config
    from cmvl_mm.hub import load
    from cmvl_mm.inference import ContextMotionInferencer
    from cmvl_mm.models.losses import InfoNCELoss, PointwiseInfoNCELoss, info_nce, pointwise_info_nce
    from cmvl_mm.video import (
        Batch,
        CompressedVideo,
        FrameIndexError,
        Frames,
        MotionField,
        SettingError,
        VideoError,
        VideoMetadata,
    )
    from cmvl_mm.video.encode import PROFILES, Profile, reencode
    from cmvl_mm.workflows.finetune import finetune
    from cmvl_mm.workflows.pretrain import pretrain

__version__ = VERSION

__all__ = [
    'CompressedVideo',
    'Frames',
    'Batch',
    'MotionField',
    'VideoMetadata',
    'VideoError',
    'FrameIndexError',
    'SettingError',
    'reencode',
    'Profile',
    'PROFILES',
    'read_list',
    'compressed_collate',
    'info_nce',
    'pointwise_info_nce',
    'InfoNCELoss',
    'PointwiseInfoNCELoss',
    'load_config',
    'embed',
    'search',
    'read_embeddings',
    'load',
    'pretrain',
    'finetune',
    'hub',
    'ContextMotionInferencer',
]

_NAMES_OF = {
    'cmvl_mm.video': (
        'CompressedVideo',
        'Frames',
        'Batch',
        'MotionField',
        'VideoMetadata',
        'VideoError',
        'FrameIndexError',
        'SettingError',
    ),
    'cmvl_mm.video.encode': ('reencode', 'Profile', 'PROFILES'),
    'cmvl_mm.datasets.annotation': ('read_list',),
    'cmvl_mm.datasets.collate': ('compressed_collate',),
    'cmvl_mm.models.losses': ('info_nce', 'pointwise_info_nce', 'InfoNCELoss', 'PointwiseInfoNCELoss'),
    'cmvl_mm.engine.config': ('load_config',),
    'cmvl_mm.inference': ('ContextMotionInferencer',),
    'cmvl_mm.embedding.embed': ('embed',),
    'cmvl_mm.clip_search.search': ('search',),
    'cmvl_mm.clip_search.stored_rows': ('read_embeddings',),
    'cmvl_mm.hub': ('load',),
    'cmvl_mm.workflows.pretrain': ('pretrain',),
    'cmvl_mm.workflows.finetune': ('finetune',),
}
_HOME = {name: module for module, names in _NAMES_OF.items() for name in names}


if not TYPE_CHECKING:  # else every misspelt name would have a type

    def __getattr__(name: str) -> Any:
        """A public name, from the module that defines it (PEP 562)."""
        try:
            if name == 'hub':
                return import_module('cmvl_mm.hub')
            if name in _HOME:
                return getattr(import_module(_HOME[name]), name)
        except ModuleNotFoundError as error:
            remedy = remedy_for(error.name)
            if remedy is None:
                raise
            missing = (error.name or '').partition('.')[0]
            text = f'cmvl_mm.{name} needs {missing}, which is not installed. {remedy}'
            raise ModuleNotFoundError(text, name=error.name) from error
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
