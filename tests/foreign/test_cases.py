"""Each small input that was wrong once is exact now, or refused."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.foreign.schemas import cases

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
NAMES = [schema.name for schema in cases.SCHEMAS]


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> dict[str, dict]:
    """The result of every case by name, from one run of the harness."""
    folder = tmp_path_factory.mktemp("cases")
    options = ["--only", "case/", "--kills", "0", "--generated", "0", "--show", "0", "--json", str(folder / "results")]
    done = subprocess.run(
        [sys.executable, "-m", "tests.foreign", *options, "--keep", str(folder / "kept")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=400,
    )
    assert (folder / "results").exists(), done.stdout + done.stderr
    return {result["schema"]: result for result in json.loads((folder / "results").read_text())}


@pytest.mark.parametrize("name", NAMES)
def test_a_case_is_exact_or_refused(name, results):
    result = results[name]
    assert result["problems"] == [], "\n".join(result["problems"])
    assert result["loads"] >= 3
    assert result["rows"] > 0
