"""The smallest part of a list with which something remains true: delta debugging (Zeller and Hildebrandt, "Simplifying and
Isolating Failure-Inducing Input", 2002).

Half of what is left is left out, then a quarter, and so on; at last no single thing can be left out. What is tried depends on
nothing but the list and the answers.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

_T = TypeVar("_T")


def smallest(things: Sequence[_T], remains: Callable[[list[_T]], bool]) -> list[_T]:
    """A part of `things`, in their order, of which nothing can be left out without `remains` becoming false.

    `remains` is true of all of them: that is not tried again.
    """
    left = list(things)
    if not left or remains([]):
        return []
    parts = 2
    while len(left) > 1:
        size = -(-len(left) // parts)
        for start in range(0, len(left), size):
            rest = left[:start] + left[start + size :]
            if rest and remains(rest):
                left = rest
                parts = max(parts - 1, 2)
                break
        else:
            if size == 1:
                break
            parts = min(parts * 2, len(left))
    return left
