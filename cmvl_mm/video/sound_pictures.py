"""Picture types of a stream that was decoded once, for callers that need all pictures undamaged."""

from cmvl_mm.video.errors import VideoError
from cmvl_mm.video.frame_faults import other_size
from cmvl_mm.video.truth import Truth


def sound_pictures(path: str, truth: Truth, size: tuple[int, int]) -> list[tuple[int, bool]]:
    """FFmpeg's picture type of every frame, and whether it is a key frame.

    Args:
        path: path of the file, for the error.
        size: (height, width) of the video.

    Raises:
        VideoError: stage ``decode``, at the first frame that is damaged or of another size.
    """
    damage = truth.first_damage()
    if damage is not None:
        raise VideoError(path, 'decode', damage[1])
    frames = truth.frames
    for number, found in enumerate(zip(frames['height'].tolist(), frames['width'].tolist(), strict=True)):
        if found != size:
            raise other_size(path, number, found, size)
    return list(zip(frames['type'].tolist(), frames['key'].tolist(), strict=True))
