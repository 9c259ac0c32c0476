"""The stage that recolours the crops: see the table in `read_stage`, and `augment` for the functions."""

from typing import Any, Literal

from mmaction.registry import TRANSFORMS

from .augment import apply_colour, draw_colour, encode_colour
from .frame_choice import Sample


@TRANSFORMS.register_module()
class AugmentColour:
    """Blur, colour jitter and gray, one draw for the clip and another for the I-frame.

    The paper names blur and jitter without numbers; the defaults are the authors' release's, except for its gray (0.2).

    Args:
        blur_prob: probability of the blur.
        blur_sigma: smallest and largest standard deviation, in pixels of the output.
        jitter_prob: probability of the next four.
        brightness, contrast, saturation: largest distance of the factor from 1.
        hue: largest turn, as a share of a full circle; 0.5 is any hue.
        gray_prob: probability that the clip becomes gray.
        where: 'host' recolours in this stage; 'device' leaves the pixels unchanged and passes the same draws to the
            data preprocessor.
    """

    def __init__(
        self,
        blur_prob: float = 0.5,
        blur_sigma: tuple[float, float] = (0.1, 2.0),
        jitter_prob: float = 0.5,
        brightness: float = 0.4,
        contrast: float = 0.4,
        saturation: float = 0.4,
        hue: float = 0.1,
        gray_prob: float = 0.0,
        where: Literal['host', 'device'] = 'host',
    ) -> None:
        if where not in ('host', 'device'):
            raise ValueError(f"where={where!r} is not one of 'host', 'device'")
        self.where = where
        self.settings: dict[str, Any] = dict(
            blur_prob=blur_prob,
            blur_sigma=(blur_sigma[0], blur_sigma[1]),
            jitter_prob=jitter_prob,
            brightness=brightness,
            contrast=contrast,
            saturation=saturation,
            hue=hue,
            gray_prob=gray_prob,
        )

    def __call__(self, sample: Sample) -> Sample:
        for key in ('imgs', 'iframe'):
            if key not in sample:
                continue
            draw = draw_colour(sample['rng'], **self.settings)
            if self.where == 'host':
                sample[key] = apply_colour(sample[key], draw)
            else:
                sample[f'{key}_colour'] = encode_colour(draw)
        return sample
