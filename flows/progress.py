"""What a run shows while it works, with the seconds since it was started."""

import sys
import time

STARTED = time.monotonic()


def say(line: str) -> None:
    """Show progress to the person who waits."""
    print(f"  {time.monotonic() - STARTED:5.1f} s  {line}", file=sys.stderr, flush=True)
