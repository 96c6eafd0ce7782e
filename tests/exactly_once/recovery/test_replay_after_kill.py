"""A run that is killed while dlt puts a finished package away: its manifest stays one link of the chain."""

import os
import subprocess
import sys
from pathlib import Path

import dlt
import pytest

from exactly_once import Replay, acquire_lease, lake, staged_duckdb

pytestmark = pytest.mark.integration

RUN = """
import os, sys
import dlt
from exactly_once import lake, run_pipeline, staged_duckdb

folder, number, is_killed = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "killed"

@dlt.source(name="shop")
def shop():
    return dlt.resource([{"id": number}], name="orders", primary_key="id", write_disposition="merge")

def kill(event, arguments):
    if is_killed and event == "os.rename" and "package_completed" in str(arguments[1]):
        os._exit(9)

sys.addaudithook(kill)
shop_pipeline = dlt.pipeline(
    "shop", destination=staged_duckdb(f"{folder}/first.duckdb"), staging=lake(f"{folder}/lake"), dataset_name="raw",
    pipelines_dir=f"{folder}/dlt",
)
run_pipeline(shop_pipeline, shop)
"""


def load(folder: Path, number: int, how: str = "whole") -> int:
    command = [sys.executable, "-c", RUN, str(folder), str(number), how]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])}
    return subprocess.run(command, cwd=folder, env=environment).returncode


@pytest.mark.slow
@pytest.mark.parametrize("killed", [1, 2])
def test_the_load_is_recorded_once(tmp_path, killed):
    for number in (1, 2, 3):
        if number == killed:
            assert load(tmp_path, number, "killed") == 9
        assert load(tmp_path, number) == 0
    other = dlt.pipeline(
        "shop",
        destination=staged_duckdb(str(tmp_path / "again.duckdb")),
        staging=lake(str(tmp_path / "lake")),
        dataset_name="raw",
        pipelines_dir=str(tmp_path / "replay"),
    )
    again = Replay(other, acquire_lease)
    assert again.run().rows["orders"] == 3
