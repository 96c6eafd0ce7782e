"""What users have typed and set keeps its meaning: settings, options of commands, variables, names in dlt's state."""

import json
import pickle
import re
import subprocess
import sys
import tarfile
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
from dlt.common.configuration.inject import get_fun_spec

from exactly_once.diagnostics.context import DoctorContext
from exactly_once.postgres.tables.spec import Table
from exactly_once.rest_api.spec import Endpoint
from pipelines import postgres, saas
from pipelines.environment import build_pipeline
from tests.compatibility.conftest import EARLIER

ROOT = Path(__file__).parents[2]
WORDS = json.loads((EARLIER / "words.json").read_text())
SPECS = {
    "postgres": postgres.postgres.ref.SPEC,
    "postgres.snapshot": get_fun_spec(postgres.snapshot),
    "saas": saas.saas.ref.SPEC,
}
# Another value for each setting of earlier versions, as a shell has it, and what it becomes.
IN_THE_SHELL = {
    "SOURCES__POSTGRES__SCHEMA": ("shop", "shop"),
    "SOURCES__POSTGRES__CHUNK_SIZE": ("7", 7),
    "SOURCES__POSTGRES__CONNECTIONS": ("3", 3),
    "SOURCES__POSTGRES__SWEEP": ("false", False),
    "SOURCES__POSTGRES__ACCEPT_DELETES": ('["all"]', ["all"]),
    "SOURCES__POSTGRES__ACCEPT_REREAD": ('["users"]', ["users"]),
    "SOURCES__POSTGRES__ACCEPT_TYPE": ('["users.email"]', ["users.email"]),
    "SOURCES__POSTGRES__REREAD_LIMIT": ("5", 5),
    "SOURCES__POSTGRES__ACCEPT_SERVER": ("true", True),
    "SOURCES__POSTGRES__STRICT": ("true", True),
    "SOURCES__POSTGRES__GUARD": ("0.5", 0.5),
    "SOURCES__POSTGRES__READERS": ('["pg_dump"]', ["pg_dump"]),
    "SOURCES__POSTGRES__SEARCH_PATH": ("public", "public"),
    "SOURCES__SAAS__BASE_URL": ("http://127.0.0.1:1", "http://127.0.0.1:1"),
    "SOURCES__SAAS__API_KEY": ("some-text", "some-text"),
    "SOURCES__SAAS__LAG": ("60", 60.0),
    "SOURCES__SAAS__PAGE_SIZE": ("10", 10),
    "SOURCES__SAAS__WINDOWS": ("2", 2),
    "SOURCES__SAAS__ANSWER_BYTES": ("1000", 1000),
    "SOURCES__SAAS__ANSWER_SECONDS": ("1.5", 1.5),
    "SOURCES__SAAS__PAGES": ("9", 9),
    "SOURCES__SAAS__SWEEP": ("false", False),
    "SOURCES__SAAS__STRICT": ("true", True),
    "SOURCES__SAAS__ACCEPT_DELETES": ('["campaigns"]', ["campaigns"]),
    "SOURCES__SAAS__ACCEPT_TYPE": ('["campaigns.tags"]', ["campaigns.tags"]),
}


@pytest.mark.parametrize("name", SPECS)
def test_every_setting_is_there_with_its_default(name):
    spec = SPECS[name]()
    defaults = {field: str(getattr(spec, field)) for field in SPECS[name].get_resolvable_fields()}
    assert {field: defaults.get(field) for field in WORDS["settings"][name]} == WORDS["settings"][name]


def test_every_setting_is_read_from_the_shell_under_its_name(monkeypatch, tmp_path):
    names = {
        f"SOURCES__{source.partition('.')[0]}__{setting}".upper()
        for source, settings in WORDS["settings"].items()
        for setting in settings
    }
    assert names - {"SOURCES__POSTGRES__CREDENTIALS"} == IN_THE_SHELL.keys()
    monkeypatch.setenv("MAILBLAZE_ENV", "ci")
    monkeypatch.setenv("MAILBLAZE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("SOURCES__POSTGRES__CREDENTIALS", "postgresql://127.0.0.1:1/shop")
    for name, (text, _) in IN_THE_SHELL.items():
        monkeypatch.setenv(name, text)
    context = DoctorContext(build_pipeline)
    found = {
        **context.function_settings(postgres.snapshot, "postgres"),
        **context.source_settings(postgres.postgres, "postgres"),
    }
    assert found["credentials"].database == "shop"
    assert_read("POSTGRES", found)
    assert_read("SAAS", context.source_settings(saas.saas, "saas"))


def assert_read(source: str, found) -> None:
    prefix = f"SOURCES__{source}__"
    wanted = {name: value for name, (_, value) in IN_THE_SHELL.items() if name.startswith(prefix)}
    assert {name: found[name.removeprefix(prefix).lower()] for name in wanted} == wanted


def test_the_committed_configuration_of_dlt_is_the_same():
    assert tomllib.loads((ROOT / ".dlt/config.toml").read_text()) == WORDS["config"]


def test_every_variable_is_read_by_some_code():
    folders = [ROOT / folder for folder in ("exactly_once", "pipelines", "flows", "dbt", "dashboard")]
    sources = [
        path for folder in folders for path in folder.rglob("*") if path.suffix in (".py", ".sh", ".yml", ".sql")
    ]
    found = set(re.findall(r"\bMAILBLAZE_[A-Z_]*[A-Z]\b", "\n".join(path.read_text() for path in sources)))
    assert set(WORDS["variables"]) - found == set()


@pytest.mark.slow
@pytest.mark.integration
@pytest.mark.parametrize("command", WORDS["options"])
def test_every_option_of_a_command_is_there(command):
    done = subprocess.run([sys.executable, command, "--help"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert set(WORDS["options"][command]) - set(re.findall(r"--[a-z-]+", done.stdout)) == set()


def test_the_words_of_a_declaration_are_taken():
    """`lag` and `share` of lines that a company has added."""
    table = Table("orders", key="id", cursor="at", deletes="sweep", lag=60.0, share=0.5)
    assert (table.lookback_seconds, table.max_deleted_fraction) == (60.0, 0.5)
    endpoint = Endpoint("orders", key="id", cursor="at", since="after", deletes="sweep", share=0.5)
    assert endpoint.max_deleted_fraction == 0.5


def test_every_destination_that_a_state_names_is_found():
    """dlt imports it by this name for `dlt pipeline <name> info` and more."""
    named = set()
    for path, body in files("killed"):
        if path.endswith("/state.json"):
            state = json.loads(body)
            named |= {state[kind] for kind in ("destination_type", "staging_type") if state.get(kind)}
    assert named == {"pipelines.staged_duckdb.staged_duckdb", "pipelines.lake_destination.lake"}
    for name in (*named, "pipelines.fenced_snowflake.fenced_snowflake"):
        module, _, attribute = name.rpartition(".")
        assert callable(getattr(import_module(module), attribute)), name


@pytest.mark.parametrize("name", ["data", "killed"])
def test_a_trace_that_dlt_has_pickled_can_be_read(name):
    """`dlt pipeline <name> trace`."""
    traces = [body for path, body in files(name) if path.endswith("trace.pickle")]
    assert len(traces) == 2
    for body in traces:
        assert pickle.loads(body).steps  # noqa: S301  our own


@pytest.mark.slow
def test_the_archives_hold_no_password_and_no_path_but_that_of_their_making():
    for name in ("data", "killed", "lake", "source"):
        for path, body in files(name):
            assert not re.search(rb"[a-z]+://[\w.]+:[\w.%-]+@[\w.]+", body), path
            assert "services.json" not in path
            if path.endswith(".json"):
                places = re.findall(rb'"(?:file://)?(/(?:home|root|tmp|work|srv|usr|opt|var)\b[^"]*)"', body)
                assert all(place.startswith(b"/srv/mailblaze") for place in places), path


def files(name: str):
    """Yield the path and the content of each file of an archive."""
    with tarfile.open(EARLIER / f"{name}.tar.xz") as archive:
        for entry in archive:
            if entry.isfile():
                yield entry.name, archive.extractfile(entry).read()
