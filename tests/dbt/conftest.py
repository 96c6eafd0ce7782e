"""dbt's manifest of the project, parsed once for the session."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.dbt.project_manifest import ROOT


@pytest.fixture(scope="session")
def manifest(tmp_path_factory) -> dict:
    """Parse the project; nothing is built and no warehouse is connected to."""
    folder = tmp_path_factory.mktemp("dbt")
    settings = {"MAILBLAZE_ENV": "ci", "MAILBLAZE_DATA_DIR": str(folder), "DBT_LOG_PATH": str(folder)}
    dbt = str(Path(sys.executable).parent / "dbt")
    command = [dbt, "parse", "--quiet", "--project-dir", "dbt", "--profiles-dir", "dbt", "--target-path", folder]
    subprocess.run(command, cwd=ROOT, env=os.environ | settings, check=True)
    return json.loads((folder / "manifest.json").read_text())
