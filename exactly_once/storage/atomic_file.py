"""Write a file as a whole: a reader finds the earlier version or this one, after a power cut too."""

import os
from pathlib import Path


def write_atomically(path: Path, body: bytes) -> None:
    """Replace a file; its folder exists.

    The new content is on disk before it takes the name. What a killed writer left beside it is overwritten.
    """
    new = path.with_suffix(".new")
    with new.open("wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
