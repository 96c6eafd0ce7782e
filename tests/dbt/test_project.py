"""The shape of dbt's project, read from its manifest: who reads whom, names, and that everything is described."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EVENTS = ("stg_saas__email_events", "int_messages", "fct_email_events", "fct_messages")
COUNTING = {"every_message_is_reported"}  # a warehouse knows how many rows a table has without reading them
PREFIXES = {"staging": ("stg_",), "intermediate": ("int_",), "marts": ("dim_", "fct_", "rpt_")}
SCHEMAS = {"staging": "STAGING", "intermediate": "INTERMEDIATE", "marts": "MART"}


@pytest.fixture(scope="module")
def manifest(tmp_path_factory) -> dict:
    """What dbt makes of the project; nothing is built and no warehouse asked."""
    folder = tmp_path_factory.mktemp("dbt")
    settings = {"MAILBLAZE_ENV": "ci", "MAILBLAZE_DATA_DIR": str(folder), "DBT_LOG_PATH": str(folder)}
    dbt = str(Path(sys.executable).parent / "dbt")
    command = [dbt, "parse", "--quiet", "--project-dir", "dbt", "--profiles-dir", "dbt", "--target-path", folder]
    subprocess.run(command, cwd=ROOT, env=os.environ | settings, check=True)
    return json.loads((folder / "manifest.json").read_text())


def nodes(manifest: dict, kind: str) -> dict[str, dict]:
    found = manifest["sources"] if kind == "source" else manifest["nodes"]
    return {name: node for name, node in found.items() if node["resource_type"] == kind}


def layer(node: dict) -> str:
    return node["fqn"][1]


def test_each_layer_reads_what_it_may(manifest):
    """Staging reads one table of a source; nobody else reads a source, and nobody reads MART but MART."""
    models = nodes(manifest, "model")
    wrong = []
    for name, model in models.items():
        kinds = [read.partition(".")[0] for read in model["depends_on"]["nodes"]]
        refs = [models[read] for read in model["depends_on"]["nodes"] if read in models]
        below = {layer(read) for read in refs if read["name"] != "dim_dates"}
        is_right = {
            "staging": kinds == ["source"],
            "intermediate": "source" not in kinds and "marts" not in below,  # the calendar is left out above
            "marts": "source" not in kinds,
        }[layer(model)]
        if not is_right:
            wrong.append((name, model["depends_on"]["nodes"]))
    assert len(models) > 20
    assert wrong == []


def test_a_name_says_the_layer_and_staging_the_source(manifest):
    for model in nodes(manifest, "model").values():
        assert model["name"].startswith(PREFIXES[layer(model)]), model["name"]
        assert model["schema"] == SCHEMAS[layer(model)], model["name"]
        if layer(model) == "staging":
            assert model["name"].startswith(f"stg_{model['fqn'][2]}__"), model["name"]


@pytest.mark.parametrize("kind", ["model", "snapshot", "seed", "source"])
def test_everything_is_described(manifest, kind):
    found = nodes(manifest, kind)
    assert found
    bare = [name for name, node in found.items() if not node["description"].strip()]
    bare += [f"{name}.{column['name']}" for name, node in found.items() for column in node["columns"].values()
             if not column["description"].strip()]  # fmt: skip
    assert bare == []


def test_every_mart_keeps_a_contract_with_types_and_a_key(manifest):
    tests = nodes(manifest, "test").values()
    keys = {test["attached_node"] for test in tests if test.get("test_metadata", {}).get("name") == "primary_key"}
    for name, model in nodes(manifest, "model").items():
        assert name in keys or layer(model) == "intermediate", f"{name} has no primary_key test"
        if layer(model) == "marts":
            assert model["contract"]["enforced"], name
            assert model["columns"], name
            assert all(column["data_type"] for column in model["columns"].values()), name


def test_the_check_of_policies_looks_at_every_mart(manifest):
    sql = (ROOT / "dbt/tests/policies_are_where_they_are_declared.sql").read_text()
    marts = {model["name"] for model in nodes(manifest, "model").values() if layer(model) == "marts"}
    assert set(re.findall(r"'((?:dim|fct|rpt)_\w+)'", sql)) == marts


def test_what_reads_whole_tables_of_events_runs_once_a_day(manifest):
    events = {f"model.mailblaze.{name}" for name in EVENTS}
    tests = nodes(manifest, "test").values()
    reading = {test["name"] for test in tests if events & set(test["depends_on"]["nodes"])}
    assert {test["name"] for test in tests if "whole_table" in test["tags"]} == reading - COUNTING


def test_no_model_asks_what_time_it_is(manifest):
    """The same RAW gives the same figures whenever it is built: what `make slim` shows is the change's doing."""
    asks = re.compile(
        r"\b(current_(date|time|timestamp)\b|(now|today|getdate|sysdate)\(|run_started_at\b)", re.IGNORECASE
    )
    ours = [
        node
        for node in manifest["macros"].values()
        if node["package_name"] == "mailblaze" and node["name"][:5] != "test_"
    ]
    texts = {node["name"]: node["macro_sql"] for node in ours}
    texts |= {node["name"]: node["raw_code"] for node in nodes(manifest, "model").values()}
    assert len(texts) > 50
    assert [name for name, text in texts.items() if asks.search(text)] == []


def test_no_line_is_longer_than_a_screen():
    files = [path for folder in ("models", "tests", "snapshots") for path in (ROOT / "dbt" / folder).rglob("*.sql")]
    assert len(files) > 30
    assert [str(path) for path in files if max(map(len, path.read_text().splitlines())) > 141] == []


def test_the_dashboards_exposure_names_what_its_queries_read(manifest):
    read = set(re.findall(r"\b(?:dim|fct|rpt)_[a-z_]+", (ROOT / "dashboard/queries.py").read_text()))
    (exposure,) = manifest["exposures"].values()
    assert {name.rpartition(".")[2] for name in exposure["depends_on"]["nodes"]} == read
