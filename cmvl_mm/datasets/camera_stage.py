"""The stage that takes the camera's motion out of the vectors: see the table in `read_stage`."""

from mmaction.registry import TRANSFORMS

from cmvl_mm.video import MotionField, without_camera
from cmvl_mm.video.camera import LEAST_BLOCKS

from .frame_choice import Sample


@TRANSFORMS.register_module()
class SubtractCamera:
    """Leave the motion of objects over the ground, see `cmvl_mm.video.camera`.

    A task that is to find the future of its own clip is else solved by the camera: a pan lasts, and no two are alike.
    Blocks without a vector, and all of a frame whose camera is not known, are 0: they move with the ground.

    Raises:
        ValueError: the grid of a video has too few blocks for any frame's camera to be known.
    """

    def __call__(self, sample: Sample) -> Sample:
        motion, valid = sample['motion'], sample['block_valid']
        rows, columns = valid.shape[2:]
        if rows * columns < LEAST_BLOCKS:
            raise ValueError(
                f'{sample["video"].path}: {rows} x {columns} blocks of {sample["motion_block"]} px are too few to tell '
                f'the camera from what moves, it takes {LEAST_BLOCKS}. Remedy: a smaller block of the data set, or '
                'larger videos.'
            )
        field = MotionField(
            motion.reshape(-1, *motion.shape[2:]), valid.reshape(-1, *valid.shape[2:]), sample['motion_block']
        )
        steady, known = without_camera(field)
        sample['motion'], sample['block_valid'] = steady.reshape(motion.shape), known.reshape(valid.shape)
        return sample
