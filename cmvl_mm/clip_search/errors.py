"""Errors of the search."""


class SearchError(ValueError):
    """A query, filter or index cannot be used; the message has value and remedy."""
