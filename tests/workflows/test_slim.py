"""The steps of slim.yml as a runner's shell runs them; make and gh are scripts that record their arguments."""

import os
import subprocess
from pathlib import Path

import pytest
import yaml

JOBS = yaml.safe_load((Path(__file__).parents[2] / ".github/workflows/slim.yml").read_text())["jobs"]
REPORT = "The `rpt_mrr` of $(id) has \"1 row\" more;\n\n| 1 | '2' |\nreport<<x\n"


@pytest.fixture
def runner(tmp_path):
    """Run a step's script in a folder; `make` prints the report and fails, `gh` keeps what it reads."""
    (tmp_path / "report").write_text(REPORT)
    for name, script in {"make": f"cat {tmp_path}/report; exit 2", "gh": f'echo "$@" > {tmp_path}/asked; cat'}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)

    def run(job: str, step: int, **env: str) -> subprocess.CompletedProcess[str]:
        files = {
            "RUNNER_TEMP": tmp_path,
            "GITHUB_STEP_SUMMARY": tmp_path / "summary",
            "GITHUB_OUTPUT": tmp_path / "out",
        }
        settings = {name: str(path) for name, path in files.items()} | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
        command = ["bash", "-e", "-c", JOBS[job]["steps"][step]["run"]]
        return subprocess.run(command, cwd=tmp_path, env=os.environ | settings | env, capture_output=True, text=True)

    return run


def test_a_failed_comparison_fails_its_step_and_is_reported(runner, tmp_path):
    done = runner("build", -2)
    assert done.returncode == 2
    assert done.stdout == REPORT
    assert (tmp_path / "summary").read_text() == REPORT
    assert runner("build", -1).returncode == 0
    first, *lines, last = (tmp_path / "out").read_text().splitlines()
    assert first == f"report<<{last}"
    assert "\n".join(lines).rstrip() == REPORT.rstrip()


def test_the_comment_is_the_report_and_is_replaced_by_the_next_one(runner, tmp_path):
    done = runner("comment", 0, REPORT=REPORT, NUMBER="7", COMMIT="abc", RUN="https://example.com/1")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(REPORT)
    assert (tmp_path / "asked").read_text() == "pr comment 7 --edit-last --create-if-none --body-file -\n"


def test_who_may_comment_runs_nothing_of_the_pull_request():
    assert JOBS["build"]["permissions"] == {"contents": "read"}
    assert JOBS["comment"]["permissions"] == {"pull-requests": "write"}
    assert [step for step in JOBS["comment"]["steps"] if "uses" in step or "make" in step["run"]] == []
    assert "head.repo.full_name == github.repository" in JOBS["comment"]["if"]
