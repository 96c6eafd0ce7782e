"""Sessions have our settings whatever a role, a database or a pooler sets; every address reaches both drivers."""

import os
import shutil
import socket
import subprocess
import threading
import time
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import psycopg2
import pytest
import sqlalchemy as sa

from exactly_once.errors import PipelineError, TableError, is_transient, user_message
from exactly_once.postgres.connection.address import PostgresCredentials, parameters, parse
from exactly_once.postgres.connection.session_settings import SETTINGS, Server, check, pin
from exactly_once.postgres.scanner import SourceReadError, TableReadError, driver_read_error, postgres_query
from exactly_once.postgres.snapshot import Snapshot, SnapshotOptions
from exactly_once.postgres.tables.spec import Table
from mock_services.system.ports import free_port
from pipelines.postgres import load
from tests.support.compare import differences
from tests.support.platform import execute
from tests.support.steps import counts, refused
from tests.support.tables import declare, keep

pytestmark = pytest.mark.slow

HIDDEN = "s3cret"  # the password of addresses that lead nowhere; no line may show it

# What a role, or its database, may have set otherwise, and the tables still come as they are.
HOSTILE = {
    "client_encoding": "LATIN1",
    "datestyle": "'German, DMY'",
    "timezone": "'America/New_York'",
    "intervalstyle": "iso_8601",
    "extra_float_digits": "-15",
    "bytea_output": "escape",
    "xmlbinary": "hex",
    "quote_all_identifiers": "on",
    "standard_conforming_strings": "off",
    "transform_null_equals": "on",
    "statement_timeout": "'2s'",
    "transaction_timeout": "'3s'",
    "idle_in_transaction_session_timeout": "'1s'",
    "idle_session_timeout": "'1s'",
    "lock_timeout": "'1ms'",
    "default_transaction_isolation": "serializable",
    "default_transaction_deferrable": "on",
    "search_path": "shadow",
}


@pytest.fixture
def only(monkeypatch):
    """Declare only the tables that a test names."""

    def leave(*names: str, deletes: str = "sweep", key: str = "id") -> None:
        keep(monkeypatch)
        declare(monkeypatch, *(Table(name, key=key, cursor="updated_at", deletes=deletes) for name in names))

    return leave


@pytest.fixture
def role(postgres_server):
    """A role that reads, with a password of every kind of character: its name, and its address in a database."""
    name, password = f"reader_{uuid4().hex[:8]}", " p@ss:/?#%'\"\\ $é;= "
    postgres = postgres_server.url("postgres", "postgres")
    literal = password.replace("'", "''")
    execute(postgres, f"create role {name} login password '{literal}'; grant pg_read_all_stats to {name}")

    def address(platform, host: str | None = None, more: str = "") -> str:
        url = sa.make_url(platform.postgres_url)
        place = host or f"{url.host}:{url.port}"
        return f"postgresql://{name}:{quote(password, safe='')}@{place}/{url.database}{more}"

    return name, address


def show(url: str, sql: str, **options) -> tuple[tuple, tuple]:
    """Return the row that both drivers get in one snapshot, as text."""
    with Snapshot(parse(url), SnapshotOptions(0.0, **options)) as snapshot:
        with snapshot.engine.connect() as connection:
            engine = tuple(connection.exec_driver_sql(sql).one())
        with snapshot.scanner.session() as session:
            return engine, session.execute(f"SELECT * FROM {postgres_query(sql)}").fetchone()


def test_settings_of_a_role_change_no_value_and_cut_no_read(platform, only, role):
    name, address = role
    (database,) = platform.source("select current_database()")[0]
    superuser = sa.make_url(platform.postgres_url).set(username="postgres").render_as_string(hide_password=False)
    platform.source(
        f"""create table odd (id int primary key, day date, span interval, fraction double precision, fractions real[],
            file bytea, files bytea[], at timestamptz, ats timestamptz[], updated_at timestamptz default now());
        insert into odd values
            (1, '2026-02-01', '1 year 2 days 03:04:05.6', 0.1::float8 + 0.2::float8, '{{0.1, 1e-40}}',
             '\\x00ff41', '{{"\\\\x00ff"}}', '2026-07-01 12:00:00Z', '{{2026-07-01 12:00:00Z}}');
        insert into odd values (2);
        create schema shadow;
        create function shadow.yes(timestamptz, timestamptz) returns boolean language sql as 'select false';
        create operator shadow.< (leftarg = timestamptz, rightarg = timestamptz, function = shadow.yes);
        create table shadow.pg_class (relname text);
        grant usage on schema public, shadow to {name}; grant select on odd to {name}"""
    )
    only("odd")
    load()
    as_owner = platform.raw("select * exclude (_dlt_load_id, updated_at) from RAW.POSTGRES_ODD order by id")
    for setting, value in HOSTILE.items():
        execute(superuser, f"alter role {name} in database {database} set {setting} = {value}")
    platform.write_services(postgres_url=address(platform))
    platform.source("update odd set updated_at = now()")
    assert counts(load(), "extracted")["odd"] == 2
    again = platform.raw("select * exclude (_dlt_load_id, updated_at) from RAW.POSTGRES_ODD order by id")
    assert again == as_owner
    assert {"1 year 2 days 03:04:05.6", 0.30000000000000004, b"\x00\xffA"} <= set(again[0])


def test_every_session_of_both_drivers_has_the_settings(platform, role):
    name, address = role
    (database,) = platform.source("select current_database()")[0]
    superuser = sa.make_url(platform.postgres_url).set(username="postgres").render_as_string(hide_password=False)
    for setting, value in HOSTILE.items():
        execute(superuser, f"alter role {name} in database {database} set {setting} = {value}")
    names = [*SETTINGS, "search_path", "transaction_read_only", "transaction_isolation"]
    sql = "select " + ", ".join(f"current_setting('{one}') as {one}" for one in names)
    wanted = {**SETTINGS, "datestyle": "ISO, DMY", "search_path": "pg_catalog, pg_temp"}
    wanted |= {"transaction_read_only": "on", "transaction_isolation": "repeatable read"}
    for row in show(address(platform), sql):
        assert dict(zip(names, row, strict=True)) == wanted


def test_limits_of_time_do_not_end_a_session_that_waits(platform, role):
    """One second out of a transaction, and in one: longer than the role's limits."""
    name, address = role
    execute(
        platform.postgres_url.replace("mailblaze:", "postgres:", 1),
        f"alter role {name} set idle_in_transaction_session_timeout = '300ms'; "
        f"alter role {name} set statement_timeout = '300ms'; alter role {name} set idle_session_timeout = '300ms'; "
        f"alter role {name} set transaction_timeout = '300ms'",
    )
    with Snapshot(parse(address(platform)), SnapshotOptions(0.0)) as snapshot:
        with snapshot.engine.connect() as connection:
            connection.exec_driver_sql("select pg_sleep(0.6)")
        with snapshot.scanner.session() as session:
            session.execute(
                f"SELECT * FROM {postgres_query('select 1 as one, pg_sleep(0.6)::text as nothing')}"
            ).fetchall()
        with snapshot.engine.connect() as connection:
            assert connection.exec_driver_sql("select 1").scalar() == 1
        with snapshot.scanner.session() as session:
            assert session.execute(f"SELECT * FROM {postgres_query('select 1 as one')}").fetchall() == [(1,)]


def test_a_setting_that_does_not_stay_and_another_server_are_refused_in_one_line():
    server = Server("2026-11-26 12:00:00+00", "mailblaze", "UTF8")
    assert check(("2026-11-26 12:00:00+00", "mailblaze", "UTF8", None), server) == server
    with pytest.raises(PipelineError, match="does not keep a session's settings \\(timezone is Asia/Tokyo\\)"):
        check(("2026-11-26 12:00:00+00", "mailblaze", "UTF8", "timezone is Asia/Tokyo"))
    with pytest.raises(PipelineError, match="reached two servers") as other:
        check(("2026-11-26 12:00:01+00", "mailblaze", "UTF8", None), server)
    assert is_transient(other.value)


def test_a_setting_that_this_version_does_not_have_is_left_out(platform):
    with closing(psycopg2.connect(platform.postgres_url)) as connection, connection.cursor() as cursor:
        cursor.execute(pin().replace("'transaction_timeout'", "'timeout_of_tomorrow'"))
        assert cursor.fetchone()[0] == len(SETTINGS)


def test_nothing_stays_in_a_connection_that_goes_back_to_a_pool(platform):
    """The settings, the mark and the read-only mode end with the transaction, as a transaction pool needs it."""
    sql = "select current_setting('search_path') as path, current_setting('transaction_read_only') as mode, " + (
        "(select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()) as locks"
    )
    with Snapshot(parse(platform.postgres_url), SnapshotOptions(0.0)) as snapshot:
        connection = snapshot.engine.raw_connection()
        connection.driver_connection.rollback()
        with connection.cursor() as cursor:
            cursor.execute(sql)
            assert cursor.fetchone() == ('"$user", public', "off", 0)
        connection.close()


def test_a_row_policy_is_refused_with_the_command(platform, only, role):
    name, address = role
    platform.source(
        f"""create table guarded (id int primary key, updated_at timestamptz default now());
        insert into guarded values (1), (2); grant usage on schema public to {name};
        grant select on guarded to {name};
        alter table guarded enable row level security;
        create policy few on guarded using (id = 1)"""
    )
    with Snapshot(parse(address(platform)), SnapshotOptions(0.0)) as snapshot:
        query = f"SELECT * FROM {postgres_query('select * from public.guarded')}"
        with pytest.raises(TableReadError) as refused, snapshot.scanner.session("guarded") as session:
            session.execute(query).fetchall()
        assert f"ALTER ROLE {name} BYPASSRLS" in str(refused.value)
        assert "guarded could not be read" in str(refused.value)
        assert refused.value.exit_code == TableError.exit_code
        # The snapshot and its other sessions are as before.
        with snapshot.scanner.session() as session:
            assert session.execute(f"SELECT * FROM {postgres_query('select 1 as one')}").fetchall() == [(1,)]


def test_a_view_whose_functions_name_no_schema_is_read_with_a_search_path(platform, only, monkeypatch):
    platform.source(
        """create table words (id int primary key, word text, updated_at timestamptz default now());
        insert into words values (1, 'one');
        create function word_of(int) returns text language plpgsql stable as
            $$ begin return (select word from words where id = $1); end $$;
        create view seen as select id, word_of(id) as word, updated_at from words"""
    )
    only("seen", deletes="none")
    assert "SOURCES__POSTGRES__SEARCH_PATH" in refused(load())["seen"]
    monkeypatch.setenv("SOURCES__POSTGRES__SEARCH_PATH", "pg_catalog, public, pg_temp")
    assert counts(load(), "extracted")["seen"] == 1
    assert platform.raw("select word from RAW.POSTGRES_SEEN") == [("one",)]


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        ("LATIN1", ["Zürich", "ÿ", "é"]),
        ("WIN1252", ["€ 5", "œuvre", "“so”", "é"]),
        ("EUC_JP", ["日本語", "ｶﾅ", "東京", "ア"]),
        ("SQL_ASCII", ["plain", "Zürich"]),
    ],
)
def test_databases_of_any_encoding_load_exactly(platform, postgres_server, only, encoding, words):
    database = f"coded_{uuid4().hex[:8]}"
    postgres = postgres_server.url("postgres", "postgres")
    execute(
        postgres,
        f"create database {database} owner mailblaze template template0 encoding '{encoding}' locale 'C'",
    )
    url = postgres_server.url(database)
    try:
        with (
            closing(psycopg2.connect(url, client_encoding="UTF8")) as connection,
            connection,
            connection.cursor() as at,
        ):
            at.execute(
                "create table words (word text primary key, document json, updated_at timestamptz default now())"
            )
            for word in words:
                at.execute("insert into words values (%s, to_json(%s::text))", (word, word))
        only("words", key="word")
        platform.write_services(postgres_url=url)
        load()
        rows = "select word, document from RAW.POSTGRES_WORDS where _deleted_at is null order by 1"
        assert platform.raw(rows) == sorted((word, f'"{word}"') for word in words)
        # The sweep merges the keys of both sides, in the order of their bytes as UTF-8.
        with (
            closing(psycopg2.connect(url, client_encoding="UTF8")) as connection,
            connection,
            connection.cursor() as at,
        ):
            at.execute("delete from words where word = %s", (words[0],))
        load()
        assert platform.raw(rows) == sorted((word, f'"{word}"') for word in words[1:])
    finally:
        execute(postgres, f"drop database {database} with (force)")


def test_bytes_that_are_no_text_are_refused_for_their_table(platform, postgres_server):
    database = f"coded_{uuid4().hex[:8]}"
    postgres = postgres_server.url("postgres", "postgres")
    execute(postgres, f"create database {database} owner mailblaze template template0 encoding 'SQL_ASCII' locale 'C'")
    url = postgres_server.url(database)
    try:
        with closing(psycopg2.connect(url, client_encoding="SQL_ASCII")) as connection, connection:
            connection.cursor().execute(b"create table words as select 'Z\xfcrich'::text as word")
        with Snapshot(parse(url), SnapshotOptions(0.0)) as snapshot:
            query = f"SELECT * FROM {postgres_query('select word from public.words')}"
            because = pytest.raises(TableReadError, match=r"words could not be read .*0xfc.*correct the row")
            with because as refused, snapshot.scanner.session("words") as session:
                session.execute(query).fetchall()
            assert "\n" not in str(refused.value)
    finally:
        execute(postgres, f"drop database {database} with (force)")


def test_any_password_and_each_parameter_reach_both_drivers(platform, role):
    _, address = role
    sql = "select current_user::text as who, current_setting('work_mem') as memory, current_setting('application_name')"
    more = (
        "?sslmode=disable&connect_timeout=7&options=-c%20work_mem%3D7MB&target_session_attrs=read-write&sslrootcert=/no"
    )
    for row in show(address(platform, more=more), sql + " as app"):
        assert row == (role[0], "7MB", SnapshotOptions().application_name)


def test_several_hosts_reach_the_primary_with_both_drivers(platform, role):
    _, address = role
    url = sa.make_url(platform.postgres_url)
    nobody, sql = free_port(), "select inet_server_port()::text as port"
    for place in (f"{url.host}:{nobody},{url.host}:{url.port}", f"localhost,{url.host}:{url.port}"):
        assert show(address(platform, place), sql) == ((str(url.port),), (str(url.port),))
    several = f"?host={url.host}:{nobody}&host={url.host}:{url.port}"
    assert show(address(platform, more=several).replace(f"@{url.host}:{url.port}/", "@/"), sql) == (
        (str(url.port),),
        (str(url.port),),
    )
    assert parameters(parse(address(platform, "a,b")))["target_session_attrs"] == "primary"
    assert "target_session_attrs" not in parameters(parse(address(platform)))


def test_two_servers_behind_one_address_are_refused(platform, tmp_path):
    """A failover between two connections: the second one reaches a server that has no such snapshot."""
    url = sa.make_url(platform.postgres_url)
    target = [url.port]
    with forwarder(lambda: target[0]) as port, Snapshot(url.set(port=port), SnapshotOptions(0.0)) as snapshot:
        assert snapshot.engine
        snapshot._server = Server("1999-01-01 00:00:00+00", snapshot.server.database, snapshot.server.encoding)
        with pytest.raises(PipelineError, match="two servers"), snapshot.engine.connect() as connection:
            connection.exec_driver_sql("select 1")
        with pytest.raises(PipelineError, match="two servers"), snapshot.scanner.session():
            pass


@pytest.mark.parametrize(
    ("address", "what"),
    [
        (f"postgresql://u:{HIDDEN}@h:54x2/d", "its port is not a number"),
        (f"postgresql://u:{HIDDEN}@h:99999/d", "its port is not a number"),
        (f"postgresql://u:{HIDDEN}@h1:1,h2:x/d", "its port is not a number"),
        (f"postgresql://u:{HIDDEN}@/d", "it has no host"),
        (f"mysql://u:{HIDDEN}@h/d", "it does not begin with postgresql://"),
        (f"u:{HIDDEN}@h/d", "it does not begin with postgresql://"),
        (f"postgresql://u:p@{HIDDEN}@h/d", "its password holds an @"),
        (f"postgresql://u:{HIDDEN}@h/d?sslmood=require", "the parameter sslmood is unknown"),
        (f"postgresql://u:{HIDDEN}@h/d?replication=database", "the parameter replication cannot be set"),
        (f"postgresql://u:{HIDDEN}@h/d?sslmode=a&sslmode=b", "the parameter sslmode is there more than once"),
    ],
)
def test_a_malformed_address_is_one_line_without_its_password(address, what):
    with pytest.raises(PipelineError, match=what) as refused:
        parameters(parse(address))
    assert HIDDEN not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_load_from_a_malformed_address_is_one_line(platform):
    platform.write_services(postgres_url=f"postgresql://u:p@{HIDDEN}@h:5432/d")
    with pytest.raises(PipelineError, match="its password holds an @") as refused:
        load()
    line = user_message(refused.value)
    assert HIDDEN not in line
    assert line.count("\n") == 0


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("postgresql://u:p@[::1]:5433/d", {"host": "::1", "port": "5433"}),
        ("postgresql://u:p@[::1]:1,[fe80::1]:2/d", {"host": "::1,fe80::1", "port": "1,2"}),
        ("postgresql://u:p@h1:1,h2:2/d", {"host": "h1,h2", "port": "1,2"}),
        ("postgresql://u:p@h1,h2:5/d", {"host": "h1,h2", "port": "5"}),
        ("postgresql://u:p@/d?host=h1:1&host=h2:2", {"host": "h1,h2", "port": "1,2"}),
        ("postgresql://u:p@/d?host=h1,h2&port=1,2", {"host": "h1,h2", "port": "1,2"}),
        ("postgresql://u:p@%2Fvar%2Frun%2Fpostgresql/d", {"host": "/var/run/postgresql"}),
        ("postgresql://u:p@/d?host=/var/run/postgresql", {"host": "/var/run/postgresql"}),
        ("postgres+psycopg2://u:p@h/d", {"host": "h"}),
    ],
)
def test_an_address_is_read_as_libpq_reads_it(address, place):
    credentials = PostgresCredentials()
    credentials.parse_native_representation(address)
    credentials.resolve()
    found = parameters(credentials.to_url())
    assert {name: found.get(name) for name in ("host", "port") if name in found} == place
    assert (found["user"], found["password"], found["dbname"]) == ("u", "p", "d")
    assert parameters(parse(credentials.to_native_representation())) == found


def test_credentials_piece_by_piece_keep_the_blanks_of_a_password():
    credentials = PostgresCredentials()
    credentials.update({"username": "u", "password": " p ", "host": "h", "port": 5433, "database": "d"})
    credentials.resolve()
    found = parameters(credentials.to_url())
    assert [found[name] for name in ("user", "password", "host", "port", "dbname")] == ["u", " p ", "h", "5433", "d"]
    credentials.update({"host": None})
    with pytest.raises(PipelineError, match="it has no host"):
        credentials.resolve()


def test_errors_of_the_engine_are_told_apart(platform):
    with Snapshot(parse(platform.postgres_url), SnapshotOptions(0.0)) as snapshot:
        with pytest.raises(sa.exc.DBAPIError) as error, snapshot.engine.connect() as connection:
            connection.exec_driver_sql("select 1/0")
        found = driver_read_error(error.value, "accounts")
        assert isinstance(found, TableReadError)
        assert str(found).startswith("Postgres: accounts could not be read (division by zero)")
        with snapshot.engine.connect() as connection:
            process = connection.exec_driver_sql("select pg_backend_pid()").scalar()
            platform.source(f"select pg_terminate_backend({process}, 5000)")
            with pytest.raises(sa.exc.DBAPIError) as error:
                connection.exec_driver_sql("select 1")
        assert isinstance(driver_read_error(error.value, "accounts"), SourceReadError)


def test_a_statement_that_somebody_cancels_is_no_error_of_its_table(platform):
    with Snapshot(parse(platform.postgres_url), SnapshotOptions(0.0)) as snapshot:
        query = f"SELECT * FROM {postgres_query('select pg_sleep(30)::text as nothing')}"
        sleeps = "select pg_cancel_backend(pid) from pg_stat_activity where query like 'COPY%pg_sleep(30)%'"

        def cancel():
            while not any(row[0] for row in platform.source(sleeps)):
                pass

        thread = threading.Thread(target=cancel)
        thread.start()
        with (
            pytest.raises(SourceReadError, match="due to user request"),
            snapshot.scanner.session("accounts") as session,
        ):
            session.execute(query).fetchall()
        thread.join()


def test_a_locked_table_is_refused_and_the_others_are_read(platform, monkeypatch):
    monkeypatch.setitem(SETTINGS, "lock_timeout", "200ms")
    holder = psycopg2.connect(platform.postgres_url)
    holder.cursor().execute("lock table accounts")
    with Snapshot(parse(platform.postgres_url), SnapshotOptions(0.0)) as snapshot:
        query = f"SELECT * FROM {postgres_query('select account_id from public.accounts')}"
        with (
            pytest.raises(TableReadError, match="end it, then run again"),
            snapshot.scanner.session("accounts") as session,
        ):
            session.execute(query).fetchall()
    holder.close()


POOLER = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")


@contextmanager
def pooler(platform, folder: Path, mode: str):
    """A pgbouncer before the test's database; yields the address of a pool in a mode."""
    url = sa.make_url(platform.postgres_url)
    port = free_port()
    folder.mkdir()
    (folder / "users.txt").write_text(f'"{url.username}" "{url.password}"\n')
    settings = {
        "listen_addr": "127.0.0.1", "listen_port": port, "unix_socket_dir": "", "auth_type": "plain",
        "auth_file": folder / "users.txt", "pool_mode": mode, "default_pool_size": 6, "logfile": folder / "log",
    }  # fmt: skip
    lines = "\n".join(f"{name} = {value}" for name, value in settings.items())
    (folder / "pool.ini").write_text(f"[databases]\n* = host={url.host} port={url.port}\n[pgbouncer]\n{lines}\n")
    user = {}
    if os.geteuid() == 0:  # pgbouncer does not run as root
        user = {"user": "nobody", "group": "nogroup", "extra_groups": []}
        for path in [folder, *folder.parents]:
            if path.owner() == "root" and not path.stat().st_mode & 1:
                path.chmod(0o755)
        folder.chmod(0o777)
    process = subprocess.Popen([POOLER, "-q", str(folder / "pool.ini")], stderr=subprocess.DEVNULL, **user)
    try:
        deadline = time.monotonic() + 20
        while process.poll() is None and time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.02)
        yield url.set(port=port).render_as_string(hide_password=False)
    finally:
        process.terminate()
        process.wait(10)


@pytest.mark.skipif(not POOLER, reason="pgbouncer is not installed (Debian: apt-get install pgbouncer)")
@pytest.mark.parametrize("mode", ["session", "transaction"])
def test_a_pooler_in_session_and_in_transaction_mode_serves_a_whole_load(platform, only, tmp_path, monkeypatch, mode):
    platform.source(
        """create table many (id int primary key, words text, updated_at timestamptz default now());
        insert into many select n, repeat(md5(n::text), 3) from generate_series(1, 9000) n"""
    )
    only("many")
    monkeypatch.setattr("exactly_once.postgres.ctid_ranges.MIN_PARALLEL_PAGES", 1)  # several connections
    monkeypatch.setenv("SOURCES__POSTGRES__CONNECTIONS", "3")
    with pooler(platform, tmp_path / "pool", mode) as url:
        platform.write_services(postgres_url=url)
        load()
        platform.source(
            "update many set words = 'moved', updated_at = now() where id % 7 = 0; delete from many where id = 1"
        )
        assert counts(load(), "extracted")["many"] == 1286
        assert differences(platform, "many", "id") == []
        with closing(psycopg2.connect(url)) as other, other.cursor() as cursor:
            # A client that gets a connection which our load has used may write.
            for _ in range(6):
                cursor.execute(
                    "update many set words = words where id = 2; select current_setting('statement_timeout')"
                )
                other.commit()


@pytest.mark.skipif(not POOLER, reason="pgbouncer is not installed (Debian: apt-get install pgbouncer)")
def test_a_pooler_in_statement_mode_is_refused_in_one_line(platform, tmp_path):
    refused = pytest.raises(SourceReadError, match="session pool")
    with (
        pooler(platform, tmp_path / "pool", "statement") as url,
        refused,
        Snapshot(parse(url), SnapshotOptions(0.0)) as snapshot,
    ):
        _ = snapshot.engine


@contextmanager
def forwarder(port_of):
    """A TCP proxy on a free port: each connection goes to the port that `port_of` returns when it comes."""
    server = socket.create_server(("127.0.0.1", 0))

    def pump(source, target):
        try:
            while data := source.recv(65536):
                target.sendall(data)
        except OSError:
            pass
        finally:
            for one in (source, target):
                one.close()

    def accept():
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            upstream = socket.create_connection(("127.0.0.1", port_of()))
            for pair in ((client, upstream), (upstream, client)):
                threading.Thread(target=pump, args=pair, daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield server.getsockname()[1]
    server.close()


def test_a_snapshot_takes_an_address_as_text():
    with Snapshot("postgres://u:p@db.example/shop") as snapshot:
        assert (snapshot._address["host"], snapshot._address["password"]) == ("db.example", "p")
    with pytest.raises(PipelineError, match="it does not begin with postgresql://"):
        Snapshot("db.example")
