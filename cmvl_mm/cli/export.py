"""`cmvl export`: a network as ONNX or torch.export."""

import json
from pathlib import Path

import click


class _Batch(click.ParamType):
    name = 'N|dynamic'

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int | None:
        if value is None or value == 'dynamic':
            return None
        if isinstance(value, str) and value.isdecimal() and int(value) > 0:
            return int(value)
        self.fail(f"{value!r} is neither a number of clips nor 'dynamic'.", param, ctx)


@click.command()
@click.argument('network')
@click.option(
    '-o', '--out', required=True, type=click.Path(path_type=Path), help='File to write, ending in .onnx or .pt2.'
)
@click.option('--size', type=click.IntRange(1), help="Edge of the clips in pixels; default: as in the network's test.")
@click.option('--frames', type=click.IntRange(1), help="Frames per clip; default: as in the network's test.")
@click.option('--batch', type=_Batch(), default='dynamic', show_default=True, help='Clips per call.')
@click.option('--config', help='Config file or name, if NETWORK is a file of weights.')
@click.option('--json', 'as_json', is_flag=True, help='Print what the file holds as JSON.')
def export(
    network: str, out: Path, size: int | None, frames: int | None, batch: int | None, config: str | None, as_json: bool
) -> None:
    """Write NETWORK as an ONNX or torch.export file.

    NETWORK is a name of the zoo, a folder from the hub, a work directory, or a file of weights with --config. The file
    takes clips of uint8 RGB, (N, 3, T, H, W), and normalises them itself. It returns features, or the probabilities of
    the classes if NETWORK is a classifier. Its output is compared with the network's before the file gets its name.

    \b
    Examples:
      cmvl export evidence_both_basic -o features.onnx
      cmvl export work_dirs/finetune -o classifier.pt2 --batch 1
    """
    from cmvl_mm.cli.quiet import quiet
    from cmvl_mm.workflows.export import export_model

    with quiet():
        made = export_model(network, out, size=size, frames=frames, batch=batch, config=config)
    if as_json:
        click.echo(json.dumps(made.facts | dict(path=str(made.path), difference=made.difference)))
        return
    shape = 'x'.join(map(str, made.facts['input']['shape']))
    click.echo(f'{made.path}: uint8 RGB clips {shape} -> {made.facts["output"]["name"]}')
    click.echo(f'Compared with the network: largest difference {made.difference:.1e}.')
