"""A queue of items for workers that draws them from an iterable as needed and holds only a few."""

from collections import deque
from collections.abc import Iterable
from typing import Generic, TypeVar

Item = TypeVar('Item')


class ItemQueue(Generic[Item]):
    """A queue over an iterable; its truth value is whether an item waits.

    Args:
        items: the iterable; its items are taken one by one.
    """

    def __init__(self, items: Iterable[Item] = ()) -> None:
        self._rest = iter(items)
        self._held: deque[Item] = deque()

    def __bool__(self) -> bool:
        return self.up_to(1) == 1

    def up_to(self, most: int) -> int:
        """Number of waiting items, at most `most`."""
        while len(self._held) < most:
            try:
                self._held.append(next(self._rest))
            except StopIteration:
                break
        return min(most, len(self._held))

    def first(self) -> Item:
        """The next item, without removing it.

        Raises:
            IndexError: no item waits.
        """
        self.up_to(1)
        return self._held[0]

    def take(self) -> Item:
        """Remove and return the next item.

        Raises:
            IndexError: no item waits.
        """
        self.up_to(1)
        return self._held.popleft()

    def add(self, item: Item) -> None:
        """Add an item after those that are held."""
        self._held.append(item)
