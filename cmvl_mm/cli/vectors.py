"""`cmvl vectors`: the motion vectors of a video as arrays, or drawn over it."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from cmvl_mm.workflows.drawn_layers import Layer

_HELP = """Motion vectors of a video: arrays (.npz), or drawn over it (.mp4, .gif, .png of one frame).

A vector says where a block's content moved since the picture that it refers to, mostly the frame before. What the
codec does not provide is invalid, never zero. HEVC, VP9 and AV1 provide none: cmvl prepare.

\b
In OUT.npz, of n frames and Hb x Wb cells of BLOCK px (numpy.load reads it without pickle):
  vectors     (n, Hb, Wb, 2) int16   dx, dy in quarter pixels, +x right, +y down
  valid       (n, Hb, Wb)    bool    whether the cell has a vector
  missing     (n,)           str     why a frame has none, '' where it has some
  frames      (n,)           int64   display indices
  timestamps  (n,)           float64 seconds; NaN where there are none
  keyframes   (k,)           int64   display indices of the key frames
  block, size ()  (2,)       int64   px of a cell; height and width of the picture

In OUT.mp4 and OUT.gif each arrow points from where the content was to where it is; its colour is its direction. Dots
are cells that did not move, hatched cells have no vector.

--layer draws something else: the residual (orange brightens the prediction, blue darkens it), the motion accumulated
since the I-frame (the colour is the direction), the residual's energy on patches of 16 px, or the quantisers (yellow
is high: coarse)."""

LARGE_GIF = 10  # megabytes
_ARRAYS = {
    'residual': 'read_residuals',
    'accumulated': 'read_accumulated',
    'energy': 'patch_energy',
    'quantisers': 'read_quantisers',
}
_LAYERS = 'vectors', 'residual', 'accumulated', 'energy', 'quantisers'


def _range(context: click.Context, parameter: click.Parameter, text: str | None) -> tuple[int, int | None] | None:
    """'A:B' -> (A, B); each may be left out."""
    if text is None:
        return None
    first, colon, end = text.partition(':')
    if not colon or not all(part.isdecimal() or not part for part in (first, end)):
        raise click.BadParameter(f'{text!r} is not A:B, such as 100:160, 100: or :60')
    return int(first or 0), int(end) if end else None


@click.command(help=_HELP, epilog='Example: cmvl vectors clip.mp4 -o clip.gif --frames 0:60')
@click.argument('video')
@click.option(
    '-o',
    '--out',
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help='File to write: .npz, .mp4, .gif or .png.',
)
@click.option('--frames', callback=_range, metavar='A:B', help='Frames A to B-1, counted from 0.')
@click.option('--block', type=click.IntRange(1), help='Edge of a cell in px.  [default: 8 for .npz, else 16]')
@click.option(
    '--scale', type=click.IntRange(1, 16), help='Enlarge pictures by this factor.  [default: to a short side of 480 px]'
)
@click.option('--layer', type=click.Choice(_LAYERS), default='vectors', show_default=True, help='What to draw.')
@click.option('--fps', type=click.FloatRange(0, min_open=True), help='Pictures per second.  [default: as the video]')
def vectors(
    video: str,
    out: Path,
    frames: tuple[int, int | None] | None,
    block: int | None,
    scale: int | None,
    fps: float | None,
    layer: 'Layer',
) -> None:
    from tqdm import tqdm

    from cmvl_mm.cli.quiet import index_untold
    from cmvl_mm.video import CompressedVideo
    from cmvl_mm.workflows.vector_arrays import save_vectors
    from cmvl_mm.workflows.vector_pictures import draw_video

    kind = out.suffix.lower()
    if kind not in ('.npz', '.mp4', '.gif', '.png'):
        raise click.UsageError(f'--out {out}: the name must end in .npz, .mp4, .gif or .png')
    if kind == '.npz' and (scale is not None or fps is not None or layer != 'vectors'):
        arrays = f'; cmvl_mm.video.{_ARRAYS[layer]} returns this layer as arrays' if layer in _ARRAYS else ''
        raise click.UsageError(f'--scale, --fps and --layer apply to .mp4, .gif and .png only{arrays}')
    with index_untold(), CompressedVideo(video) as opened:
        first, end = frames or (0, None)
        wanted = range(first, opened.num_frames if end is None else end)
    if not len(wanted):
        raise click.UsageError(
            f'--frames {wanted.start}:{wanted.stop}: this range has no frames. Remedy: choose A below B.'
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    total = 1 if kind == '.png' else len(wanted) * (2 if kind == '.gif' else 1)
    with index_untold(), tqdm(total=total, unit='frame', disable=None) as bar:
        if kind == '.npz':
            done = save_vectors(video, out, frames=wanted, block=block or 8, progress=bar.update)
        else:
            done = draw_video(
                video,
                out,
                frames=wanted,
                block=block or 16,
                scale=scale,
                fps=fps,
                layer=layer,
                progress=bar.update,
            )
    megabytes = out.stat().st_size / 1e6
    click.echo(f'{out}: {done.frames} frame{"s" * (done.frames != 1)}, {megabytes:.2f} MB')
    if kind == '.gif' and megabytes > LARGE_GIF:
        ways = {'fewer --frames': True, '--scale 1': scale != 1, '--fps 10': fps is None or fps > 10, 'an .mp4': True}
        click.echo(f'To make it smaller: {", ".join(way for way, helps in ways.items() if helps)}')
    for reason, count in done.missing.items():
        click.echo(f'{count} of them without {layer}: {reason}')
