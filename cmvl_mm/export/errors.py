"""Errors of the export."""


class ExportError(ValueError):
    """The network cannot be exported, or the file computes something else than the network."""
