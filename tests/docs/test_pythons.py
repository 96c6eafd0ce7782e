"""The lowest and the highest Python stand in five places, and CI runs both."""

import re
from pathlib import Path

from pipelines.diagnostics import environment_checks

ROOT = Path(__file__).resolve().parents[2]


def found(file: str, pattern: str) -> tuple[str, ...]:
    match = re.search(pattern, (ROOT / file).read_text())
    assert match, f"{file} has no {pattern}"
    return match.groups()


def test_every_place_names_the_same_pythons():
    lowest, highest = found("README.md", r"needs Python (3[.\d]+).(3[.\d]+)")
    beyond = f"3.{int(highest.split('.')[1]) + 1}"
    assert found("pyproject.toml", r'requires-python = ">=([\d.]+),<([\d.]+)"') == (lowest, beyond)
    tuples = tuple(f"({version.replace('.', ', ')})" for version in (lowest, beyond))
    assert found("Makefile", r"not (\([\d, ]+\)) <= sys.version_info < (\([\d, ]+\))") == tuples
    assert (str(environment_checks.LOWEST_PYTHON), str(environment_checks.HIGHEST_PYTHON)) == tuples
    assert found("Makefile", r"is not Python ([\d.]+) to ([\d.]+)") == (lowest, highest)


def test_ci_runs_the_lowest_and_the_highest_by_their_exact_versions():
    lowest, highest = found("README.md", r"needs Python (3[.\d]+).(3[.\d]+)")
    tried = re.findall(r'- python: "([\d.]+)"', (ROOT / ".github/workflows/ci.yml").read_text())
    assert tried[0] == lowest
    assert re.fullmatch(rf"{re.escape(highest)}\.\d+", tried[-1])
