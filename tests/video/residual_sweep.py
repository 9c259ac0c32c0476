"""Whether prediction + residual is the decoded picture, bit for bit, in every prepared video below a folder.

Batches of `iterate` must hold the same residuals.

python tests/video/residual_sweep.py FOLDER
"""

import sys
from pathlib import Path

import numpy as np
from mpeg4_decode import count_differences

from cmvl_mm.video import CompressedVideo
from cmvl_mm.video.residual_reader import read_residuals


def main(folder: str) -> None:
    wrong = files = frames = 0
    for path in sorted(Path(folder).rglob('*.mp4')):
        with CompressedVideo(path, block=16) as video:
            found = read_residuals(video, range(video.num_frames))
            batches = [batch.residual for batch in video.iterate(residual=True, workers=2)]
        different = count_differences(path, found)
        for plane in 'yuv':
            together = np.concatenate([getattr(batch, plane) for batch in batches])
            different += int((together != getattr(found, plane)).sum())
        print(f'{path.name}: {len(found.y)} frames, {different} samples differ', flush=True)
        wrong, files, frames = wrong + different, files + 1, frames + len(found.y)
    print(f'{files} files, {frames} frames, {wrong} samples differ')
    sys.exit(wrong > 0 or not files)


if __name__ == '__main__':
    main(sys.argv[1])
