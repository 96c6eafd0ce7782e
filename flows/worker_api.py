"""`python -m flows.worker_api`: the address of the Prefect API that a worker asks for runs, once it answers."""

import sys
import time

from flows.prefect_server import use_server
from pipelines.command import exit_with_line
from pipelines.errors import Refusal

PATIENCE = 120.0  # seconds: worker and server may be started in the same moment


def main() -> None:
    """Print the address; exit with one line where the API does not answer in time."""
    deadline = time.monotonic() + PATIENCE
    waits = False
    while True:
        try:
            print(use_server())
            return
        except Refusal as refusal:
            if time.monotonic() > deadline:
                exit_with_line(refusal)
            if not waits:
                print(f"{refusal} Waiting for it up to {PATIENCE:.0f} s.", file=sys.stderr, flush=True)
            waits = True
            time.sleep(1)


if __name__ == "__main__":
    main()
