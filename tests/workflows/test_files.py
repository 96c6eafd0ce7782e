"""What GitHub reads of this repository: valid by its published schemas, and by zizmor's rules."""

import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
CHECK = ROOT / ".venv-image/bin/check-jsonschema"
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
ACTIONS = sorted((ROOT / ".github/actions").glob("*/action.yml"))


def check(schema: str, *files: Path) -> subprocess.CompletedProcess:
    command = [CHECK, "--builtin-schema", f"vendor.{schema}", *files]
    return subprocess.run(command, capture_output=True, text=True)


def test_workflows_and_actions_are_what_github_reads():
    for schema, files in {"github-workflows": WORKFLOWS, "github-actions": ACTIONS}.items():
        done = check(schema, *files)
        assert done.returncode == 0, done.stdout


def test_a_word_that_github_does_not_know_is_found(tmp_path):
    broken = tmp_path / "ci.yml"
    broken.write_text((ROOT / ".github/workflows/ci.yml").read_text().replace("runs-on:", "run-on:", 1))
    assert check("github-workflows", broken).returncode == 1


def test_dependabot_is_what_github_reads_and_finds_every_pin():
    assert check("dependabot", ROOT / ".github/dependabot.yml").returncode == 0
    updates = yaml.safe_load((ROOT / ".github/dependabot.yml").read_text())["updates"]
    updated = {(one["package-ecosystem"], folder) for one in updates for folder in one.get("directories", ["/"])}
    listed = subprocess.run(
        ["git", "ls-files", "*requirements.in"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    pinned = [ROOT / "pyproject.toml", *(ROOT / path for path in listed.stdout.split())]
    assert {("pip", folder(path)) for path in pinned} == {(kind, place) for kind, place in updated if kind == "pip"}
    lined = {
        ("terraform", folder(path))
        for path in ROOT.glob("terraform/**/*.tf")
        if "required_providers" in path.read_text()
    }
    assert lined == {(kind, place) for kind, place in updated if kind == "terraform"}
    assert {"docker", "docker-compose"} <= {kind for kind, _ in updated}
    actions = {("github-actions", folder(path)) for path in ACTIONS} | {("github-actions", "/")}
    assert actions == {(kind, place) for kind, place in updated if kind == "github-actions"}
    assert "FROM $" not in (ROOT / "Dockerfile").read_text()


def folder(path: Path) -> str:
    """Return a file's folder as in dependabot.yml."""
    return f"/{path.parent.relative_to(ROOT)}".rstrip(".").rstrip("/") or "/"


@pytest.mark.parametrize("path", WORKFLOWS + ACTIONS, ids=lambda path: str(path.relative_to(ROOT / ".github")))
def test_every_action_is_pinned_to_a_commit_or_our_own(path):
    said = yaml.safe_load(path.read_text())
    jobs = [said["runs"]] if "runs" in said else said["jobs"].values()
    uses = [step["uses"] for job in jobs for step in job.get("steps", []) if "uses" in step]
    own = {f"./{folder(action)[1:]}" for action in ACTIONS}
    assert not [one for one in uses if len(one.partition("@")[2]) != 40 and one not in own]
