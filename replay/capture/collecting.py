"""The garbage collector, told how this work goes: much is made, little of it in cycles, and most is kept to the end."""

import functools
import gc

#: Objects made between two looks, and how many of those to a look at older ones.
_OFTEN = (50_000, 20, 50)


@functools.cache
def settle() -> None:
    """Says, once a process, that what is imported will stay, and that looking less often is enough: looking through all that is
    there costs a fourth of the time that a capture takes, and more the larger it is. For processes that read captures and end."""
    gc.freeze()
    gc.set_threshold(*_OFTEN)
