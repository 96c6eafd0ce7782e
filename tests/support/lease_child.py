"""A process that holds a lease: it prints its token, then answers each line on standard input."""

import json
import os
import signal
import sys
from pathlib import Path

import fsspec

from exactly_once.lease.lease import Lease, LeaseLost

options = json.loads(sys.argv[1])
filesystem = fsspec.filesystem(options["protocol"], **options["arguments"])
with Lease(filesystem, options["url"], options["ttl"]) as lease:
    if options.get("dies_before_replace"):
        # From here on, each renewal is a crash between the new file and its taking the old one's place.
        Path.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
    print(lease.token, flush=True)
    for _ in sys.stdin:
        try:
            lease.ensure_held()
            print("goes on", flush=True)
        except LeaseLost as error:
            print(error, flush=True)
