"""Items that wait for a worker, made when they are needed: of millions, a few are held."""

from collections import deque
from collections.abc import Iterable
from typing import Generic, TypeVar

Item = TypeVar('Item')


class ItemQueue(Generic[Item]):
    """A queue over an iterable; true while an item waits.

    Args:
        items: taken one by one.
    """

    def __init__(self, items: Iterable[Item] = ()) -> None:
        self._rest = iter(items)
        self._held: deque[Item] = deque()

    def __bool__(self) -> bool:
        return self.up_to(1) == 1

    def up_to(self, most: int) -> int:
        """How many wait, or `most` if there are more."""
        while len(self._held) < most:
            try:
                self._held.append(next(self._rest))
            except StopIteration:
                break
        return min(most, len(self._held))

    def first(self) -> Item:
        """The next one, which stays.

        Raises:
            IndexError: none waits.
        """
        self.up_to(1)
        return self._held[0]

    def take(self) -> Item:
        """The next one.

        Raises:
            IndexError: none waits.
        """
        self.up_to(1)
        return self._held.popleft()

    def add(self, item: Item) -> None:
        """One more, behind those that are held."""
        self._held.append(item)
