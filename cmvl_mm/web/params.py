"""Values of a request: numbers in range and short texts; any other value is refused."""

from collections.abc import Collection

from starlette.requests import Request

from cmvl_mm.web.errors import BadRequest

_LONGEST = 500  # characters


def text(request: Request, name: str) -> str:
    """A text, which may be empty.

    Raises:
        BadRequest: the value is missing or too long.
    """
    value = request.query_params.get(name)
    if value is None or len(value) > _LONGEST:
        raise BadRequest(f'{name} is missing or has more than {_LONGEST} characters')
    return value


def whole(request: Request, name: str, low: int, high: int) -> int:
    """A whole number from `low` to `high`.

    Raises:
        BadRequest: the value is missing or invalid.
    """
    value = text(request, name)
    if not (value.isascii() and value.isdecimal()) or not low <= int(value) <= high:
        raise BadRequest(f'{name}={value!r} must be a whole number from {low} to {high}')
    return int(value)


def optional_whole(request: Request, name: str) -> int | None:
    """A whole number of at least 0, or None if the value is empty or missing.

    Raises:
        BadRequest: the value is invalid.
    """
    return whole(request, name, 0, 2**31) if request.query_params.get(name) else None


def flag(request: Request, name: str) -> bool:
    """True for 1, False for 0.

    Raises:
        BadRequest: the value is missing or invalid.
    """
    return whole(request, name, 0, 1) == 1


def choice(request: Request, name: str, known: Collection[str]) -> str:
    """One of some names.

    Raises:
        BadRequest: the value is missing or invalid.
    """
    value = text(request, name)
    if value not in known:
        raise BadRequest(f'{name}={value!r} must be one of {", ".join(known)}')
    return value
