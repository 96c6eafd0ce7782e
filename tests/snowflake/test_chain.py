"""The production path, run without an account: what it loads, builds and prints.

Tested here: dlt's own snowflake destination and dbt-snowflake through Snowflake's own connector over HTTP, files
through the external stage. Not tested here: see docs/snowflake.md.
"""

import json
from decimal import ROUND_HALF_UP, Decimal

import pytest

from mock_services.saas import store
from pipelines.postgres import TABLES
from tests.pipelines.test_saas import ENDPOINTS, as_json, stored
from tests.snowflake.history import MRR, digests
from tests.snowflake.warehouses import DATABASE, Snowflake
from tests.support.compare import columns, source_rows


def test_every_mart_table_equals_the_one_of_duckdb(history):
    ours = digests(history.snowflake, "MART")
    assert ours == digests(history.duckdb, "MART")
    assert len(ours) == 23
    assert all(count for count, _ in ours.values())


def test_a_second_build_changes_nothing(history):
    before, after = history.digests
    assert before == after


def test_snapshots_equal_and_hold_history(history):
    def versions(warehouse):
        return {
            thing: sorted(
                # the time of a detected delete depends on the load
                warehouse.rows(
                    f"select {thing}_id, case when not is_deleted then changed_at end, dbt_valid_to is null "
                    f"from SNAPSHOTS.{thing}s_snapshot"
                )[1],
                key=str,
            )
            for thing in ("account", "subscription", "campaign", "contact")
        }

    ours = versions(history.snowflake)
    assert ours == versions(history.duckdb)
    for thing, rows in ours.items():
        assert any(not is_current for *_, is_current in rows), thing


def test_the_history_of_a_deleted_contact_ends_deleted_and_names_nobody(history):
    names, rows = history.snowflake.rows("select * from SNAPSHOTS.contacts_snapshot where dbt_valid_to is null")
    gone = {row[names.index("contact_id")] for row in rows if row[names.index("is_deleted")]}
    deleted = history.snowflake.rows("select contact_id from RAW.POSTGRES_CONTACTS where _deleted_at is not null")[1]
    assert gone == {contact_id for (contact_id,) in deleted} != set()
    assert not any("@" in str(value) for row in rows for value in row)
    assert not {"email", "first_name", "last_name", "birth_date", "attributes"} & set(names)


def test_a_day_of_traffic_leaves_closed_months_alone(history):
    after = dict(history.snowflake.rows(MRR)[1])
    newest_then = max(history.months)
    assert len(history.months) == 6
    for month in history.months.keys() - {newest_then}:
        assert after[month] == history.months[month] > 0, month
    assert history.snowflake.rows("select * from MART.dim_accounts_history where not is_current")[1]


def test_the_newest_month_is_what_the_source_bills_now(history):
    """Computes it from Postgres in Python; only the euro's rate comes from the warehouse."""
    sql = "select currency, usd_rate from INTERMEDIATE.int_exchange_rates order by month_starts_on"
    rates = dict(history.snowflake.rows(sql)[1])
    ((day, closing),) = history.snowflake.rows(
        "select measured_on, closing_mrr_usd from MART.rpt_mrr order by month_starts_on desc limit 1"
    )[1]
    paid = history.source(
        "select monthly_amount, coalesce(discount_rate, 0), currency from subscriptions "
        f"where started_on <= '{day}' and coalesce(ended_on, '{day}') >= '{day}' "
        "and (subscription_status = 'active' or subscription_status = 'cancelled' and ended_on is not null)"
    )
    assert closing == sum(
        cents(cents(amount * (1 - min(max(discount, Decimal(0)), Decimal(1)))) * rates[currency])
        for amount, discount, currency in paid
    )
    movements = history.snowflake.rows("select sum(change_usd) from MART.fct_mrr_movements")[1]
    assert movements == [(closing,)]


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_raw_equals_postgres_row_for_row(history, table):
    key = ", ".join(table.key_columns)
    names = ", ".join(name for name, _, _ in columns(history, table.name))
    sql = f"select {names} from RAW.POSTGRES_{table.name} where _deleted_at is null order by {key}"
    rows = [tuple(bytes(v) if isinstance(v, bytearray) else v for v in row) for row in history.snowflake.rows(sql)[1]]
    assert rows == list(source_rows(history, table.name, key))


@pytest.mark.parametrize("resource", ENDPOINTS)
def test_raw_equals_the_api_object_for_object(history, resource):
    is_alive = "_deleted_at is null" if ENDPOINTS[resource].deletes == "sweep" else "true"
    names, rows = history.snowflake.rows(f"select * from RAW.SAAS_{resource} where {is_alive}")
    landed = [
        {name: as_json(value) for name, value in zip(names, row, strict=True) if value is not None and name[0] != "_"}
        for row in rows
    ]
    theirs = stored(history, resource)
    assert len(landed) == len(theirs)
    for row in landed:
        body = theirs[row[ENDPOINTS[resource].key]]
        assert row == {name: value for name, value in body.items() if value is not None}


def test_an_object_that_the_vendor_removed_keeps_its_last_values(history):
    sql = "select suppression_id, email from RAW.SAAS_SUPPRESSIONS where _deleted_at is not null"
    gone = dict(history.snowflake.rows(sql)[1])
    assert len(gone) == store.read_changes(history.saas_store, 1)["suppressions"]["deleted"] > 0
    assert not gone.keys() & stored(history, "suppressions").keys()
    assert all(gone.values())


def test_a_password_signs_in_with_a_warning(history):
    settings = dict(history.snowflake.settings)
    del settings["DESTINATION__WAREHOUSE__CREDENTIALS__PRIVATE_KEY_PATH"]
    settings["DESTINATION__WAREHOUSE__CREDENTIALS__PASSWORD"] = "of-a-trial-account"  # noqa: S105
    trial = Snowflake("dev", history.snowflake.folder.parent / "trial", settings)
    output = trial.run("python", "pipelines/saas.py")
    assert "⚠ Snowflake signs in by password" in output
    assert "of-a-trial-account" not in output


def test_a_new_column_of_the_api_arrived(history):
    values = history.snowflake.rows("select distinct ab_test_variant from RAW.SAAS_CAMPAIGNS")[1]
    assert {value for (value,) in values} >= {"A", "B", None}


def test_json_is_json_in_staging_on_both(history):
    for warehouse in (history.snowflake, history.duckdb):
        rows = warehouse.rows("select settings, tags from STAGING.STG_SAAS__CAMPAIGNS")[1]
        assert all(isinstance(settings, dict) and isinstance(tags, list) for settings, tags in rows), (
            warehouse.environment
        )


def test_freshness_and_docs(history):
    assert "ERROR" not in history.snowflake.dbt("source", "freshness")
    history.snowflake.dbt("docs", "generate")
    catalog = json.loads((history.snowflake.folder / "target" / "catalog.json").read_text())
    assert "model.mailblaze.fct_email_events" in catalog["nodes"]


def test_files_come_through_the_external_stage(history, offline):
    copies = [entry["sql"] for entry in offline.statements() if entry["sql"].lstrip().startswith("COPY INTO")]
    assert copies
    for copy in copies:
        assert f"FROM @{DATABASE}.RAW.STG_S3_RAW/" in copy


def test_every_query_says_what_it_is_for(history, offline):
    tags = [e["sql"] for e in offline.statements() if "alter session set query_tag" in e["sql"].lower()]
    assert any('"pipeline": "postgres"' in tag and '"table": "postgres_contacts"' in tag for tag in tags)
    assert any("model.mailblaze.fct_email_events" in tag for tag in tags)


def test_no_statement_file_or_path_holds_a_secret(history, offline):
    places = [entry["sql"] for entry in offline.statements()]
    for folder in (history.snowflake.folder, history.duckdb.folder):
        files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".duckdb"]
        places += [str(path) for path in files] + [path.read_bytes().decode("utf-8", "replace") for path in files]
    assert len(places) > 300
    for name, secret in history.secrets.items():
        assert not any(secret in place for place in places), name
    assert not any("AWS_SECRET" in place for place in places[: len(offline.statements())])


def test_the_doctor_is_well_but_for_what_is_not_there(history):
    """Writes a row through the stage and reads it; fakesnow has no current warehouse and no LIST; no Prefect runs."""
    with pytest.raises(AssertionError) as failed:
        history.snowflake.run("python", "pipelines/doctor.py")
    wrong = [line for line in str(failed.value).splitlines() if line.startswith(("✗", "-"))]
    assert [line.split(":")[0] for line in wrong] == [
        "✗ warehouse role",
        "✗ stage postgres/",
        "✗ stage saas/",
        "✗ prefect",
        "- secrets",  # there are no AWS credentials
    ], failed.value
