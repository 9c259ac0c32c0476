"""`cmvl test`: figures of a checkpoint, in percent."""

import json

import click

from cmvl_mm.cli.training_options import parsed, screen

_EXAMPLES = """\b
Examples:
  cmvl test work_dirs/finetune_my_videos
  cmvl test demo/retrieval evidence_both_basic
  cmvl test finetune_c3d_ucf work_dirs/split2/epoch_120.pth --split 2 --json"""


@click.command(epilog=_EXAMPLES)
@click.argument('config')
@click.argument('checkpoint', required=False)
@click.option(
    '--work-dir',
    help="Folder for log and figures; default: work_dirs/<the config's name>, or test/ in a work directory.",
)
@click.option(
    '--split', type=click.IntRange(1, 3), help='Official split to use in place of split 1, in every list of the config.'
)
@click.option('--dump-features', metavar='FILE.npz', help='Write features, labels, is_query, paths and scores.')
@click.option('--dump', metavar='FILE.pkl', help="Write predictions for MMAction2's tools/analysis_tools.")
@click.option('--seed', type=int, help='Seed of random weights.')
@click.option('--sha256', metavar='HEX', help='SHA-256 of the checkpoint; a file with another one is refused.')
@click.option('--cfg-options', multiple=True, metavar='KEY=VALUE', help='Override a key of the config; repeatable.')
@click.option('--json', 'as_json', is_flag=True, help='Print the result as JSON; all else goes to standard error.')
def test(
    config: str,
    checkpoint: str | None,
    work_dir: str | None,
    split: int | None,
    dump_features: str | None,
    dump: str | None,
    seed: int | None,
    sha256: str | None,
    cfg_options: tuple[str, ...],
    as_json: bool,
) -> None:
    """Measure a classifier, retrieval, a linear probe or nearest neighbours, in percent with 95 % intervals.

    CONFIG is a name of `cmvl config list`, a file, or a work directory with its own config and checkpoints. CHECKPOINT
    is a file, a work directory, a name of `cmvl zoo list`, `https://…#sha256=…` or hf://owner/repo/file#sha256=….
    Without CHECKPOINT, the weights are those that the config's model.init_cfg names, or random if that is None.
    """
    if sha256 is not None and checkpoint is None:
        raise click.UsageError('--sha256 needs a checkpoint. Remedy: name the checkpoint after the config.')
    if dump is not None and not dump.endswith(('.pkl', '.pickle')):
        raise click.UsageError(f'--dump {dump}: the name of the file must end in .pkl or .pickle')
    with screen(as_json):
        from cmvl_mm.workflows.run_test import run_named_test

        found = run_named_test(
            config,
            checkpoint,
            work_dir=work_dir,
            split=split,
            options=parsed(cfg_options),
            sha256=sha256,
            seed=seed,
            dump_features=dump_features,
            dump=dump,
        )
    if as_json:
        click.echo(json.dumps(found.as_dict(), indent=2))
