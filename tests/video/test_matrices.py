"""The equations of ITU-T H.273, written forwards here, are undone."""

import numpy as np
import pytest

from cmvl_mm.video.matrices import Encoding, UnknownColour, expand_grey, luma_weights, to_rgb

UNSPECIFIED, PQ, HLG = 2, 16, 18


def bt709(light):
    return np.where(light < 0.018, 4.5 * light, 1.099 * np.maximum(light, 1e-9) ** 0.45 - 0.099)


def bt709_light(signal):
    return np.where(signal < 0.081, signal / 4.5, ((signal + 0.099) / 1.099) ** (1 / 0.45))


def pq(light):
    power = light ** (2610 / 16384)
    return ((3424 / 4096 + 2413 / 128 * power) / (1 + 2392 / 128 * power)) ** (2523 / 32)


def pq_light(signal):
    power = signal ** (32 / 2523)
    return (np.maximum(power - 3424 / 4096, 0) / (2413 / 128 - 2392 / 128 * power)) ** (16384 / 2610)


def hlg(light):
    return np.where(
        light <= 1 / 12, np.sqrt(3 * light), 0.17883277 * np.log(np.maximum(12 * light - 0.28466892, 1e-9)) + 0.55991073
    )


def hlg_light(signal):
    return np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - 0.55991073) / 0.17883277) + 0.28466892) / 12)


def ycgco(r, g, b):
    return g / 2 + (r + b) / 4, g / 2 - (r + b) / 4, (r - b) / 2


def smpte2085(r, g, b):
    return g, (0.986566 * b - g) / 2, (r - 0.991902 * g) / 2


def with_weights(kr, kb):
    def forward(r, g, b):
        y = kr * r + (1 - kr - kb) * g + kb * b
        return y, (b - y) / (2 * (1 - kb)), (r - y) / (2 * (1 - kr))

    return forward


def constant_luminance(kr, kb):
    def forward(r, g, b):
        y = bt709(kr * bt709_light(r) + (1 - kr - kb) * bt709_light(g) + kb * bt709_light(b))
        blue = np.where(b > y, (b - y) / (2 * (1 - bt709(np.array(kb)))), (b - y) / (2 * bt709(np.array(1 - kb))))
        red = np.where(r > y, (r - y) / (2 * (1 - bt709(np.array(kr)))), (r - y) / (2 * bt709(np.array(1 - kr))))
        return y, blue, red

    return forward


def ictcp(curve):
    to_light, to_signal = (pq_light, pq) if curve == PQ else (hlg_light, hlg)

    def forward(r, g, b):
        r, g, b = to_light(r), to_light(g), to_light(b)
        cone_l = to_signal((1688 * r + 2146 * g + 262 * b) / 4096)
        cone_m = to_signal((683 * r + 2951 * g + 462 * b) / 4096)
        cone_s = to_signal((99 * r + 309 * g + 3688 * b) / 4096)
        if curve == PQ:
            tritan = (6610 * cone_l - 13613 * cone_m + 7003 * cone_s) / 4096
            protan = (17933 * cone_l - 17390 * cone_m - 543 * cone_s) / 4096
        else:
            tritan = (3625 * cone_l - 7465 * cone_m + 3840 * cone_s) / 4096
            protan = (9500 * cone_l - 9212 * cone_m - 288 * cone_s) / 4096
        return (cone_l + cone_m) / 2, tritan, protan

    return forward


def stored(planes, bits, full):
    """Codes, as 8.3 of H.273 quantises; not rounded, since PQ is so steep that rounding leaves levels open."""
    y, *chroma = planes
    if full:
        top, middle = 2**bits - 1, 2 ** (bits - 1)
        return np.stack([top * y, *[top * c + middle for c in chroma]])
    unit = 2 ** (bits - 8)
    return np.stack([unit * (219 * y + 16), *[unit * (224 * c + 128) for c in chroma]])


MATRICES = [
    (8, UNSPECIFIED, UNSPECIFIED, ycgco),
    (10, 9, 14, constant_luminance(0.2627, 0.0593)),
    (10, UNSPECIFIED, UNSPECIFIED, constant_luminance(0.2627, 0.0593)),
    (11, 10, PQ, smpte2085),
    (12, 1, 1, with_weights(0.2126, 0.0722)),
    (12, 9, PQ, with_weights(0.2627, 0.0593)),
    (13, 1, 1, constant_luminance(0.2126, 0.0722)),
    (14, 9, PQ, ictcp(PQ)),
    (14, UNSPECIFIED, UNSPECIFIED, ictcp(PQ)),
    (14, 9, HLG, ictcp(HLG)),
]


@pytest.mark.parametrize(('matrix', 'primaries', 'transfer', 'forward'), MATRICES)
@pytest.mark.parametrize('full', [False, True])
def test_what_a_matrix_did_is_undone(matrix, primaries, transfer, forward, full):
    rgb = np.random.default_rng(0).integers(20, 240, (9, 40, 3)).astype(np.uint8)
    codes = stored(forward(*np.moveaxis(rgb / 255, 2, 0)), 10, full)
    found = to_rgb(codes, Encoding(matrix, full, primaries, transfer, 10))
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, rgb)


def test_the_weights_of_known_primaries_are_those_that_standards_state():
    stated = {1: (0.2126, 0.0722), 4: (0.299, 0.114), 5: (0.222, 0.071), 6: (0.212, 0.087), 9: (0.2627, 0.0593)}
    for primaries, weights in stated.items():
        np.testing.assert_allclose(luma_weights(12, primaries), weights, atol=8e-4)
    assert luma_weights(12, UNSPECIFIED) is None


@pytest.mark.parametrize(('matrix', 'transfer'), [(15, UNSPECIFIED), (16, 1), (17, 1), (10, PQ), (14, 1)])
def test_what_has_no_formula_is_said(matrix, transfer):
    with pytest.raises(UnknownColour, match=r'the colour matrix .* is not supported'):
        to_rgb(np.zeros((3, 2, 2)), Encoding(matrix, False, UNSPECIFIED, transfer, 8))


@pytest.mark.parametrize('bits', [8, 10, 16])
def test_limited_grey_is_stretched_to_all_levels(bits):
    unit = 2 ** (bits - 8)
    grey = np.arange(256)
    codes = (16 + 219 * grey / 255) * unit
    np.testing.assert_array_equal(expand_grey(codes, bits), grey)
    assert expand_grey(np.array([0.0, 255.0]) * unit, bits).tolist() == [0, 255]
