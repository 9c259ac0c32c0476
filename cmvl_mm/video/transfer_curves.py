"""Conversion between signal and linear light: the curves of ITU-R BT.709 and BT.2100."""

import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[np.float64]


def camera_signal(light: Plane) -> Plane:
    """BT.709: linear light -> signal; an odd function."""
    curve = 1.099 * np.abs(light) ** 0.45 - 0.099
    return np.where(np.abs(light) < 0.018, 4.5 * light, np.sign(light) * curve)


def camera_light(signal: Plane) -> Plane:
    """BT.709: signal -> linear light."""
    curve = ((np.abs(signal) + 0.099) / 1.099) ** (1 / 0.45)
    return np.where(np.abs(signal) < 0.081, signal / 4.5, np.sign(signal) * curve)


_M1, _M2, _C1, _C2, _C3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128  # ITU-R BT.2100, PQ


def pq_light(signal: Plane) -> Plane:
    """PQ: signal -> linear light, 1 for 10000 cd/m2."""
    root = signal ** (1 / _M2)
    return (np.maximum(root - _C1, 0) / (_C2 - _C3 * root)) ** (1 / _M1)


def pq_signal(light: Plane) -> Plane:
    """PQ: linear light -> signal."""
    root = light**_M1
    return ((_C1 + _C2 * root) / (1 + _C3 * root)) ** _M2


_A, _B, _C = 0.17883277, 0.28466892, 0.55991073  # ITU-R BT.2100, HLG


def hlg_light(signal: Plane) -> Plane:
    """HLG: signal -> linear light of the scene."""
    return np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - _C) / _A) + _B) / 12)


def hlg_signal(light: Plane) -> Plane:
    """HLG: linear light of the scene -> signal."""
    high = _A * np.log(np.maximum(12 * light - _B, 1e-9)) + _C
    return np.where(light <= 1 / 12, np.sqrt(3 * light), high)
