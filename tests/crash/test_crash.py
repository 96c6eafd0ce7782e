"""A small, fixed slice of the torture bench, and the proof that it can fail."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
EXAMPLE = "tests.crash.example"
SLICE = ["--kills", "8", "--seed", "20261123", "--only", "append/local,saas/ci,postgres/local"]


def bench(tmp_path: Path, *options: str) -> tuple[int, list[str], tuple[int, ...]]:
    """Return the exit code, the lines and the four numbers of the last one."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.crash", *options, "--keep", str(tmp_path / "kept")],
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
    assert any("landed once too often" in line for line in lines)
    assert any("--story" in line for line in lines)
