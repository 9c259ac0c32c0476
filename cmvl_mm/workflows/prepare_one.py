"""Re-encode one video for training into a given file."""

from pathlib import Path

from cmvl_mm.prepare.suffixes import SUFFIXES
from cmvl_mm.video.encode import PROFILES, reencode
from cmvl_mm.workflows.prepare_request import PrepareError, RequestError


def is_one_video(src: Path) -> bool:
    """Whether a source is a video by its name, not a folder or a list."""
    return src.suffix.lower() in SUFFIXES and src.is_file()


def prepare_one(src: Path, dst: Path, profile: str) -> int:
    """Re-encode `src` with `reencode`; an existing file is not replaced.

    Args:
        src: the video.
        dst: path that ends in .mp4; its folder is made.
        profile: name of a profile of `PROFILES`.

    Returns:
        The number of frames.

    Raises:
        RequestError: `dst` has another suffix, or `profile` is unknown.
        PrepareError: the file exists.
        VideoError: as for `reencode`.
    """
    if profile not in PROFILES:
        raise RequestError(f'profile {profile!r} is not one of {", ".join(sorted(PROFILES))}')
    if dst.suffix.lower() != '.mp4':
        raise RequestError(
            f'{src} is one video, so {dst} must end in .mp4. Remedy: name the result {dst / f"{src.stem}.mp4"}'
        )
    if dst.exists():
        raise PrepareError(
            f'{dst}: already exists and is not replaced. Remedy: choose another name, or delete the file.'
        )
    return reencode(src, dst, profile=PROFILES[profile])
