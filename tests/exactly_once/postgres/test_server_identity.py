"""Rows of another server are not mixed with those that RAW has."""

import pytest
import sqlalchemy as sa

from exactly_once.errors import PipelineError
from exactly_once.postgres import source
from exactly_once.postgres.connection.server_identity import check_server, identifier
from mock_services.postgres.server import EmbeddedPostgres
from pipelines import postgres


def test_another_server_is_refused_and_nothing_changes(platform, tmp_path):
    postgres.load()
    before = platform.raw("select count(*), max(_dlt_load_id) from RAW.POSTGRES_CONTACTS")
    with EmbeddedPostgres(tmp_path / "other", ephemeral=True) as other:
        platform.write_services(postgres_url=other.url())
        with pytest.raises(Exception, match=r"another server .* --accept-server"):
            postgres.load()
        other.destroy()
    assert platform.raw("select count(*), max(_dlt_load_id) from RAW.POSTGRES_CONTACTS") == before
    platform.write_services()
    assert postgres.load().load_ids == [], "the server of before is taken as it is"


@pytest.mark.slow
def test_the_option_that_the_refusal_names_goes_on_with_the_server_for_good(platform, monkeypatch):
    postgres.load()
    monkeypatch.setattr(source, "identifier", lambda engine: "another")
    with pytest.raises(Exception, match="another server"):
        postgres.load()
    monkeypatch.setenv("SOURCES__POSTGRES__ACCEPT_SERVER", "true")
    report = postgres.load()
    assert (report.refused, sum(table.in_lake for table in report.tables.values())) == ([], 0), "the same rows"
    monkeypatch.delenv("SOURCES__POSTGRES__ACCEPT_SERVER")
    assert postgres.load().load_ids == [], "it is kept though no row was new"


def test_an_earlier_state_names_no_server_and_goes_on():
    check_server("1", {}, is_accepted=False)
    check_server(None, {"server": "1"}, is_accepted=False)
    check_server("2", {"server": "1"}, is_accepted=True)
    with pytest.raises(PipelineError, match="make clean"):
        check_server("2", {"server": "1"}, is_accepted=False)


def test_an_ordinary_role_may_ask_which_server_it_is(postgres_server):
    engine = sa.create_engine(postgres_server.url())
    with engine.connect() as connection:
        assert not connection.exec_driver_sql("select rolsuper from pg_roles where rolname = current_user").scalar()
    assert identifier(engine)
    engine.dispose()
