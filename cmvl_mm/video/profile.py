"""Quality and size of the videos that `reencode` writes."""

from dataclasses import dataclass
from fractions import Fraction

from cmvl_mm.video.checks import SettingFault, sides, whole

MAX_SIDE = 8191  # px: MPEG-4 Part 2 stores width and height in 13 bits (ISO/IEC 14496-2, 6.2.3)
MOST_QUANTISER = 31  # stored in 5 bits (6.2.5)
_MAX_PIXEL_SHAPE = 255  # width and height of a pixel are stored in 8 bits each
_SAME_SHAPE = Fraction(1, 100)  # a change of shape that need not be stated: 4:3 in 340x256 is 0.4 % off


@dataclass(frozen=True)
class Profile:
    """Settings of the videos that `reencode` writes.  The quantiser is constant; the bit rate follows the content."""

    quantiser: int
    """MPEG-4 quantiser of every block, 1 (best) to 31."""
    size: tuple[int, int] | None = None
    """(width, height) in pixels, for any shape of the source, which the file then states; None keeps the size."""
    short_side: int | None = None
    """Short side in pixels after shrinking, with shape kept and both sides even; smaller videos keep their size."""

    def __post_init__(self) -> None:
        """Raises ValueError for invalid settings."""
        object.__setattr__(self, 'quantiser', whole('quantiser', self.quantiser, least=1, most=MOST_QUANTISER))
        if self.size is not None:
            object.__setattr__(self, 'size', sides('size', self.size, '(width, height)'))
        if self.short_side is not None:
            object.__setattr__(self, 'short_side', whole('short_side', self.short_side, least=2))
            if self.size is not None:
                raise SettingFault(f'size is {self.size} and short_side {self.short_side}', 'Give only one of them')

    def target(self, width: int, height: int) -> tuple[tuple[int, int], Fraction]:
        """(width, height) of the result in pixels, and width : height of each pixel.

        Args:
            width: width of the picture as shown, in square pixels.
            height: height of the picture as shown, in square pixels.
        """
        if self.size is not None:
            shape = Fraction(width * self.size[1], height * self.size[0])
            return self.size, Fraction(1) if abs(shape - 1) <= _SAME_SHAPE else _statable(shape)
        if self.short_side is None or min(width, height) <= self.short_side:
            return (width, height), Fraction(1)
        scale = self.short_side / min(width, height)
        return (2 * round(width * scale / 2), 2 * round(height * scale / 2)), Fraction(1)


def _statable(shape: Fraction) -> Fraction:
    """The nearest shape whose numbers can be stored."""
    narrow = max(min(shape, 1 / shape), Fraction(1, _MAX_PIXEL_SHAPE)).limit_denominator(_MAX_PIXEL_SHAPE)
    return narrow if shape < 1 else 1 / narrow


# Bit rates are measured on three UCF101 clips.
PROFILES = {
    # The source's own size (UCF101: 320x240), as released; the quantiser is ours (PAPER.md); 0.4 to 1.0 Mbit/s.
    # On a synthetic pan 97.1 % of the vectors
    # are exact at 3 and 97.6 % at 1, which takes 2.5 times the space.
    'paper': Profile(quantiser=3),
    # CoViAR's own recipe: ffmpeg -q:v 1 and 340x256 for every video; 1.5 to 4.5 Mbit/s.
    'coviar': Profile(quantiser=1, size=(340, 256)),
    # For quick trials: just above the 112 px that networks see, 170x128 from 340x256; 0.2 to 0.6 Mbit/s.
    'small': Profile(quantiser=3, short_side=128),
}
"""Profiles by name; `tools/prepare_videos.py --profile` takes these names."""


def profiles_within(side: int, width: int, height: int) -> list[str]:
    """Names of the profiles that give a picture of this size, as shown, sides of at most ``side`` px."""
    return [name for name, profile in PROFILES.items() if max(profile.target(width, height)[0]) <= side]
