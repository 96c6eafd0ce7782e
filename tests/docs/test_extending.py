"""What docs/extending.md says of a source, a table and a setting is so."""

import inspect
import re
from dataclasses import fields
from pathlib import Path

import pytest

from exactly_once.postgres.tables.spec import Table
from exactly_once.rest_api.spec import Endpoint
from pipelines import postgres, saas
from pipelines.registry import SOURCES

ROOT = Path(__file__).parents[2]
CONFIGURATION = (ROOT / "docs/configuration.md").read_text()


@pytest.mark.parametrize("file", ["terraform/bootstrap/records.tf", "terraform/modules/platform/main.tf"])
def test_terraform_lets_each_source_write_its_prefix(file):
    (listed,) = re.findall(r"^ *pipelines += \[(.*?)\]", (ROOT / file).read_text(), re.M)
    assert re.findall(r'"(\w+)"', listed) == list(SOURCES)


@pytest.mark.parametrize(
    ("source", "functions"),
    [("POSTGRES", (postgres.snapshot, postgres.postgres)), ("SAAS", (saas.saas,))],
    ids=["postgres", "saas"],
)
def test_every_setting_of_a_source_is_in_the_table(source, functions):
    parameters = {name for function in functions for name in inspect.signature(function).parameters}
    settings = {name.upper() for name in parameters - {"moment", "snapshot"}}
    part = CONFIGURATION.partition("## Postgres" if source == "POSTGRES" else "## SaaS")[2].partition("\n## ")[0]
    named = set(re.findall(rf"`(?:SOURCES__{source}__|…__)(\w+)`", part))
    assert named == settings


def test_every_variable_of_the_platform_is_in_the_table():
    used = {
        name
        for folder in ("pipelines", "flows", "dashboard", "dbt")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".py", ".sh", ".yml") and path.is_file()
        for name in re.findall(r"(?<![A-Z_])MAILBLAZE_[A-Z_]*[A-Z]", path.read_text())
    }
    assert sorted(name for name in used - {"MAILBLAZE_CODE"} if f"`{name}`" not in CONFIGURATION) == []


@pytest.mark.parametrize(("title", "spec"), [("a table", Table), ("an endpoint", Endpoint)], ids=["table", "endpoint"])
def test_every_option_of_a_declaration_is_described(title, spec):
    page = (ROOT / "docs/sources.md").read_text().partition(f"## Options of {title}")[2].partition("\n## ")[0]
    described = {name for row in re.findall(r"^\| (`.*?) \|", page, re.M) for name in re.findall(r"`(\w+)`", row)}
    assert described == {field.name for field in fields(spec)} - {"name"}
