"""CoViAR's method for accumulated vectors, written anew: every frame is a separate load, in a loop in C.

The published loader (github.com/chaoyuaw/pytorch-coviar) opens the file for each requested frame, decodes from its
start, and follows the vectors of the frame's group of pictures, block by block and pixel by pixel.
"""

import ctypes
import shutil
import subprocess
from pathlib import Path

import av
import numpy as np

from cmvl_mm.video.columns import RECORD

_SOURCE = """
#include <stdint.h>
#include <string.h>
typedef struct { int32_t source; uint8_t w, h; int16_t src_x, src_y, dst_x, dst_y;
                 uint64_t flags; int32_t motion_x, motion_y; uint16_t scale; } vector;
/* One frame: trace and before are (H, W, 2) of x and y; on return trace holds the frame's. */
void follow(const vector *all, int count, int32_t *trace, int32_t *before, int height, int width) {
    memcpy(before, trace, sizeof(int32_t) * 2 * height * width);
    for (int n = 0; n < count; n++) {
        const vector *v = all + n;
        if (v->dst_x == v->src_x && v->dst_y == v->src_y) continue;
        for (int y = -v->h / 2; y < v->h / 2; y++)
            for (int x = -v->w / 2; x < v->w / 2; x++) {
                int to_x = v->dst_x + x, to_y = v->dst_y + y, from_x = v->src_x + x, from_y = v->src_y + y;
                if (to_x < 0 || to_y < 0 || to_x >= width || to_y >= height) continue;
                if (from_x < 0 || from_y < 0 || from_x >= width || from_y >= height) continue;
                memcpy(trace + 2 * (to_y * width + to_x), before + 2 * (from_y * width + from_x), 2 * sizeof(int32_t));
            }
    }
}
"""


def c_library(folder: Path) -> ctypes.CDLL | None:
    """The loop, compiled with the machine's C compiler; None without a compiler."""
    compiler = shutil.which('cc')
    if compiler is None:
        return None
    source, target = folder / 'follow.c', folder / 'follow.so'
    source.write_text(_SOURCE)
    subprocess.run([compiler, '-O3', '-shared', '-fPIC', '-o', str(target), str(source)], check=True)
    library = ctypes.CDLL(str(target))
    source.unlink()
    target.unlink()
    return library


def load_published(library: ctypes.CDLL, path: Path, wanted: int) -> np.ndarray:
    """(H, W, 2) accumulated vectors of one frame."""
    for number, displacement in enumerate(_accumulated(library, path, after=wanted)):
        if number == wanted:
            return displacement()
    raise ValueError(f'{path} has no frame {wanted}')


def one_pass(library: ctypes.CDLL, path: Path) -> None:
    """The loop of a loader that keeps the trace from frame to frame."""
    for displacement in _accumulated(library, path, after=0):
        displacement()


def _accumulated(library: ctypes.CDLL, path: Path, after: int):
    """A function for the result of each frame; frames of groups that end before frame `after` are not traced."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        stream.codec_context.options = {'flags2': '+export_mvs'}
        keys = [number for number, entry in enumerate(stream.index_entries) if entry.is_keyframe]
        first = max(number for number in keys if number <= after)
        home = trace = before = np.empty(0, np.int32)
        for number, frame in enumerate(container.decode(stream)):
            if not number:
                y, x = np.mgrid[: frame.height, : frame.width]
                home = np.stack([x, y], axis=-1).astype(np.int32)
                trace, before = home.copy(), home.copy()
            if number in keys:
                trace[:] = home
            elif number >= first:
                entry = frame.side_data.get('MOTION_VECTORS')
                records = b'' if entry is None else bytes(entry)
                library.follow(
                    records,
                    len(records) // RECORD.itemsize,
                    trace.ctypes.data_as(ctypes.c_void_p),
                    before.ctypes.data_as(ctypes.c_void_p),
                    frame.height,
                    frame.width,
                )
            yield lambda: (home - trace).astype(np.int16)  # noqa: B023  (called before the next frame)
