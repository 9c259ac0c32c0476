"""What export refuses."""


class ExportError(ValueError):
    """A network that cannot be exported, or a file that does not compute what the network does."""
