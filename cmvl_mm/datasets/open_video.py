"""The first stage of a test: makes a sample from a file or decoded frames, which MMAction2's inference passes."""

import os
from typing import Any

import numpy as np
from mmaction.registry import TRANSFORMS

from cmvl_mm.video import CompressedVideo

from .decoded_frames import DecodedFrames
from .sample_index import SampleIndex

Sample = dict[str, Any]


@TRANSFORMS.register_module()
class OpenVideo:
    """Open the video of a sample, unless a data set has already opened it.

    | the sample holds | source | effect |
    |---|---|---|
    | video | our data sets | nothing: the data set closes the file |
    | filename | `inference_recognizer`, `ActionRecogInferencer` | the file is opened; `ReadCompressed` closes it |
    | array, (T, H, W, 3) uint8 RGB | `ActionRecogInferencer(input_format='array')` | its frames are used unchanged |

    If a stage before `ReadCompressed` fails, the file is closed when Python drops the sample.

    Random stages use the draws of the first sample of seed 0 and epoch 0: a file always gives the same result.

    Args:
        block: edge of the motion grid's cells in pixels, as in `CompressedVideo`.

    Raises:
        ValueError: the sample holds none of these, or frames of another shape or type.
        VideoError: the file cannot be opened.
    """

    def __init__(self, block: int = 8) -> None:
        self.block = block

    def __call__(self, sample: Sample) -> Sample:
        if 'video' in sample:
            return sample
        label = sample.get('label', -1)
        opened: Sample = dict(rng=SampleIndex(0).generator(), label=None if label == -1 else label)
        if 'array' in sample:
            return opened | dict(video=DecodedFrames(np.asarray(sample['array'])))
        if 'filename' not in sample:
            raise ValueError(
                f'a sample of {", ".join(sorted(map(str, sample))) or "nothing"} names no video. '
                "Remedy: pass dict(filename='video.mp4'); a folder of pictures has no compressed stream, so pass its "
                'frames as dict(array=frames), or make a video of them.'
            )
        path = os.fspath(sample['filename'])
        video = CompressedVideo(path, self.block)
        return opened | dict(video=video, opened=video, path=path)
