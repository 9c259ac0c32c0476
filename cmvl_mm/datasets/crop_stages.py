"""The stages that crop and mirror the frames: see the table in `read_stage`, and `geometry` for the functions."""

import numpy as np
from mmaction.registry import TRANSFORMS

from .frame_choice import Sample
from .geometry import centre_box, crop_resize, random_resized_box, rotate


@TRANSFORMS.register_module()
class RandomCropFlip:
    """Random resized crop and flip: one draw for clip and positive window, separate draws for I-frame and negatives.

    The paper names crop and flip without numbers; the defaults are the authors' release's.

    Args:
        size: output edge of clip and I-frame, in pixels.
        area: smallest and largest share of the frame's area.
        aspect: smallest and largest width / height.
        flip_prob: probability of the mirroring.
        rotation: largest angle, in degrees, of the rotation before the crop, in either direction, black outside; 0
            draws nothing. For classifiers, as released: motion vectors cannot be rotated.

    Raises:
        ValueError: `rotation` is set for a sample with motion, or is not in 0 ... 180.
    """

    def __init__(
        self,
        size: int = 112,
        area: tuple[float, float] = (0.2, 1.0),
        aspect: tuple[float, float] = (3 / 4, 4 / 3),
        flip_prob: float = 0.5,
        rotation: float = 0.0,
    ) -> None:
        if not 0 <= rotation <= 180:
            raise ValueError(f'rotation={rotation} is not in 0 ... 180 degrees')
        self.rotation = rotation
        self.size = size
        self.area = (area[0], area[1])
        self.aspect = (aspect[0], aspect[1])
        self.flip_prob = flip_prob

    def __call__(self, sample: Sample) -> Sample:
        rng, video = sample['rng'], sample['video']
        if self.rotation and 'motion' in sample:
            raise ValueError(
                f'rotation={self.rotation} would turn the clip but not its motion. Remedy: set rotation=0.'
            )
        windows = len(sample['motion']) if 'motion' in sample else 1
        draws = [
            (
                random_resized_box(rng, video.height, video.width, self.area, self.aspect),
                bool(rng.random() < self.flip_prob),
            )
            for _ in range(windows + 1)
        ]  # the last crop is the I-frame's
        sample['crops'] = draws
        if self.rotation:
            sample['imgs'] = rotate(sample['imgs'], float(rng.uniform(-self.rotation, self.rotation)))
        sample['imgs'] = crop_resize(sample['imgs'], *draws[0], self.size)
        if 'iframe' in sample:
            sample['iframe'] = crop_resize(sample['iframe'], *draws[-1], self.size)
        if 'motion' in sample:
            sample['motion_box'] = np.array([box for box, _ in draws[:windows]], dtype=np.int32)
            sample['motion_flip'] = np.array([flip for _, flip in draws[:windows]])
        return sample


@TRANSFORMS.register_module()
class CentreCrop:
    """The central square for testing: short side to `resize_short`, then the central `size` pixels, as one resize."""

    def __init__(self, size: int = 112, resize_short: int = 128) -> None:
        self.size = size
        self.share = size / resize_short

    def __call__(self, sample: Sample) -> Sample:
        box = centre_box(sample['video'].height, sample['video'].width, self.share)
        sample['crops'] = [(box, False)]
        if 'imgs' in sample:
            sample['imgs'] = crop_resize(sample['imgs'], box, False, self.size)
        if 'motion' in sample:
            sample['motion_box'] = np.tile(np.array(box, dtype=np.int32), (len(sample['motion']), 1))
            sample['motion_flip'] = np.zeros(len(sample['motion']), dtype=bool)
        return sample
