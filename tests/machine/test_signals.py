"""Ctrl-C, SIGTERM and a paused run: one line, the right exit code, and the next run goes on at once."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

MINUTES = 180  # seconds that anything may take on a busy machine
LINE = "✗ Interrupted: nothing is half-loaded; the next run goes on: "


def python(machine) -> str:
    return str(machine.clone / ".venv/bin/python")


def read_until(process: subprocess.Popen, words: str) -> str:
    """Return what a process prints until a line has some words."""
    said = ""
    while words not in said:
        line = process.stdout.readline()
        assert line, f"it ended before it said {words!r}: {said}"
        said += line
    return said


def end(process: subprocess.Popen) -> list[str]:
    """Return the lines that a process still prints, once it has ended."""
    said, _ = process.communicate(timeout=MINUTES)
    assert "Traceback" not in said, said
    return said.splitlines()


# A command, what it says when the signal comes, the signal, how often, and the exit code.
MOMENTS = [
    ("pipelines/postgres.py", "postgres: ", signal.SIGINT, 1, 130),
    ("pipelines/saas.py", "saas: ", signal.SIGTERM, 1, 143),
    ("flows/elt.py", "saas: reading what changed", signal.SIGINT, 1, 130),
    ("flows/elt.py", "saas: ", signal.SIGTERM, 1, 143),
    ("flows/elt.py --full-build", "dbt: building", signal.SIGINT, 2, 130),
    ("flows/elt.py --full-build", " nodes done", signal.SIGTERM, 1, 143),
]


@pytest.mark.parametrize(("command", "words", "number", "times", "code"), MOMENTS)
def test_a_command_that_is_told_to_stop_ends_in_one_line(machine, data, command, words, number, times, code):
    process = machine.start(python(machine), *command.split(), MAILBLAZE_DATA_DIR=str(data))
    read_until(process, words)
    for _ in range(times):
        os.killpg(process.pid, number)
    lines = [line for line in end(process) if " s  " not in line[:12]]
    assert process.returncode == code, lines
    assert lines == [f"{LINE}python {command}"]


def test_ctrl_c_in_make_run_leaves_the_services_and_the_next_run_goes_on(machine, data):
    process = machine.start("make", "run", MAILBLAZE_DATA_DIR=str(data))
    read_until(process, "reading what changed")
    os.killpg(process.pid, signal.SIGINT)
    lines = [line for line in end(process) if " s  " not in line[:12]]
    assert lines[0] == f"{LINE}python flows/elt.py"
    assert all(line.startswith("make: ") for line in lines[1:]), lines
    assert machine.run("make", "-s", "up", MAILBLAZE_DATA_DIR=str(data)).stdout.count("ready at") == 3
    pids = [json.loads((data / name / "process.json").read_text())["pid"] for name in ("saas", "prefect", "postgres")]
    assert all(Path(f"/proc/{pid}").exists() for pid in pids)
    done = machine.python("pipelines/postgres.py", MAILBLAZE_DATA_DIR=str(data))  # the lease was released
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("words", ["postgres: reading what changed", "postgres: 1", "dbt: building"])
def test_a_run_that_was_paused_past_its_lease_ends_in_one_line(machine, data, words):
    """The other run uses the same folder, as a second terminal does; dbt needs no lease and goes on."""
    settings = {"MAILBLAZE_DATA_DIR": str(data), "LEASE__TTL": "2"}
    process = machine.start(python(machine), "flows/elt.py", "--full-build", **settings)
    read_until(process, words.removesuffix("1"))
    os.kill(process.pid, signal.SIGSTOP)
    try:
        until, done = time.monotonic() + MINUTES, None
        while done is None or (done.returncode in (75, 1) and time.monotonic() < until):
            done = machine.python("pipelines/postgres.py", "--quiet", **settings)
            if "DuckDB" in done.stderr:  # the paused run holds the file, and goes on with it
                break
    finally:
        os.kill(process.pid, signal.SIGCONT)
    lines = [line for line in end(process) if line.startswith("✗")]
    assert process.returncode in (0, 76), lines
    assert len(lines) == (process.returncode == 76), lines
    if lines:
        assert "took over" in lines[0] or "lost its lease" in lines[0] or "taken over" in lines[0]
    assert machine.python("pipelines/postgres.py", **settings).returncode == 0
