#!/usr/bin/env bash
# imagehash: all 16-bit frames whose values are above 255, such as depth, have one and the same hash.
#
# One would guess: a hash of a 16-bit grey picture is that of its 8-bit version, up to a bit, as a hash is made to
#                  stand changes of contrast.
# What happens:    average_hash, phash, dhash and whash convert to Pillow's mode L, which cuts 16-bit values off at 255
#                  and does not scale them. Depth in millimetres and raw thermal pictures are above that everywhere, so
#                  each becomes white: different scenes are 0 bits apart, a search for
#                  duplicates drops all frames but one, and 20 scenes have 1 hash. Frames that
#                  PyAV gives as gray16le, OpenCV's IMREAD_UNCHANGED and 16-bit .png files come so. Floats from 0 to 1
#                  (mode F) become black likewise. No error, no warning.
# Remedy:          scale to 8 bits before: Image.fromarray((array >> 8).astype('uint8')), or by a narrower shift.
# Made here:       20 smooth random scenes, as 8 bits, as 16 bits over the whole range, as depths of 500 to 5000, and
#                  as floats.
# Versions:        ImageHash 4.3.2, pillow 13.0.0, numpy 2.4.6
# Output seen:
#   average_hash of 8 bits     (L   ): 20 hashes of 20 scenes, 19 to 45 bits apart; up to  0 from 8 bits
#   average_hash of 16 bits    (I;16): 16 hashes of 20 scenes,  0 to  6 bits apart; up to 36 from 8 bits
#   average_hash of depth      (I;16):  1 hashes of 20 scenes,  0 to  0 bits apart; up to 37 from 8 bits
#   average_hash of floats     (F   ):  1 hashes of 20 scenes,  0 to  0 bits apart; up to 37 from 8 bits
#   average_hash of depth >> 5 (L   ): 20 hashes of 20 scenes, 19 to 45 bits apart; up to  2 from 8 bits
#   phash        of 8 bits     (L   ): 20 hashes of 20 scenes, 20 to 46 bits apart; up to  0 from 8 bits
#   phash        of 16 bits    (I;16): 17 hashes of 20 scenes,  0 to 38 bits apart; up to 32 from 8 bits
#   phash        of depth      (I;16):  1 hashes of 20 scenes,  0 to  0 bits apart; up to 31 from 8 bits
#   phash        of floats     (F   ):  1 hashes of 20 scenes,  0 to  0 bits apart; up to 32 from 8 bits
#   phash        of depth >> 5 (L   ): 20 hashes of 20 scenes, 20 to 44 bits apart; up to  4 from 8 bits
#   dhash        of 8 bits     (L   ): 20 hashes of 20 scenes, 15 to 46 bits apart; up to  0 from 8 bits
#   dhash        of 16 bits    (I;16): 12 hashes of 20 scenes,  0 to  6 bits apart; up to 36 from 8 bits
#   dhash        of depth      (I;16):  1 hashes of 20 scenes,  0 to  0 bits apart; up to 38 from 8 bits
#   dhash        of floats     (F   ):  1 hashes of 20 scenes,  0 to  0 bits apart; up to 38 from 8 bits
#   dhash        of depth >> 5 (L   ): 20 hashes of 20 scenes, 14 to 47 bits apart; up to  1 from 8 bits
#   whash        of 8 bits     (L   ): 20 hashes of 20 scenes, 20 to 46 bits apart; up to  0 from 8 bits
#   whash        of 16 bits    (I;16): 16 hashes of 20 scenes,  0 to 62 bits apart; up to 35 from 8 bits
#   whash        of depth      (I;16):  1 hashes of 20 scenes,  0 to  0 bits apart; up to 32 from 8 bits
#   whash        of floats     (F   ):  7 hashes of 20 scenes,  0 to 16 bits apart; up to 38 from 8 bits
#   whash        of depth >> 5 (L   ): 20 hashes of 20 scenes, 20 to 46 bits apart; up to  0 from 8 bits
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check ImageHash==4.3.2 pillow==13.0.0 numpy==2.4.6
OMP_NUM_THREADS=1 venv/bin/python -I - <<'EOF'
import io
import sys
import warnings
from itertools import combinations

import imagehash
import numpy as np
from PIL import Image

warnings.simplefilter('error')  # so that a warning ends this
SCENES = 20


def scene(number):
    """A smooth random picture from 0 to 1."""
    rng = np.random.default_rng(number)
    coarse = Image.fromarray(rng.random((6, 6)).astype(np.float32)).resize((96, 96), Image.Resampling.BICUBIC)
    values = np.asarray(coarse, dtype=np.float64)
    return (values - values.min()) / np.ptp(values)


def stored(array):
    """The picture as it comes back from a .png file."""
    file = io.BytesIO()
    Image.fromarray(array).save(file, 'png')
    return Image.open(file)


kinds = {
    '8 bits': lambda values: stored((255 * values).astype(np.uint8)),
    '16 bits': lambda values: stored((65535 * values).astype(np.uint16)),
    'depth': lambda values: stored((500 + 4500 * values).astype(np.uint16)),
    'floats': lambda values: Image.fromarray(values.astype(np.float32)),
    'depth >> 5': lambda values: stored(((500 + 4500 * values).astype(np.uint16) >> 5).astype(np.uint8)),
}
holds = True
for hashing in (imagehash.average_hash, imagehash.phash, imagehash.dhash, imagehash.whash):
    plain = [hashing(kinds['8 bits'](scene(number))) for number in range(SCENES)]
    for kind, make in kinds.items():
        pictures = [make(scene(number)) for number in range(SCENES)]
        hashes = [hashing(picture) for picture in pictures]
        apart = [one - other for one, other in combinations(hashes, 2)]
        moved = max(one - other for one, other in zip(hashes, plain, strict=True))
        different = len({str(one) for one in hashes})
        print(f'{hashing.__name__:12} of {kind:10} ({pictures[0].mode:4}): {different:2} hashes of {SCENES} scenes, '
              f'{min(apart):2} to {max(apart):2} bits apart; up to {moved:2} from 8 bits')
        if kind in ('8 bits', 'depth >> 5'):
            holds &= different == SCENES and min(apart) > 3 and moved <= 6
        elif kind == 'depth':
            holds &= different == 1 and moved > 20
        else:
            holds &= min(apart) == 0 and moved > 20
sys.exit(not holds)
EOF
