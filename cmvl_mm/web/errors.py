"""Errors that a user of the page, or of `cmvl web`, can fix."""


class WebError(ValueError):
    """The page cannot be served with these settings; the message names value and remedy."""


class BadRequest(ValueError):
    """A request that the page's own scripts do not send, or whose value is out of range.

    Args:
        message: message for the user of the page.
        status: HTTP status.
    """

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class UnreadableVideo(BadRequest):
    """A video without a readable clip; the message omits its name, because the user may know another name."""

    def __init__(self, message: str) -> None:
        super().__init__(message, 422)
