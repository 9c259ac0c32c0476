"""What a search refuses."""


class SearchError(ValueError):
    """A query, filter or index that cannot be used; with value and remedy."""
