"""What `make slim` reports of a change, in a repository of its own over a small RAW."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from tests.history.island import Island
from tests.history.raw import TABLES, Load, create, merge

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
MART = "{{ config(contract={'enforced': false}) }}\nselect 1 as figure\n"
STATUS = "dbt/models/marts/platform/rpt_data_status.sql"


def git(repository: Path, *arguments: str) -> str:
    who = ("-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false")
    command = ["git", "-C", str(repository), *who, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture(scope="module")
def raw(tmp_path_factory) -> Path:
    """A warehouse with the RAW of one load and a table of MART that a changed checkout has built already."""
    warehouse = tmp_path_factory.mktemp("data") / "dp_mailblaze_demo_ci_db.duckdb"
    create(warehouse)
    loads = [Load(f"{number}.000001", "saas", Island(1, number).load()) for number in range(4)]
    merge(warehouse, loads, turn=0)
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create schema MART; create table MART.rpt_tried_out as select 1 as figure")
    return warehouse


@pytest.fixture
def repository(tmp_path) -> Path:
    """A repository with the dbt project and one more mart in its second commit; the first, `bare`, has neither."""
    path = tmp_path / "repository"
    path.mkdir()
    git(path, "init", "--quiet", "--initial-branch=main")
    git(path, "commit", "--quiet", "--allow-empty", "-m", "nothing yet")
    git(path, "tag", "bare")
    shutil.copytree(ROOT / "dbt", path / "dbt", ignore=shutil.ignore_patterns("target", "logs", ".user.yml"))
    (path / "dbt/models/marts/rpt_given_up.sql").write_text(MART)
    git(path, "add", ".")
    git(path, "commit", "--quiet", "-m", "the project")
    return path


def slim(repository: Path, raw: Path, base: str, **settings: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tools.mart_diff", base, "--repository", str(repository)]
    where = {"MAILBLAZE_ENV": "ci", "MAILBLAZE_DATA_DIR": str(raw.parent)}
    return subprocess.run(command, cwd=ROOT, env=os.environ | where | settings, capture_output=True, text=True)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


def test_a_change_shows_its_rows_and_columns_and_builds_what_is_downstream(repository, raw):
    """One mart has a filter and other values, one a comment, one reads a variable with another value."""
    edit(repository / STATUS, "tables.row_count,", "tables.row_count + cast(tables.row_count > 2 as int) as row_count,")
    edit(
        repository / STATUS,
        "\nselect * from reported",
        "\nselect * from reported where row_count < 3 or source_name <> 'saas'",
    )
    with (repository / "dbt/models/marts/platform/rpt_restatements.sql").open("a") as file:
        file.write("-- Nothing but a comment.\n")
    edit(repository / "dbt/dbt_project.yml", "attribution_days: 30", "attribution_days: 60")
    (repository / "dbt/models/marts/rpt_tried_out.sql").write_text(MART)
    (repository / "dbt/models/marts/rpt_given_up.sql").unlink()
    with duckdb.connect(str(raw), read_only=True) as connection:
        rows = {name: connection.execute(f"select count(*) from RAW.{name}").fetchone()[0] for name in TABLES}
    before = raw.read_bytes()
    done = slim(repository, raw, "HEAD")
    assert done.returncode == 0, done.stdout + done.stderr
    left = {name: count for name, count in rows.items() if name.startswith("postgres") or count < 3}
    larger = sum(count > 2 for count in left.values())
    gone = len(rows) - len(left)
    assert larger > 1
    assert gone > 1
    assert (
        f"| `rpt_data_status` | 12 → {12 - gone} | {gone + larger} | {larger} | "
        f"{gone} keys gone; `row_count` in {larger} rows |"
    ) in done.stdout
    assert "same in every row and column: `fct_campaign_revenue`, `rpt_restatements`." in done.stdout
    assert "| 1 model | variable `attribution_days`: 30 → 60 | `fct_campaign_revenue` |" in done.stdout
    assert "| `rpt_tried_out` | 1 | | | new |" in done.stdout
    assert "| `rpt_given_up` | 1 | | | no longer in the project |" in done.stdout
    assert "Built and tested: 4 models, 6 tests, 4 unit tests, that is 14 of " in done.stdout
    assert raw.read_bytes() == before


def test_what_fails_is_named_and_the_rest_is_reported(repository, raw):
    edit(
        repository / "dbt/models/marts/lists/rpt_list_survival.sql", "select * from ", "select *, no_such_column from "
    )
    (repository / "dbt/tests/no_table_has_rows.sql").write_text(
        "select * from {{ ref('rpt_data_status') }} where row_count > 0\n"
    )
    git(repository, "rm", "--quiet", "dbt/tests/every_event_is_in_the_fact.sql")
    done = slim(repository, raw, "HEAD")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "✗ unit test `survival_multiplies_what_stayed_of_what_was_at_risk`\n\n~~~\n" in done.stdout
    assert 'Referenced column "no_such_column" not found' in done.stdout
    assert "✗ test `no_table_has_rows`\n\n~~~\nGot " in done.stdout
    assert "| 1 model | its text | `rpt_list_survival` |\n| 1 test | new | `no_table_has_rows` |\n" in done.stdout
    assert "| 1 test | gone | `every_event_is_in_the_fact` |" in done.stdout
    assert "Not built, and so not compared: `rpt_list_survival`." in done.stdout


def test_what_came_to_the_base_meanwhile_is_no_change_of_ours(repository, raw):
    git(repository, "switch", "--quiet", "--create", "ours")
    git(repository, "commit", "--quiet", "--allow-empty", "-m", "ours")
    git(repository, "switch", "--quiet", "main")
    edit(repository / STATUS, "\nselect * from reported", "\nselect * from reported limit 1")
    git(repository, "commit", "--quiet", "--all", "-m", "theirs")
    git(repository, "switch", "--quiet", "ours")
    done = slim(repository, raw, "main")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("\n\nNothing of dbt's project is modified.\n")


@pytest.mark.parametrize(
    ("base", "settings", "said"),
    [
        ("no-such-branch", {}, "✗ no-such-branch is no commit here"),
        ("bare", {}, "has no dbt/: there is nothing to compare with"),
        (
            "HEAD",
            {"MAILBLAZE_DATA_DIR": "/nowhere"},
            "✗ There is no warehouse /nowhere/dp_mailblaze_demo_ci_db.duckdb with a RAW",
        ),
        ("HEAD", {"MAILBLAZE_ENV": "dev"}, "✗ make slim copies a DuckDB file: set MAILBLAZE_ENV=local"),
    ],
)
def test_nothing_to_compare_with_is_one_line(repository, raw, base, settings, said):
    done = slim(repository, raw, base, **settings)
    assert done.returncode == 2
    assert said in done.stdout
    assert done.stdout.count("\n") == 1
