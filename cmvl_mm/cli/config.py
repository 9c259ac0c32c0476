"""`cmvl config`: shipped configs by name."""

import json
from pathlib import Path
from typing import Any

import click

from cmvl_mm.workflows.configs import config_titles, copy_config, resolved_config

OPTIONS = click.option(
    '--cfg-options', multiple=True, metavar='KEY=VALUE', help='Override a key of the config; repeatable.'
)


@click.group()
def config() -> None:
    """List, show and copy configs.

    \b
    cmvl config list
    cmvl config show demo/retrieval
    cmvl config copy demo/pretrain mine.py
    """


@config.command('list')
@click.option('--json', 'as_json', is_flag=True, help='Print names and titles as a JSON object.')
def list_(as_json: bool) -> None:
    """List all shipped configs with their titles.

    \b
    cmvl config list
    cmvl config list --json
    """
    titles = config_titles()
    if as_json:
        click.echo(json.dumps(titles, indent=2, ensure_ascii=False))
        return
    width = max(map(len, titles))
    for name, title in titles.items():
        click.echo(f'{name:{width}}  {title}')


@config.command()
@click.argument('name')
@OPTIONS
def show(name: str, cfg_options: tuple[str, ...]) -> None:
    """Print a config with its bases and options merged. NAME is a shipped config or a file.

    \b
    cmvl config show demo/retrieval
    cmvl config show demo/pretrain --cfg-options train_dataloader.batch_size=16
    """
    click.echo(resolved_config(name, _parsed(cfg_options)))


@config.command()
@click.argument('name')
@click.argument('destination', type=click.Path(path_type=Path))
@click.option('--inherit', is_flag=True, help='Write a short file that inherits from the shipped config.')
@OPTIONS
def copy(name: str, destination: Path, inherit: bool, cfg_options: tuple[str, ...]) -> None:
    """Copy a config to a file of your own; by default one that needs no other file.

    \b
    cmvl config copy demo/pretrain mine.py
    cmvl config copy demo/pretrain mine.py --inherit
    """
    click.echo(copy_config(name, destination, options=_parsed(cfg_options), inherit=inherit))


def _parsed(words: tuple[str, ...]) -> dict[str, Any]:
    if not words:
        return {}
    from cmvl_mm.publishing.settings import options_of

    return options_of(words)
