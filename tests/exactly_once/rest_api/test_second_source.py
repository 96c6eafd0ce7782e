"""A second REST source as examples/second_source/ has it: numbered pages, no cursor, a key in a header of its own."""

import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from dlt.pipeline.exceptions import PipelineStepFailed

import pipelines
from exactly_once.errors import is_transient, user_message
from examples.second_source.fake_helpdesk import KEY, HelpDesk, broken, cut, empty, serving
from pipelines import registry, replay
from pipelines.doctor import doctor_context
from pipelines.loading import load_registered
from pipelines.registry import Source
from tests.support.platform import Platform, empty_bucket

EXAMPLE = Path(__file__).parents[3] / "examples/second_source"
HELPDESK = Source("helpdesk", "The help desk", {"base_url": None, "api_key": None})


class Desk(Platform):
    """A platform whose only source is a help desk."""

    desk: HelpDesk

    def tickets(self) -> list[tuple]:
        return self.raw("select number, subject, _deleted_at is null from RAW.HELPDESK_TICKETS order by number")


@pytest.fixture
def platform(s3_server, tmp_path, monkeypatch) -> Iterator[Desk]:
    """The example's file in pipelines/ and its line in the registry."""
    monkeypatch.setitem(registry.SOURCES, "helpdesk", HELPDESK)
    monkeypatch.setattr(pipelines, "__path__", [*pipelines.__path__, str(EXAMPLE)])
    (tmp_path / "data").mkdir()
    monkeypatch.setenv("MAILBLAZE_ENV", "ci")
    monkeypatch.setenv("MAILBLAZE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("RUNTIME__REQUEST_BACKOFF_FACTOR", "0.001")
    monkeypatch.setenv("SOURCES__HELPDESK__API_KEY", KEY)
    with serving() as desk:
        monkeypatch.setenv("SOURCES__HELPDESK__BASE_URL", f"{desk.url}/api")
        platform = Desk(tmp_path / "data", "", tmp_path / "none", "http://127.0.0.1:1", s3_server)
        platform.desk = desk
        empty_bucket(platform)
        platform.write_services()
        for number in range(1, 251):  # three pages
            desk.tickets[number] = {
                "number": number,
                "subject": f"ticket {number}",
                "opened_at": "2026-06-01T10:00:00Z",
                "hours": {"spent": number / 4},
            }
        desk.agents = [{"id": f"a{number}", "name": f"agent {number}"} for number in range(4)]
        yield platform


@pytest.fixture
def helpdesk(platform) -> ModuleType:
    return importlib.import_module("pipelines.helpdesk")


def load():
    return load_registered("helpdesk")


def failure() -> str:
    with pytest.raises(PipelineStepFailed) as raised:
        load()
    assert is_transient(raised.value)
    return user_message(raised.value)


def test_a_second_source_is_complete(platform, helpdesk):
    first = load()
    assert {name: table.in_raw for name, table in first.tables.items()} == {
        "helpdesk_tickets": 250,
        "helpdesk_agents": 4,
    }
    assert platform.raw("select opened_at::text from RAW.HELPDESK_TICKETS limit 1") == [("2026-06-01 10:00:00+00",)]
    files = platform.lake()
    assert load().load_ids == [], "what is read again and has not changed is not loaded again"
    assert platform.lake() == files

    platform.desk.tickets[7]["subject"] = "changed"
    del platform.desk.tickets[9]
    report = load()
    assert report.tables["helpdesk_tickets"].in_lake == 2
    assert [row for row in platform.tickets() if row[0] in (7, 8, 9)] == [
        (7, "changed", True),
        (8, "ticket 8", True),
        (9, "ticket 9", False),
    ]
    assert load().load_ids == []

    platform.desk.tickets[9] = platform.desk.tickets[8] | {"number": 9, "subject": "again"}
    load()
    assert platform.tickets()[8] == (9, "again", True)

    kept = platform.tickets()
    platform.warehouse.unlink()
    replay.replay(["helpdesk"])
    assert platform.tickets() == kept
    assert load().load_ids == []

    for check in helpdesk.checks(doctor_context()):
        assert check.name.startswith("helpdesk ")
        assert check.run()


def test_faults_are_survived_or_the_load_fails_whole_under_its_own_name(platform):
    platform.desk.faults = [cut, broken, empty]  # the first three requests
    load()
    assert len(platform.tickets()) == 250
    platform.desk.tickets[251] = platform.desk.tickets[250] | {"number": 251}
    platform.desk.faults = [cut] * 99
    assert failure() == (
        "The help desk's tickets, page 1: the connection broke off. Nothing was loaded and no cursor moved: run again "
        "later."
    )
    platform.desk.faults = [empty] * 99
    assert "The help desk's tickets, page 1: a page is empty, and the answer says that more come" in failure()
    page = platform.desk.tickets_page(1, 100)
    platform.desk.faults = [lambda handler, body: reply(handler, page)] * 99
    assert "The help desk's tickets, page 2: a page came twice" in failure()
    platform.desk.faults = [lambda handler, body: reply(handler, b'{"error": "busy"}')] * 99
    assert "The help desk's tickets, page 1: the API answered 200 with an error in it" in failure()
    assert len(platform.tickets()) == 250
    platform.desk.faults = []
    load()
    assert len(platform.tickets()) == 251


def test_what_a_person_must_fix_names_this_source(platform, monkeypatch):
    load()
    with serving() as elsewhere:
        platform.desk.next_agents = f"<{elsewhere.url}/api/people/agents?after=2>"
        (refused,) = load().refused
        assert refused.line.startswith(f"The help desk's agents, page 1: the answer leads to {elsewhere.url}, which ")
    platform.desk.next_agents = ""
    for number in range(1, 101):
        del platform.desk.tickets[number]
    (refused,) = load().refused
    assert "python pipelines/helpdesk.py --accept-deletes tickets" in refused.line
    monkeypatch.setenv("SOURCES__HELPDESK__API_KEY", "wrong")
    with pytest.raises(PipelineStepFailed) as raised:
        load()
    assert user_message(raised.value) == (
        f"The help desk at {platform.desk.url} refused the token: correct SOURCES__HELPDESK__API_KEY or "
        ".dlt/secrets.toml."
    )


def reply(handler, body: bytes) -> None:
    """Answer with another body."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)
