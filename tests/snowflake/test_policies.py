"""Policies after a dbt run: the nightly test finds a detached one, and a step before `destroy` detaches them."""

import pytest
from snowflake.connector.errors import ProgrammingError

from tests.snowflake.history import snowflake_settings
from tests.snowflake.offline import OfflineSnowflake
from tests.snowflake.warehouses import BUCKET, DATABASE, Snowflake, write_key

MART = f"{DATABASE}.MART"
TEST = ("test", "--select", "policies_are_where_they_are_declared")
POLICY = f"{MART}.ROWS_OF_REGION"


def test_after_a_build_every_table_has_what_dbt_declares(history):
    assert "PASS=1" in history.snowflake.dbt(*TEST)


@pytest.mark.parametrize(
    ("off", "on", "finding"),
    [
        (
            f"alter table {MART}.dim_contacts modify column email unset tag {MART}.PERSONAL_DATA_PERSON",
            f"alter table {MART}.dim_contacts modify column email set tag {MART}.PERSONAL_DATA_PERSON = 'masked'",
            ["dim_contacts.email: MASK_PERSON is declared and not attached"],
        ),
        (
            f"alter table {MART}.fct_messages modify column message_id set tag {MART}.PERSONAL_DATA_TEXT = 'masked'",
            f"alter table {MART}.fct_messages modify column message_id set tag {MART}.PERSONAL_DATA_ID = 'masked'",
            [
                "fct_messages.message_id: MASK_ID is declared and not attached",
                "fct_messages.message_id: MASK_TEXT is attached and not declared",
            ],
        ),
        (
            f"alter table {MART}.rpt_list_health drop row access policy {POLICY}",
            f"alter table {MART}.rpt_list_health add row access policy {POLICY} on (region)",
            ["rpt_list_health.region: ROWS_OF_REGION is declared and not attached"],
        ),
    ],
)
def test_a_policy_that_is_off_its_table_is_named_with_table_and_column(history, offline, off, on, finding):
    offline.execute(off)
    try:
        with pytest.raises(AssertionError) as said:
            history.snowflake.dbt(*TEST)
    finally:
        offline.execute(on)
    for line in finding:
        assert line in str(said.value)
    assert f"Got {len(finding)} result" in str(said.value)
    assert "PASS=1" in history.snowflake.dbt(*TEST)


def test_an_hourly_run_leaves_the_check_to_the_days_first(history):
    listed = history.snowflake.dbt("ls", "--selector", "hourly", "--resource-type", "test", "--quiet")
    assert "policies_are_where_they_are_declared" not in listed


def test_before_destroy_one_command_frees_the_row_policy(s3_server, tmp_path):
    """Terraform drops the policy while its tables are there, which Snowflake refuses."""
    with OfflineSnowflake(tmp_path / "offline", s3_server) as server:
        server.create_account_objects(DATABASE, BUCKET)
        server.execute(f"create schema {DATABASE}.SMOKE_1_MART")
        for table in ("MART.A", "MART.B", "SMOKE_1_MART.A"):
            held = f"(region varchar) with row access policy {POLICY} on (region) as (select 'eu' as region)"
            server.execute(f"create or replace transient table {DATABASE}.{table} {held}")
        server.execute(f"create or replace transient table {MART}.FREE (n int) as (select 1 as n)")
        with pytest.raises(ProgrammingError, match="attached"):
            server.execute(f"drop row access policy {POLICY}")
        side = Snowflake("dev", tmp_path / "dev", snowflake_settings(server.port, write_key(tmp_path)))
        said = side.dbt("run-operation", "drop_tables_with_policies")
        assert f"3 tables had the policy {POLICY}" in said
        assert f"dropped {DATABASE}.SMOKE_1_MART.A" in said
        server.execute(f"drop row access policy {POLICY}")
        left = server.execute(f"select table_schema, table_name from {DATABASE}.information_schema.tables")
        assert {row for row in left if "MART" in row[0]} == {("MART", "FREE")}
        # at no time does it hold rows without its policy
        sent = [entry["sql"].lower().split(f" {MART}.A".lower()) for entry in server.statements()]
        steps = [parts[0].split()[-2] for parts in sent if len(parts) > 1]
        assert steps[-3:] == ["truncate", "alter", "drop"]
