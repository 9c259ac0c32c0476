"""`cmvl zoo`: published weights. The manifest is YAML, so it needs the extra `train`."""

import json
from pathlib import Path

import click

AS_JSON = click.option('--json', 'as_json', is_flag=True, help='Print JSON.')


@click.group()
def zoo() -> None:
    """List, show and download published weights.

    \b
    cmvl zoo list
    cmvl zoo show evidence_both_basic
    cmvl zoo download evidence_both_basic --to weights
    """


@zoo.command('list')
@AS_JSON
def list_(as_json: bool) -> None:
    """List all models and what each was trained on.

    \b
    cmvl zoo list
    """
    from cmvl_mm.workflows.zoo import zoo_facts
    from cmvl_mm.zoo.default import MODEL
    from cmvl_mm.zoo.manifest import read_manifest

    rows = [zoo_facts(entry) for entry in read_manifest().values()]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        default = ', default of cmvl embed' if row['name'] == MODEL else ''
        click.echo(
            f'{row["name"]}  ({row["megabytes"]} MB, trained on {row["trained_on"]}{default})\n    {row["what"]}'
        )
    click.echo('\nUse one: cmvl embed FOLDER -o features.parquet --model NAME')


@zoo.command()
@click.argument('name')
@AS_JSON
def show(name: str, as_json: bool) -> None:
    """Show a model: training, figures with their protocol, licence.

    \b
    cmvl zoo show evidence_both_basic
    """
    from cmvl_mm.evaluation.summary import figures_text
    from cmvl_mm.workflows.zoo import zoo_facts
    from cmvl_mm.zoo.manifest import find_entry

    facts = zoo_facts(find_entry(name))
    if as_json:
        click.echo(json.dumps(facts, indent=2))
        return
    if facts['caution']:
        click.echo(f'WARNING: {facts["caution"]}')
    for key in ('what', 'trained_on', 'training', 'networks', 'licence', 'megabytes', 'place', 'sha256'):
        click.echo(f'{key.replace("_", " "):10}  {facts[key]}')
    for test in facts['tests']:
        click.echo(f'\n{test["protocol"]}:  {figures_text(test["metrics"])}\n    {test["command"]}')


@zoo.command()
@click.argument('names', nargs=-1, required=True)
@click.option(
    '--to', type=click.Path(file_okay=False, path_type=Path), help='Folder for a copy; default: the cache of the zoo.'
)
@AS_JSON
def download(names: tuple[str, ...], to: Path | None, as_json: bool) -> None:
    """Download weights, check their SHA-256, and print where they are.

    \b
    cmvl zoo download evidence_both_basic --to weights
    """
    from cmvl_mm.workflows.zoo import download_weights

    done = [download_weights(name, to) for name in names]
    if as_json:
        click.echo(json.dumps([dict(name=one.name, path=str(one.path), sha256=one.sha256) for one in done], indent=2))
        return
    for one in done:
        click.echo(f'{one.sha256}  {one.path}')
