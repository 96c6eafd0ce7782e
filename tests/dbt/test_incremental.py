"""Incremental runs build the same rows as a full refresh, whatever the order of the loads."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SEEDS = ("1", "2", "3")


def test_increments_add_up_to_a_full_refresh(tmp_path):
    command = [sys.executable, "tests/dbt/loads.py", str(tmp_path), *SEEDS]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert {seed: {table: differing for table, (_, differing) in tables.items() if differing}
            for seed, tables in found.items()} == {seed: {} for seed in SEEDS}  # fmt: skip
    assert all(count for tables in found.values() for count, _ in tables.values()), found
