"""The command `cmvl`: finds a subcommand's file when it is asked for, and says errors in one line."""

from importlib import import_module

import click

from cmvl_mm.cli.errors import shown_in_one_line

COMMANDS = {
    'info': 'What a video holds: codec, size, frames, key frames, vectors.',
    'vectors': 'Motion vectors of a video, as arrays (.npz) or drawn over it (.mp4, .gif).',
    'prepare': 'Re-encode videos for training.',
    'embed': 'Feature vectors of videos, one row a clip.',
    'search': 'The clips most like a video, or like a row.',
    'index': 'An index of a large folder of feature vectors, for fast searches.',
    'pretrain': 'Train a video network on videos without labels.',
    'finetune': 'Train a classifier of your own classes, and test it.',
    'test': 'Figures of a classifier or of retrieval, in percent.',
    'export': 'A network as ONNX or torch.export.',
    'report': 'A page with the figures and curves of a work directory.',
    'web': 'A page in the browser to search and watch videos.',
    'zoo': 'Published weights: list, show, download.',
    'config': 'Configs: list, show, copy.',
}
"""Each lives in the file of its name, as a Click command of its name; the file loads nothing heavy at import."""


class Commands(click.Group):
    """Imports a subcommand when it is asked for, so that `cmvl info` needs neither torch nor MMEngine."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which one uses them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name; None where there is none."""
        if cmd_name not in COMMANDS:
            return None
        return getattr(import_module(f'cmvl_mm.cli.{cmd_name}'), cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """From the table, so that help imports nothing."""
        with formatter.section('Commands'):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The subcommand and its arguments; an empty one is refused, for it would mean the working directory."""
        if '' in args:
            raise click.UsageError(
                f'argument {args.index("")} is empty. Remedy: a path or a value; is a variable of the shell not set?',
                ctx,
            )
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        """Run the subcommand; what is the user's to mend is one line and exit code 1."""
        with shown_in_one_line():
            return super().invoke(ctx)


@click.group(cls=Commands, context_settings=dict(help_option_names=['-h', '--help'], max_content_width=100))
@click.version_option(package_name='cmvl_mm', prog_name='cmvl')
def main() -> None:
    """Learn from the compressed video stream: vectors, features, search, training."""
