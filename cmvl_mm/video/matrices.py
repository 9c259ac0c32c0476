"""The equations of ITU-T H.273 for colours that swscale cannot convert."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cmvl_mm.video.transfer_curves import Plane, camera_light, camera_signal, hlg_light, hlg_signal, pq_light, pq_signal

_NAMES = {
    1: 'bt709',
    4: 'fcc',
    5: 'bt601',
    6: 'bt601',
    7: 'smpte240m',
    8: 'ycgco',
    9: 'bt2020-ncl',
    10: 'bt2020-cl',
    11: 'smpte2085',
    12: 'chroma-derived-ncl',
    13: 'chroma-derived-cl',
    14: 'ictcp',
    15: 'ipt-c2',
    16: 'ycgco-re',
    17: 'ycgco-ro',
}

DERIVED = frozenset({12, 13})  # matrices that follow from the primaries

_WHITE_C, _WHITE_D65, _WHITE_DCI = (0.310, 0.316), (0.3127, 0.3290), (0.314, 0.351)
# Table 2: (x, y) of red, green, blue and white.
_PRIMARIES = {
    1: ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060), _WHITE_D65),
    4: ((0.67, 0.33), (0.21, 0.71), (0.14, 0.08), _WHITE_C),
    5: ((0.64, 0.33), (0.29, 0.60), (0.15, 0.06), _WHITE_D65),
    6: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), _WHITE_D65),
    7: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), _WHITE_D65),
    8: ((0.681, 0.319), (0.243, 0.692), (0.145, 0.049), _WHITE_C),
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), _WHITE_D65),
    11: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), _WHITE_DCI),
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), _WHITE_D65),
    22: ((0.630, 0.340), (0.295, 0.605), (0.155, 0.077), _WHITE_D65),
}

_LINEAR_BY_CAMERA = frozenset({1, 6, 14, 15})  # the transfer curve of BT.709, BT.601 and BT.2020
_PQ, _HLG, _UNSPECIFIED = 16, 18, 2

_LMS = np.array([[1688, 2146, 262], [683, 2951, 462], [99, 309, 3688]]) / 4096  # of linear BT.2020; ITU-R BT.2100
_ICTCP = {
    _PQ: np.array([[2048, 2048, 0], [6610, -13613, 7003], [17933, -17390, -543]]) / 4096,
    _HLG: np.array([[2048, 2048, 0], [3625, -7465, 3840], [9500, -9212, -288]]) / 4096,
}


class UnknownColour(ValueError):
    """Colours without a formula here."""


class Encoding(NamedTuple):
    """Parameters that convert samples to RGB; code points of ITU-T H.273."""

    matrix: int
    full: bool
    primaries: int
    transfer: int
    bits: int


def is_known(matrix: int) -> bool:
    """Whether a number names a matrix: RGB, "unspecified" and reserved numbers do not."""
    return matrix in _NAMES


def name_of(matrix: int) -> str:
    """The matrix's name in `Colour`."""
    return _NAMES[matrix]


def luma_weights(matrix: int, primaries: int) -> tuple[float, float] | None:
    """Weights of red and blue in luma (8.3); None if they depend on primaries that are not stated."""
    if matrix == 10:
        return 0.2627, 0.0593
    if primaries not in _PRIMARIES:
        return None
    *colours, white = [np.array([x, y, 1 - x - y]) / y for x, y in _PRIMARIES[primaries]]
    weights = np.linalg.solve(np.stack(colours, axis=1), white)  # each colour has luminance 1 here
    return float(weights[0]), float(weights[2])


def to_rgb(planes: npt.NDArray[np.float64], encoding: Encoding) -> npt.NDArray[np.uint8]:
    """(3, H, W) codes of Y, Cb, Cr -> uint8 (H, W, 3) R'G'B' in the video's own primaries and transfer curve.

    Raises:
        UnknownColour: there is no formula for these colours.
    """
    luma, blue, red = _normalised(planes, encoding)
    match encoding.matrix:
        case 8:
            rest = luma - blue
            rgb = rest + red, luma + blue, rest - red
        case 10 | 13:
            rgb = _constant_luminance(luma, blue, red, encoding)
        case 11:
            rgb = 2 * red + 0.991902 * luma, luma, (2 * blue + luma) / 0.986566
        case 12:
            kr, kb = _weights(encoding)
            r, b = luma + 2 * (1 - kr) * red, luma + 2 * (1 - kb) * blue
            rgb = r, (luma - kr * r - kb * b) / (1 - kr - kb), b
        case 14:
            rgb = _ictcp(np.stack([luma, blue, red]), encoding)
        case _:
            raise UnknownColour(f'the colour matrix {_NAMES.get(encoding.matrix)} is not supported')
    return _rounded(np.stack(rgb, axis=-1))


def expand_grey(codes: npt.NDArray[np.float64], bits: int) -> npt.NDArray[np.uint8]:
    """Limited-range luma codes -> uint8 grey."""
    return _rounded((codes / (1 << (bits - 8)) - 16) / 219)


def _rounded(values: Plane) -> npt.NDArray[np.uint8]:
    """0 ... 1 -> 0 ... 255."""
    return np.floor(np.clip(values, 0, 1) * 255 + 0.5).astype(np.uint8)


def _normalised(planes: npt.NDArray[np.float64], encoding: Encoding) -> tuple[Plane, Plane, Plane]:
    """Codes -> luma 0 ... 1, chroma -0.5 ... 0.5."""
    if encoding.full:
        top, middle = (1 << encoding.bits) - 1, 1 << (encoding.bits - 1)
        return planes[0] / top, (planes[1] - middle) / top, (planes[2] - middle) / top
    scaled = planes / (1 << (encoding.bits - 8))
    return (scaled[0] - 16) / 219, (scaled[1] - 128) / 224, (scaled[2] - 128) / 224


def _weights(encoding: Encoding) -> tuple[float, float]:
    weights = luma_weights(encoding.matrix, encoding.primaries)
    if weights is None:
        raise UnknownColour(
            f'the colour matrix {_NAMES[encoding.matrix]} depends on colour primaries that are not stated'
        )
    return weights


def _constant_luminance(luma: Plane, blue: Plane, red: Plane, encoding: Encoding) -> tuple[Plane, Plane, Plane]:
    """Constant luminance: luma of linear light; chroma is scaled separately above and below zero."""
    if encoding.transfer not in _LINEAR_BY_CAMERA | {_UNSPECIFIED}:
        name = _NAMES[encoding.matrix]
        raise UnknownColour(f'the colour matrix {name} with transfer {encoding.transfer} is not supported')
    kr, kb = _weights(encoding)

    def full(chroma: Plane, weight: float) -> Plane:
        above, below = 1 - camera_signal(np.array(weight)), camera_signal(np.array(1 - weight))
        return luma + 2 * chroma * np.where(chroma > 0, above, below)

    r, b = full(red, kr), full(blue, kb)
    green = (camera_light(luma) - kr * camera_light(r) - kb * camera_light(b)) / (1 - kr - kb)
    return r, camera_signal(green), b


def _ictcp(planes: npt.NDArray[np.float64], encoding: Encoding) -> tuple[Plane, Plane, Plane]:
    """Convert via linear L, M, S back to R'G'B' with the same curve."""
    curve = _PQ if encoding.transfer == _UNSPECIFIED else encoding.transfer
    if curve not in _ICTCP:
        raise UnknownColour(f'the colour matrix ictcp with transfer {encoding.transfer} is not supported')
    to_light, to_signal = (pq_light, pq_signal) if curve == _PQ else (hlg_light, hlg_signal)
    lms = to_light(np.clip(np.tensordot(np.linalg.inv(_ICTCP[curve]), planes, 1), 0, 1))
    light = np.clip(np.tensordot(np.linalg.inv(_LMS), lms, 1), 0, 1)
    red, green, blue = to_signal(light)
    return red, green, blue
