"""Python's garbage collector in a command: what the imports make is never garbage, and is not looked through again.

The imports of a load make very many objects. Collections while they are made, and the one at the end of the process,
take a large part of the time of a load that finds nothing new, and free nothing.
"""

import atexit
import gc


def pause() -> None:
    """Collect nothing while a command imports what it needs; its first statement, before its imports."""
    gc.disable()


def resume() -> None:
    """Collect again, without the objects that there are; also at the end of the process."""
    gc.freeze()
    gc.enable()
    atexit.register(gc.freeze)
