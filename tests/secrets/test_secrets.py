"""What `make secrets` finds: planted secrets of each kind, and in this repository none without a reason."""

import json
import random
import string
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LETTERS = string.ascii_letters + string.digits
DICE = random.Random(1)  # noqa: S311  nothing of it opens anything


def some(count: int, letters: str = LETTERS) -> str:
    return "".join(DICE.choice(letters) for _ in range(count))


# Put together here, so that this file holds none.
PLANTED = {
    "pipelines/door.py": f'KEY = "{"AK" + "IA" + some(16, string.ascii_uppercase)}"\n',
    ".github/workflows/ci.yml": f"env:\n  TOKEN: {'gh' + 'p_' + some(36)}\n",
    "loader.p8": f"-----BEGIN {'PRIVATE'} KEY-----\n{some(64)}\n{some(64)}\n-----END {'PRIVATE'} KEY-----\n",
    ".dlt/secrets.toml": f'[destination.warehouse.credentials]\npassword = "{some(24)}"\n',
    "docs/runbook.md": f"psql postgresql://loader:{some(20)}@db.mailblaze.example:5432/mailblaze\n",
    "run.sh": f"export SOURCES__SAAS__API_KEY={some(40)}\n",
    "Dockerfile": f"ENV SLACK={'xo' + 'xb'}-{some(12, string.digits)}-{some(12, string.digits)}-{some(24)}\n",
}


def scan(folder: Path, *options: str) -> dict:
    """Return what the scan says of a folder's files of git, and see that it ends as it says."""
    command = [ROOT / ".ci/secrets", folder, *options, "--output", "json"]
    done = subprocess.run(command, capture_output=True, text=True)
    said = json.loads(done.stdout)
    assert bool(done.returncode) == bool(said.get("summary", said)["failed"]), done.stderr
    return said


@pytest.fixture
def folder(tmp_path) -> Path:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    return tmp_path


def add(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    subprocess.run(["git", "add", "--all", "--force"], cwd=folder, check=True)


def test_every_planted_secret_is_found(folder):
    add(folder, PLANTED)
    failed = scan(folder)["results"]["failed_checks"]
    assert {one["file_path"].removeprefix("/") for one in failed} == set(PLANTED)


def test_what_git_does_not_have_is_not_read(folder):
    add(folder, {"a.py": "x = 1\n"})
    (folder / "loader.p8").write_text(PLANTED["loader.p8"])
    assert scan(folder)["failed"] == 0


def test_this_repository_holds_none_and_each_skip_has_its_reason():
    results = scan(ROOT)["results"]
    assert [f"{one['file_path']}:{one['file_line_range'][0]}" for one in results["failed_checks"]] == []
    skipped = results["skipped_checks"]
    assert {one["file_path"] for one in skipped} == {"/.dlt/example.secrets.toml", "/compose.yaml"}
    assert all(len(one["check_result"]["suppress_comment"].split()) > 3 for one in skipped)


def test_a_secret_that_a_later_commit_removed_is_found_in_the_history(folder):
    def commit() -> str:
        who = ["-c", "user.name=somebody", "-c", "user.email=somebody@mailblaze.example"]
        subprocess.run(["git", *who, "commit", "--quiet", "--message", "x"], cwd=folder, check=True)
        return subprocess.check_output(["git", "rev-parse", "--short=12", "HEAD"], cwd=folder, text=True).strip()

    add(folder, {"a.py": "x = 1\n", "run.sh": "true\n"})
    commit()
    add(folder, {"run.sh": f"true\n{PLANTED['run.sh']}", "loader.p8": PLANTED["loader.p8"]})
    second = commit()
    add(folder, {"run.sh": "true\n", "loader.p8": "removed\n"})
    commit()
    assert scan(folder)["failed"] == 0
    failed = scan(folder, "--history")["results"]["failed_checks"]
    assert {one["file_path"] for one in failed} == {f"/{second}/run.sh", f"/{second}/loader.p8"}


def test_a_history_that_is_cut_off_is_refused(folder):
    add(folder, {"a.py": "x = 1\n"})
    (folder / ".git/shallow").write_text("0" * 40 + "\n")
    done = subprocess.run([ROOT / ".ci/secrets", folder, "--history"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (2, "✗ the history is cut off: type git fetch --unshallow\n")
