"""Increments build the same rows as a full refresh, whatever came before, failed or died."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration
ROOT = Path(__file__).parents[2]


def histories(*arguments: str) -> str:
    """Run histories and return what they print; it is the message if a row differs."""
    command = [sys.executable, "-m", "tests.history", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=3_600)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^\d+ histories, \d+ loads, \d+ tables: differ 0$", done.stdout, re.MULTILINE), done.stdout
    return done.stdout


@pytest.mark.slow
def test_a_slice_of_the_histories_equals_a_full_refresh():
    histories("--warehouses", "1", "--islands", "12", "--turns", "5", "--loads", "3", "--stories")


@pytest.mark.history
def test_increments_equal_a_full_refresh_after_any_history(record_property):
    record_property("said", histories())
