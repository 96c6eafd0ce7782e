"""Run a command as `python` does, but resume packages of any age: `python command_child.py pipelines/postgres.py`.

The archives grow old, and a package that is older than 30 days is quarantined.
"""

import runpy
import sys
from datetime import timedelta

from exactly_once.recovery import pending

pending.MAX_AGE = timedelta(days=100_000)
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
