"""What only an account can tell: each question with its statements, the wanted answer, and a probe.

`make smoke-snowflake` asks them in the scratch schemas of its run and prints a table; docs/snowflake.md has the same
list (`python -m tools.snowflake_smoke.account_probes`). The offline Snowflake is not asked what it cannot answer.
"""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

from tools.snowflake_smoke.parallel_calls import LONG, at_once
from tools.snowflake_smoke.question import QUESTIONS, Account, Answer, Session, equal, for_a_person, question

RACES = 20  # times that a second session reads at once what a first one committed
WAITERS = 16  # parallel statements: two pipelines with eight workers each
PATIENCE = 30  # attempts, one a second, until they all wait
# Snowflake's error if a privilege is missing: "Insufficient privileges", "does not exist or not authorized".
NO_PRIVILEGE, NOT_AUTHORIZED = 3001, 2003


@question(
    "Who is the loader's session?",
    sql=["SELECT CURRENT_ROLE(), CURRENT_WAREHOUSE()"],
    wanted="LOADER, LOAD_WH",
    why="The bill and the grants are by role and warehouse; `make doctor` asks the same.",
)
def session_of_loader(account: Account, sql: Sequence[str]) -> Answer:
    with account.session() as session:
        return equal(session.rows(sql[0]), [("LOADER", "LOAD_WH")])


@question(
    "Does the storage integration let Snowflake list the bucket?",
    sql=["LIST @{stage}"],
    wanted="the files of this run",
    why="Without it nothing loads. The trust of the AWS role is Terraform's (terraform/README.md).",
)
def storage_integration(account: Account, sql: Sequence[str]) -> Answer:
    account.put("listed.parquet", {"ID": numbers(1)})
    with account.session() as session:
        names = [str(row["name"]) for row in session.shown(sql[0])]
    return Answer(f"{len(names)} files", any(name.endswith("listed.parquet") for name in names))


@question(
    "Can TRANSFORMER not write RAW, and LOADER not read MART?",
    sql=["CREATE TABLE {database}.RAW.PROBE_NOT_MINE (ID INT)", "SELECT * FROM {database}.MART.DIM_ACCOUNTS LIMIT 0"],
    wanted="both are refused for want of a right",
    why=(
        "docs/security.md promises it for the real schemas; Terraform's plan shows the grants, not their effect. "
        "A table that is created anyway is dropped at once. `?`: MART is not built yet."
    ),
)
def grants_hold(account: Account, sql: Sequence[str]) -> Answer:
    passed = [] if is_refused(account, "TRANSFORMER", sql[0], is_not_allowed) else ["TRANSFORMER"]
    if passed:
        with account.session("TRANSFORMER") as session:
            session.rows(f"DROP TABLE {account.database}.RAW.PROBE_NOT_MINE")
    if is_refused(account, "TRANSFORMER", sql[1], is_not_allowed):
        return Answer("MART is not built yet", False if passed else None)
    passed += [] if is_refused(account, "LOADER", sql[1], is_not_allowed) else ["LOADER"]
    return Answer(f"passed: {', '.join(passed)}" if passed else "both are refused", not passed)


@question(
    "Can REPORTER read a table of MART that dbt created?",
    sql=["SHOW GRANTS ON TABLE {database}.MART.DIM_CONTACTS"],
    wanted="SELECT to REPORTER",
    why=(
        "Only a grant on future tables gives it. dbt sends no COPY GRANTS: with it a new table gets the grants of the "
        "old one, and no future grants. `?`: MART is not built yet."
    ),
)
def reporter_s_right(account: Account, sql: Sequence[str]) -> Answer:
    with account.session("TRANSFORMER") as session:
        try:
            rows = session.shown(sql[0])
        except Exception as error:
            if not is_not_allowed(error):
                raise
            return Answer("MART is not built yet", None)
    rights = [str(row["privilege"]) for row in rows if row["grantee_name"] == "REPORTER"]
    return Answer(f"{', '.join(rights) or 'nothing'} to REPORTER", rights == ["SELECT"])


@question(
    "Does a session see at once what another session committed?",
    sql=["INSERT INTO {raw}.PROBE_SEEN VALUES (1)", "SELECT count(*) FROM {raw}.PROBE_SEEN"],
    wanted=f"{RACES} times of {RACES}",
    why=(
        "A run reads the fencing token in one session and commits in others. If it does not, an administrator sets "
        "READ_CONSISTENCY_MODE = 'GLOBAL'. An UPDATE reads the newest state in any case: no overtaken run commits."
    ),
    is_offline=True,
    is_needed=False,
)
def read_consistency(account: Account, sql: Sequence[str]) -> Answer:
    with account.session() as writer, account.session() as reader:
        writer.rows(f"CREATE TABLE {account.raw}.PROBE_SEEN (ID INT)")
        seen = 0
        for number in range(1, RACES + 1):
            writer.rows(sql[0])
            seen += reader.rows(sql[1]) == [(number,)]
    return Answer(f"{seen} times of {RACES}", seen == RACES)


@question(
    "What does an UPDATE see that waited for a row of the fencing tokens?",
    sql=[
        "first: BEGIN TRANSACTION; DELETE FROM {raw}.PROBE_FENCE; INSERT INTO {raw}.PROBE_FENCE VALUES (2)",
        "second, which waits: UPDATE {raw}.PROBE_FENCE SET TOKEN = TOKEN WHERE TOKEN = 1",
        "first: COMMIT",
    ],
    wanted="it waits, and finds no row",
    why=(
        "An overtaken run must not find its token. If it does not wait or finds the old row, the newest token still "
        "decides: the statement compares with it."
    ),
)
def update_after_wait(account: Account, _: Sequence[str]) -> Answer:
    table = f"{account.raw}.PROBE_FENCE"
    with account.session() as first, account.session() as second:
        first.rows(f"CREATE TABLE {table} (TOKEN INT)")
        first.rows(f"INSERT INTO {table} VALUES (1)")
        first.rows("BEGIN TRANSACTION NAME PROBE_FIRST")
        first.rows(f"DELETE FROM {table}")
        first.rows(f"INSERT INTO {table} VALUES (2)")
        second.rows("BEGIN TRANSACTION NAME PROBE_SECOND")
        with at_once([lambda: second.rows(f"UPDATE {table} SET TOKEN = TOKEN WHERE TOKEN = 1")]) as running:
            time.sleep(3)
            has_waited = running.is_any_left()
            first.rows("COMMIT")
        second.rows("ROLLBACK")
    found = running.result(0)
    count = found[0][0] if found else None
    return Answer(f"{'it waited' if has_waited else 'it did not wait'}, {count} rows", has_waited and count == 0)


@question(
    f"Do {WAITERS} statements wait for one table, and none is refused?",
    sql=[
        "first: BEGIN TRANSACTION; UPDATE {raw}.PROBE_QUEUE SET N = N + 1",
        f"{WAITERS} others: UPDATE {{raw}}.PROBE_QUEUE SET N = N + 1",
        f"first, until {WAITERS} of them are WAITING: SHOW LOCKS; then COMMIT",
    ],
    wanted=f"N = {WAITERS + 1}, none refused, {WAITERS} waited at once",
    why=(
        "At most 20 may wait for a table. Two pipelines with eight workers each update one fencing table; a refused "
        "job is retried. If one is refused, lower `[load] workers`. An XS runs eight statements at a time "
        "(MAX_CONCURRENCY_LEVEL): if statements that wait for a lock count, the others wait for the warehouse, and "
        "the answer is `?`."
    ),
)
def waiters_on_one_table(account: Account, _: Sequence[str]) -> Answer:
    table = f"{account.raw}.PROBE_QUEUE"
    update = f"UPDATE {table} SET N = N + 1"

    def wait() -> list[tuple]:
        with account.session() as session:
            return session.rows(update)

    with account.session() as first:
        first.rows(f"CREATE TABLE {table} (N INT)")
        first.rows(f"INSERT INTO {table} VALUES (0)")
        first.rows("BEGIN TRANSACTION NAME PROBE_HOLDER")
        first.rows(update)
        with at_once([wait] * WAITERS) as running:
            waiting = most_waiting(first, "PROBE_QUEUE")
            first.rows("COMMIT")
        ((count,),) = first.rows(f"SELECT N FROM {table}")
    refused = [error for error in running.errors if error]
    got = f"N = {count}, {len(refused)} refused, {waiting} waited at once"
    if count != WAITERS + 1 or refused:
        return Answer(got, False)
    return Answer(got, True if waiting == WAITERS else None)


@question(
    "Does the next run end the transaction of a killed client?",
    sql=["SHOW TRANSACTIONS", "SELECT SYSTEM$ABORT_TRANSACTION(<id>)"],
    wanted="shown under its name with the loader's rights alone; gone after the claim, within a minute",
    why=(
        "If not, the next run waits until Snowflake ends it, five minutes or more, and reports that every half minute; "
        "after ten minutes it fails and prints these two statements."
    ),
    is_offline=True,
)
def detached_transaction(account: Account, sql: Sequence[str]) -> Answer:
    name = account.kill_in_transaction()
    with account.session() as session:
        before = {str(row["name"]).upper() for row in session.shown(sql[0])}
        began = time.monotonic()
        account.claim()
        seconds = time.monotonic() - began
        after = {str(row["name"]).upper() for row in session.shown(sql[0])}
    if name not in before:
        return Answer("it is not shown", False)
    is_gone = name not in after
    return Answer(f"{'gone' if is_gone else 'still there'} after {seconds:.0f} s", is_gone and seconds < LONG)


@question(
    "Are the statements of a disconnected client aborted, and does a login set its parameters?",
    sql=["SHOW PARAMETERS LIKE 'ABORT_DETACHED_QUERY' FOR USER", "SHOW PARAMETERS LIKE 'LOCK_TIMEOUT' IN SESSION"],
    wanted="true for both services, 600 for the loader",
    why=(
        "Terraform sets the first for the users, dbt's too; the loader sets the second at sign-in. `?`: the service "
        "may not see its user's parameters; an administrator checks."
    ),
)
def session_parameters(account: Account, sql: Sequence[str]) -> Answer:
    with account.session() as session:
        of_session = [str(row["value"]) for row in session.shown(sql[1])]
    of_users = {role: of_user(account, role, sql[:1]) for role in ("LOADER", "TRANSFORMER")}
    return parameters(
        {"LOADER's session": of_session, **of_users},
        {"LOADER's session": ["600"], "LOADER": ["true"], "TRANSFORMER": ["true"]},
    )


@question(
    "Does the next COPY load a file whose COPY was rolled back?",
    sql=[
        "BEGIN TRANSACTION; COPY INTO {raw}.PROBE_COPY FROM @{stage} FILES = ('rolled.parquet') …; ROLLBACK",
        "COPY INTO {raw}.PROBE_COPY FROM @{stage} FILES = ('rolled.parquet') …",
    ],
    wanted="1 row",
    why=(
        "A job whose transaction was rolled back is retried with the same file. If Snowflake remembers the file, the "
        "load succeeds without its rows: then the doctor's counts of RAW and source differ, and COPY needs FORCE."
    ),
)
def rolled_back_copy(account: Account, _: Sequence[str]) -> Answer:
    account.put("rolled.parquet", {"ID": numbers(1)})
    copy = copied(account, "PROBE_COPY", "rolled.parquet")
    with account.session() as session:
        session.rows(f"CREATE TABLE {account.raw}.PROBE_COPY (ID INT)")
        for statement in ("BEGIN TRANSACTION NAME PROBE_COPY", copy, "ROLLBACK", copy):
            session.rows(statement)
        return equal(session.rows(f"SELECT count(*) FROM {account.raw}.PROBE_COPY"), [(1,)])


@question(
    "Does a table remember its files after DELETE?",
    sql=["COPY INTO {raw}.PROBE_STATE …; DELETE FROM {raw}.PROBE_STATE; COPY INTO {raw}.PROBE_STATE …"],
    wanted="0 rows",
    why=(
        "A replay drops every table except that of the states, and skips the files whose states it has: correct in "
        "either case."
    ),
    is_needed=False,
)
def replay_beside_states(account: Account, _: Sequence[str]) -> Answer:
    return copied_again(account, "again.parquet", "PROBE_STATE", "DELETE FROM", 0)


@question(
    "Does a table forget its files with TRUNCATE?",
    sql=["COPY INTO {raw}.PROBE_EMPTIED …; TRUNCATE TABLE {raw}.PROBE_EMPTIED; COPY INTO {raw}.PROBE_EMPTIED …"],
    wanted="1 row",
    why="dlt empties staging tables by TRUNCATE. If it did not forget, one would lose a file that comes again.",
)
def truncate_forgets(account: Account, _: Sequence[str]) -> Answer:
    return copied_again(account, "emptied.parquet", "PROBE_EMPTIED", "TRUNCATE TABLE", 1)


@question(
    "Is TRUNCATE rolled back with its transaction?",
    sql=[
        "BEGIN TRANSACTION; TRUNCATE TABLE {raw}.PROBE_TRUNCATED; ROLLBACK",
        "SELECT count(*) FROM {raw}.PROBE_TRUNCATED",
    ],
    wanted="1 row",
    why=(
        "A run that was overtaken must not empty the staging tables of the next. If it is not, the merge of "
        "that run fails and is read again."
    ),
    is_offline=True,
)
def truncate_rolled_back(account: Account, sql: Sequence[str]) -> Answer:
    table = f"{account.raw}.PROBE_TRUNCATED"
    with account.session() as session:
        session.rows(f"CREATE TABLE {table} (ID INT)")
        session.rows(f"INSERT INTO {table} VALUES (1)")
        for statement in ("BEGIN TRANSACTION NAME PROBE_TRUNCATE", f"TRUNCATE TABLE {table}", "ROLLBACK"):
            session.rows(statement)
        return equal(session.rows(sql[1]), [(1,)])


@question(
    "Do ADD COLUMN and a concurrent COPY both succeed?",
    sql=[
        "first: BEGIN TRANSACTION; COPY INTO {raw}.PROBE_WIDER …",
        "second: ALTER TABLE {raw}.PROBE_WIDER ADD COLUMN NAME VARCHAR",
        "first: COMMIT",
    ],
    wanted="both end well, 1 row, 2 columns",
    why="A run that was overtaken can still add a column. If the COPY fails, its job is tried again.",
    is_needed=False,
)
def column_beside_copy(account: Account, _: Sequence[str]) -> Answer:
    account.put("wider.parquet", {"ID": numbers(1)})
    table = f"{account.raw}.PROBE_WIDER"
    with account.session() as first, account.session() as second:
        first.rows(f"CREATE TABLE {table} (ID INT)")
        first.rows("BEGIN TRANSACTION NAME PROBE_WIDER")
        first.rows(copied(account, "PROBE_WIDER", "wider.parquet"))
        with at_once([lambda: second.rows(f"ALTER TABLE {table} ADD COLUMN NAME VARCHAR")]) as running:
            time.sleep(3)
            first.rows("COMMIT")
        rows = first.rows(f"SELECT * FROM {table}")
    if running.errors[0]:
        return Answer(f"ADD COLUMN: {running.errors[0]}"[:200], False)
    return equal([len(rows), *(len(row) for row in rows)], [1, 2])


@question(
    "Does COPY keep every value and type?",
    sql=["COPY INTO {raw}.PROBE_TYPES FROM @{stage} FILES = ('types.parquet') …", "SELECT * FROM {raw}.PROBE_TYPES"],
    wanted="each value equal; JSON text in VARIANT is a VARCHAR",
    why=(
        "DuckDB converts differently. STAGING parses JSON text itself; a value that COPY changed would be loaded again "
        "by each load."
    ),
)
def types_of_copy(account: Account, sql: Sequence[str]) -> Answer:
    instant = datetime(2026, 3, 2, 12, 0, 0, 123456, UTC)
    sent: dict[str, tuple[str, Any, Any]] = {
        "BIG": ("NUMBER(19,0)", 2**62, pa.int64()),
        "EXACT": ("NUMBER(38,9)", Decimal("1234567890.123456789"), pa.decimal128(38, 9)),
        "REAL": ("FLOAT", 0.1, pa.float64()),
        "IS": ("BOOLEAN", True, pa.bool_()),
        "TEXT": ("VARCHAR", "ü'\"\n😀", pa.string()),
        "ON_DAY": ("DATE", instant.date(), pa.date32()),
        "AT": ("TIMESTAMP_LTZ(6)", instant, pa.timestamp("us", "UTC")),
        "LOCAL_AT": ("TIMESTAMP_NTZ(6)", instant.replace(tzinfo=None), pa.timestamp("us")),
        "BYTES": ("BINARY", b"\x00\xff", pa.binary()),
    }
    columns = {name: pa.array([value], kind) for name, (_, value, kind) in sent.items()}
    account.put("types.parquet", columns | {"DOC": pa.array(['{"a": 1}'])})
    definitions = ", ".join(f"{name} {kind}" for name, (kind, *_) in sent.items())
    with account.session() as session:
        session.rows(f"CREATE TABLE {account.raw}.PROBE_TYPES ({definitions}, DOC VARIANT)")
        session.rows(copied(account, "PROBE_TYPES", "types.parquet"))
        (row,) = session.rows(sql[1])
        kind = session.rows(f"SELECT TYPEOF(DOC) FROM {account.raw}.PROBE_TYPES")
    wrong = [f"{name} {got!r}" for got, (name, (_, value, _)) in zip(row, sent.items(), strict=False) if got != value]
    wrong += [] if kind == [("VARCHAR",)] else [f"DOC {kind}"]
    return Answer(", ".join(wrong) or "each value equal", not wrong)


@question(
    "Is a text or number that is too large refused and not truncated?",
    sql=["INSERT INTO {raw}.PROBE_NARROW SELECT 'four!', 1", "INSERT INTO {raw}.PROBE_NARROW SELECT 'a', 1000"],
    wanted="both are refused",
    why="A value that was cut would never equal the source's. RAW's texts have no length; keys and numbers have.",
)
def overflow_refused(account: Account, sql: Sequence[str]) -> Answer:
    with account.session() as session:
        session.rows(f"CREATE TABLE {account.raw}.PROBE_NARROW (NAME VARCHAR(4), N NUMBER(3,0))")
    passed = [
        statement.rpartition("SELECT ")[2]
        for statement in sql
        if not is_refused(account, "LOADER", statement, is_too_large)
    ]
    return Answer(f"passed: {'; '.join(passed)}" if passed else "both are refused", not passed)


@question(
    "What does TIMESTAMP mean, and in which zone are the services?",
    sql=["SHOW PARAMETERS LIKE 'TIMESTAMP_TYPE_MAPPING' FOR USER", "SHOW PARAMETERS LIKE 'TIMEZONE' FOR USER"],
    wanted="TIMESTAMP_NTZ, UTC for both services",
    why=(
        "Contracts name TIMESTAMP_NTZ, and the loader's session sets its zone; dbt's session has its user's, which "
        "Terraform sets. `?`: the service may not see its user's parameters; an administrator checks."
    ),
)
def timestamps(account: Account, sql: Sequence[str]) -> Answer:
    found = {role: of_user(account, role, sql) for role in ("LOADER", "TRANSFORMER")}
    return parameters(found, {role: ["TIMESTAMP_NTZ", "UTC"] for role in found})


@question(
    "Is the fencing table transient, with no time travel?",
    sql=["SHOW TABLES LIKE '_LOAD_FENCE' IN SCHEMA {raw}"],
    wanted="TRANSIENT, 0",
    why=(
        "Each load rewrites its row, and its history costs. A permanent table of an earlier version still works and is "
        "as safe."
    ),
    is_needed=False,
)
def fence_is_transient(account: Account, sql: Sequence[str]) -> Answer:
    with account.session() as session:
        found = [(str(row["kind"]), str(row["retention_time"])) for row in session.shown(sql[0])]
    return equal(found, [("TRANSIENT", "0")])


for_a_person(
    "masked",
    "Are names masked and rows of other regions hidden for REPORTER, with one policy a column?",
    sql=[
        "SELECT * FROM {mart}.DIM_CONTACTS LIMIT 5, as REPORTER",
        "USE SECONDARY ROLES NONE; SELECT count(*) FROM {mart}.DIM_CONTACTS",
    ],
    wanted="no name, no address, rows of its regions; then 0",
    why="The smoke run looks as REPORTER at its own MART, above this table; a person looks at the real one.",
)
for_a_person(
    "roles_of_people",
    "Does a role granted beside REPORTER show a person its data, and nothing more?",
    sql=[
        "GRANT ROLE REPORTER TO USER ANN; GRANT ROLE REGION_EU TO USER ANN",
        "as ANN: USE ROLE REPORTER; USE SECONDARY ROLES ALL; SELECT DISTINCT REGION FROM {mart}.DIM_CONTACTS",
        "GRANT ROLE PERSONAL_DATA TO USER ANN; as ANN: SELECT EMAIL FROM {mart}.DIM_CONTACTS LIMIT 5",
    ],
    wanted="eu alone, and masked; with PERSONAL_DATA the addresses",
    why=(
        "The policies name each role as a literal, which every edition of the manual documents. The smoke run checks "
        "one region's role itself; only people have PERSONAL_DATA."
    ),
)
for_a_person(
    "network_policy",
    "Is a service user refused from another address?",
    sql=["DESC USER LOADER_SVC", "a sign-in from outside allowed_addresses"],
    wanted="the policy's name; refused",
    why="Where no address was given to Terraform there is no policy, and keys alone protect the users.",
)
for_a_person(
    "monitor_mails",
    "Does the resource monitor mail?",
    sql=[
        "SELECT SYSTEM$START_USER_EMAIL_VERIFICATION('<a user of alert_users>')",
        "SHOW RESOURCE MONITORS",
        "ALTER RESOURCE MONITOR … SET CREDIT_QUOTA = <a little>, then back",
    ],
    wanted="a mail to each of `notify_users`, at 50, 75 and 90 %",
    why=(
        "Snowflake mails only users with a verified address. Without it the warehouses stop without a mail; the "
        "flow's own check warns."
    ),
)
for_a_person(
    "copy_memory",
    "How long does COPY remember a file?",
    sql=["COPY INTO … of a file that was loaded 65 days ago, VALIDATION_MODE = RETURN_ERRORS"],
    wanted="64 days",
    why="A pending package that is older than 30 days is quarantined and read again, so that less would do.",
)
for_a_person(
    "what_is_metered",
    "Which statements start a warehouse, and what is metered, when?",
    sql=[
        "SELECT WAREHOUSE_NAME, QUERY_TYPE, count(*) FROM METERING.QUERY_HISTORY GROUP BY ALL",
        "SELECT * FROM METERING.WAREHOUSE_METERING_HISTORY",
    ],
    wanted="nothing of TRANSFORM_WH in an hour with nothing new; hours after three hours at most",
    why=(
        "The offline count assumes that SHOW, USE and ALTER SESSION start none. Only this shows credits and the "
        "savings of transient tables."
    ),
)
for_a_person(
    "policies_stay",
    "Does `terraform destroy` end after dbt has attached the policies?",
    sql=[
        "dbt run-operation drop_tables_with_policies",
        "SELECT * FROM TABLE(INFORMATION_SCHEMA.POLICY_REFERENCES(POLICY_NAME => '{mart}.ROWS_OF_REGION'))",
        "DROP ROW ACCESS POLICY {mart}.ROWS_OF_REGION",
        "DROP TAG {mart}.PERSONAL_DATA_PERSON",
    ],
    wanted="no row; both are dropped, with the tables still in time travel and the tag on columns of tables that stay",
    why=(
        "A policy in use cannot be dropped; terraform/README.md says what to drop first. If time travel counts as use, "
        "destroy waits for the retention, a day in dev."
    ),
)


def copied(account: Account, table: str, file: str) -> str:
    """Return the COPY of one file, as dlt sends it."""
    return (
        f"COPY INTO {account.raw}.{table} FROM @{account.stage} FILES = ('{file}') "
        "FILE_FORMAT = (TYPE = 'PARQUET', BINARY_AS_TEXT = FALSE, USE_LOGICAL_TYPE = TRUE) "
        "MATCH_BY_COLUMN_NAME='CASE_INSENSITIVE'"
    )


def numbers(*values: int) -> Any:
    """Return an array for a file."""
    return pa.array(values, pa.int64())


def copied_again(account: Account, file: str, table: str, emptied_by: str, wanted: int) -> Answer:
    """Copy a file into a table, empty it, copy the file again, and count."""
    account.put(file, {"ID": numbers(1)})
    name, copy = f"{account.raw}.{table}", copied(account, table, file)
    with account.session() as session:
        for statement in (f"CREATE TABLE {name} (ID INT)", copy, f"{emptied_by} {name}", copy):
            session.rows(statement)
        ((count,),) = session.rows(f"SELECT count(*) FROM {name}")
    return Answer(f"{count} row{'' if count == 1 else 's'}", count == wanted)


def is_not_allowed(error: Exception) -> bool:
    """Return whether an error of Snowflake's says that the role lacks a right."""
    return getattr(error, "errno", None) in (NO_PRIVILEGE, NOT_AUTHORIZED)


def is_too_large(error: Exception) -> bool:
    """Return whether Snowflake refuses a value: the standard has a class of SQLSTATEs for that, 22."""
    return str(getattr(error, "sqlstate", None)).startswith("22")


def is_refused(account: Account, role: str, statement: str, is_meant: Callable[[Exception], bool]) -> bool:
    """Return whether the warehouse refuses a role's statement for the expected reason.

    Raises:
        Exception: it fails for another reason.
    """
    with account.session(role) as session:
        try:
            session.rows(statement)
        except Exception as error:
            if not is_meant(error):
                raise
            return True
    return False


def of_user(account: Account, role: str, statements: Sequence[str]) -> list[str] | None:
    """Return parameters of a service's user; None if the service may not see them."""
    with account.session(role) as session:
        try:
            return [str(row["value"]) for statement in statements for row in session.shown(statement)]
        except Exception as error:
            if not is_not_allowed(error):
                raise
            return None


def parameters(found: dict[str, list[str] | None], wanted: dict[str, list[str]]) -> Answer:
    """Return the answer about the parameters of each role; a role that may not see them is left out."""
    got = "; ".join(f"{who}: {', '.join(has) or 'nothing' if has is not None else '?'}" for who, has in found.items())
    if any(has is not None and has != wanted[who] for who, has in found.items()):
        return Answer(got, False)
    return Answer(got, None if None in found.values() else True)


def most_waiting(session: Session, table: str) -> int:
    """Return the highest number of concurrent waits for a table, once all wait or no more come."""
    most = 0
    for _ in range(PATIENCE):
        locks = session.shown("SHOW LOCKS")
        waiting = [row for row in locks if row["status"] == "WAITING" and str(row["resource"]).endswith(f".{table}")]
        most = max(most, len(waiting))
        if most >= WAITERS:
            break
        time.sleep(1)
    return most


def ask_all(account: Account, is_account: bool, say: Callable[[str], None] = print) -> bool:
    """Ask every question, print the table, and return whether every needed answer is the wanted one."""
    say("")
    say("What only an account can tell (docs/snowflake.md):")
    is_well = True
    for one in QUESTIONS:
        answer = one.ask(account, is_account)
        mark = {True: "✓", False: "✗" if one.is_needed else "!", None: "?"}[answer.is_wanted]
        say(f"{mark} {one.text} | wanted: {one.wanted} | got: {answer.got}")
        is_well = is_well and mark != "✗"
    return is_well


def page() -> str:
    """Return the list as docs/snowflake.md has it."""
    lines = ["| question | statements | wanted | why, and what holds in either case |", "|---|---|---|---|"]
    places = {"database": "DB", "raw": "RAW", "mart": "MART", "stage": "RAW.STG_S3_RAW/…/"}
    for one in QUESTIONS:
        statements = "<br>".join(f"`{sql.format(**places)}`" for sql in one.sql)
        asked = (" (a person)" if not one.probe else "") + ("" if one.is_needed else " (`!`: not needed)")
        lines.append(f"| {one.text}{asked} | {statements} | {one.wanted} | {one.why} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(page(), end="")
