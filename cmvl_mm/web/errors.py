"""What a user of the page, or of `cmvl web`, can mend."""


class WebError(ValueError):
    """The page cannot be served as asked for; the message names value and remedy."""


class BadRequest(ValueError):
    """A request that the page's own scripts do not send, or whose value is out of range.

    Args:
        message: for the reader of the page.
        status: of HTTP.
    """

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status
