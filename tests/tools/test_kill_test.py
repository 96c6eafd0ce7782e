"""A small, fixed slice of the kill test, and the proof that it can fail."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tools.kill_test.kill_test import KillTest, RunConfig
from tools.kill_test.subject import Subject

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
EXAMPLE = "tools.kill_test.example"
SLICE = ["--kills", "8", "--seed", "20261123", "--only", "append/local,saas/ci,postgres/local"]


def bench(tmp_path: Path, *options: str) -> tuple[int, list[str], tuple[int, ...]]:
    """Return the exit code, the lines and the four numbers of the last one."""
    done = subprocess.run(
        [sys.executable, "-m", "tools.kill_test", *options, "--keep", str(tmp_path / "kept")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    lines = done.stdout.splitlines()
    assert lines, done.stderr
    numbers = re.fullmatch(r"(\d+) kills, (\d+) faults, lost (\d+), doubled (\d+)", lines[-1])
    assert numbers, done.stdout + done.stderr
    return done.returncode, lines, tuple(map(int, numbers.groups()))


def test_our_pipelines_lose_and_double_nothing(tmp_path):
    code, lines, (kills, _, lost, doubled) = bench(tmp_path, *SLICE)
    assert (code, lost, doubled) == (0, 0, 0), "\n".join(lines)
    assert kills >= 8


def test_a_naive_pipeline_is_caught(tmp_path):
    functions = [f"{EXAMPLE}:naive_load", "--check", f"{EXAMPLE}:check", "--prepare", f"{EXAMPLE}:prepare"]
    code, lines, (kills, _, lost, doubled) = bench(tmp_path, *functions, "--kills", "6", "--seed", "1")
    assert code == 1
    assert kills >= 1
    assert lost + doubled > 0, "\n".join(lines)
    assert any("loaded once too often" in line for line in lines)
    assert any("--scenario" in line for line in lines)


@contextmanager
def one_fails_one_takes_long(folder: Path) -> Iterator[list[Subject]]:
    """Two subjects, one for each worker; the file shows that their services have ended."""
    try:
        yield [Subject("fails", lambda: sys.exit(1), lambda world: ()), Subject("long", sleep, lambda world: ())]
    finally:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "ended").touch()


def sleep() -> None:
    time.sleep(60)


def test_a_kill_test_that_fails_ends_what_it_started(tmp_path):
    provider = f"{__name__}:{one_fails_one_takes_long.__name__}"
    config = RunConfig(provider, kills=1, seed=1, folder=tmp_path, keep=tmp_path / "kept", stop_timeout=1)
    with pytest.raises(RuntimeError, match="fails fails without a kill"):
        list(KillTest(config).outcomes())
    assert sorted(path.parent.name for path in tmp_path.rglob("ended")) == ["worker-0", "worker-1"]
