"""dbt as the flow runs it: each failed node is named once, with its reason, its file and the next command."""

import re

import pytest

from exactly_once.errors import PipelineError
from flows.dbt_build.invocation import invoke_dbt
from flows.dbt_build.results import failure_line, short_reason

pytestmark = pytest.mark.integration

PROJECT = {
    "dbt_project.yml": "{name: shop, version: '1.0.0', profile: shop, flags: {send_anonymous_usage_stats: false}}",
    "profiles.yml": "{shop: {target: t, outputs: {t: {type: duckdb, path: '@/shop.duckdb', threads: 2}}}}",
    "models/orders.sql": "select 1 as order_id",
    "models/broken.sql": "select 1 + no_such_column as total from (select 1 as order_id) as one",
    "models/behind.sql": "select * from {{ ref('broken') }}",
    "models/shop.yml": "models: [{name: orders, columns: [{name: order_id, data_tests: [{accepted_values: "
    "{arguments: {values: [2]}}}]}]}]",
}


@pytest.fixture
def project(tmp_path, monkeypatch):
    for name in ("DBT_TARGET_PATH", "DBT_LOG_PATH"):
        monkeypatch.delenv(name, raising=False)
    for name, text in PROJECT.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text.replace("@", str(tmp_path)))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_failed_nodes_are_named_once_with_reason_and_file(project, capfd):
    line = failure_line(invoke_dbt(["build", "--project-dir", ".", "--profiles-dir", "."], project, node_tasks=False))
    shown = capfd.readouterr()
    assert line.startswith("dbt: 2 of 4 nodes failed, 1 skipped: ")
    assert "\n" not in line
    assert "\x1b" not in line
    for name, why in (("broken", "no_such_column"), ("accepted_values_orders_order_id__2", "Got 1 result")):
        assert len(re.findall(rf"{name} \([^)]*target/compiled/[^)]*\.sql\): [^;]*{why}", line)) == 1, line
    assert "behind" not in line
    assert re.search("Type dbt build --select .*broken.* --project-dir dbt --profiles-dir dbt$", line)
    assert (shown.out, "no_such_column" in shown.err) == ("", False)


def test_a_project_that_cannot_be_read_is_one_line(project, capfd):
    (project / "models/broken.sql").write_text("select * from {{ ref('nobody') }}")
    with pytest.raises(PipelineError, match=r"dbt: .*nobody.* Nothing was built") as refused:
        invoke_dbt(["build", "--project-dir", ".", "--profiles-dir", "."], project, node_tasks=False)
    assert "\n" not in str(refused.value)
    assert capfd.readouterr().out == ""


def test_a_reason_is_what_the_database_said():
    message = (
        "\x1b[31mRuntime Error in model fct_messages (models/marts/fct_messages.sql)\x1b[0m\n"
        '  Binder Error: Referenced column "x" not found in FROM clause!\n'
        '  Candidate bindings: "a"\n\n  LINE 12:   x\n            ^\n'
        "  compiled code at dbt/target/compiled/fct_messages.sql"
    )
    expected = 'Binder Error: Referenced column "x" not found in FROM clause! Candidate bindings: "a"'
    assert short_reason(message) == expected
