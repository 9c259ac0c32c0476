"""FFmpeg's picture types as letters."""

from collections.abc import Iterable

# AVPictureType -> letter: I P B, then S (MPEG-4 sprite), SI, SP, BI by their kind of prediction.
_LETTERS = {1: 'I', 2: 'P', 3: 'B', 4: 'P', 5: 'I', 6: 'P', 7: 'B'}


def letters(pictures: Iterable[tuple[int, bool]]) -> str:
    """``I``, ``P`` or ``B`` for each picture, from its type and its key-frame flag.

    Some decoders give no type: then a key frame is an I-frame, and all others are P-frames.
    """
    return ''.join(_LETTERS.get(picture, 'I' if key else 'P') for picture, key in pictures)
