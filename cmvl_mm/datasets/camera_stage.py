"""The stage that subtracts the camera's motion from the vectors: see the table in `read_stage`."""

from mmaction.registry import TRANSFORMS

from cmvl_mm.video import MotionField, without_camera
from cmvl_mm.video.camera import LEAST_BLOCKS

from .frame_choice import Sample


@TRANSFORMS.register_module()
class SubtractCamera:
    """Keep only the motion of objects relative to the ground, see `cmvl_mm.video.camera`.

    Otherwise camera motion alone solves a task that finds the future of its own clip: a pan lasts, and no two pans are
    alike. Blocks without a vector, and all blocks of a frame with unknown camera motion, are 0: they count as ground.

    Raises:
        ValueError: the grid of a video has too few blocks to estimate the camera motion of any frame.
    """

    def __call__(self, sample: Sample) -> Sample:
        motion, valid = sample['motion'], sample['block_valid']
        rows, columns = valid.shape[2:]
        if rows * columns < LEAST_BLOCKS:
            raise ValueError(
                f'{sample["video"].path}: {rows} x {columns} blocks of {sample["motion_block"]} px are too few to tell '
                f'camera motion from moving objects; at least {LEAST_BLOCKS} are needed. Remedy: set a smaller block '
                'in the data set, or use larger videos.'
            )
        field = MotionField(
            motion.reshape(-1, *motion.shape[2:]), valid.reshape(-1, *valid.shape[2:]), sample['motion_block']
        )
        steady, known = without_camera(field)
        sample['motion'], sample['block_valid'] = steady.reshape(motion.shape), known.reshape(valid.shape)
        return sample
