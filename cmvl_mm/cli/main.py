"""The command `cmvl`: finds a subcommand's file when it is asked for, and says errors in one line."""

from importlib import import_module

import click

from cmvl_mm.cli.errors import shown_in_one_line

COMMANDS = {
    'info': 'Describe videos: codec, size, frames, key frames, vectors.',
    'vectors': 'Write motion vectors as arrays (.npz), or draw them (.mp4, .gif).',
    'prepare': 'Re-encode videos for training.',
    'embed': 'Compute feature vectors of videos, one row per clip.',
    'search': 'Find the clips most similar to a video or a clip.',
    'index': 'Build an index for fast search in many feature vectors.',
    'pretrain': 'Train a video network on videos without labels.',
    'finetune': 'Train and test a classifier of your own classes.',
    'test': 'Measure a classifier or retrieval, in percent.',
    'export': 'Write a network as an ONNX or torch.export file.',
    'report': 'Write an HTML page with the figures and curves of a run.',
    'web': 'Search and watch videos in the browser.',
    'zoo': 'List, show and download published weights.',
    'config': 'List, show and copy configs.',
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
                f'argument {args.index("")} is empty. Remedy: pass a value; check that the shell variable is set.',
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
