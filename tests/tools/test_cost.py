"""The cost page is what the script writes; its lines equal those computed by hand; deployed values are as assumed."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tools.cost.__main__ import seconds_of_ledger
from tools.cost.assumptions import Assumptions
from tools.cost.month import (
    MEASURED,
    PRICES,
    MissingPrice,
    Prices,
    Seconds,
    Volume,
    bill,
    build_seconds,
    credits_of,
    read_prices,
    seconds_of,
    size_for,
    tier_months,
    with_every_test,
)
from tools.cost.page import filled

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "cost.md"


@pytest.fixture(scope="module")
def measured():
    return json.loads(MEASURED.read_text())


@pytest.fixture(scope="module")
def prices():
    return read_prices()


# Round ones, for what is computed by hand.
ROUND = {
    "snowflake_credit": 4,
    "fargate_vcpu_hour": 0.05,
    "fargate_gb_hour": 0.005,
    "secret_month": 0.4,
    "ecr_gb_month": 0.1,
}


def volume(measured, events=1e8, month=12, **other) -> Volume:
    return Volume(events, month, Assumptions(**other), measured)


def lines_of(found) -> dict[str, float]:
    return {line.name: line.usd for line in found.lines}


def test_the_page_is_what_the_script_writes(prices, measured):
    assert PAGE.read_text() == filled(PAGE.read_text(), prices, measured), (
        "type `make cost-page`, and read the difference"
    )


def test_another_price_makes_another_page(prices, measured):
    dearer = Prices(prices | {"snowflake_credit": prices["snowflake_credit"] + 0.1})
    assert PAGE.read_text() != filled(PAGE.read_text(), dearer, measured)


def test_a_page_that_lost_its_markers_is_refused(prices, measured):
    with pytest.raises(ValueError, match="answer"):
        filled("# What a month costs", prices, measured)


def test_a_warehouse_is_billed_for_its_work_and_for_the_minute_until_it_suspends():
    # 30 runs of 90 s and 60 s each: 4,500 s of 1 credit an hour.
    assert credits_of(30, 90, 60, "XS") == pytest.approx(1.25)
    # The same work on M takes 22.5 s and the same minute: 30 x 82.5 s of 4 credits an hour.
    assert credits_of(30, 90, 60, "M") == pytest.approx(2.75)
    # A start costs a minute, however soon it suspends.
    assert credits_of(60, 1, 0, "XS") == pytest.approx(1.0)


def test_the_smallest_size_that_is_fast_enough_is_taken():
    assert size_for(100, 100) == "XS"
    assert size_for(101, 100) == "S"
    assert size_for(100 * 512, 100) == "6XL"
    assert size_for(100 * 513, 100) is None


def test_bytes_grow_old_through_the_tiers():
    # In month 12 there are, on the average, 11.5 months of bytes: 1 in Standard, 2 in IA, 8.5 beyond.
    tiers = [(0, 1), (1, 3), (3, 99)]
    assert [tier_months(12, *tier) for tier in tiers] == [1, 2, 8.5]
    assert [tier_months(1, *tier) for tier in tiers] == [0.5, 0, 0]


def test_fargate_secrets_and_images_by_hand(prices, measured):
    found = lines_of(bill(volume(measured), Prices(prices | ROUND)))
    # 727.5 h of 1 vCPU and 2 GB at 0.06 an hour; 5 secrets; 2 GB.
    assert found["Fargate"] == pytest.approx(43.65)
    assert found["secrets"] == pytest.approx(2.0)
    assert found["ECR"] == pytest.approx(0.2)


def test_the_load_warehouse_by_hand(prices, measured):
    # 720 runs of 100 s, the reading between the first statements and the last, and 60 s until it suspends.
    v = volume(measured, days=30, read_events=1e8 / 720 / 10, swept_keys=1e18)
    found = bill(v, Prices(prices | ROUND), Seconds(100, 0))
    assert found.reading == pytest.approx(10)
    assert lines_of(found)["LOAD_WH"] == pytest.approx(720 * 170 / 3600 * 4)
    assert lines_of(found)["TRANSFORM_WH"] == pytest.approx(720 * 60 / 3600 * 4)


def test_a_month_with_nothing_new_has_two_builds_a_day(prices, measured):
    page = filled(PAGE.read_text(), prices, measured).partition("<!-- idle -->")[2].partition("<!-- /idle -->")[0]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in page.strip().splitlines()[2:]]
    transform = [row for row in rows if row[0].startswith("TRANSFORM_WH")]
    assert [row[1] for row in transform] == ["1", "1", "22"]
    assert all(float(row[4]) > 0.5 for row in transform[:2])
    # By hand: 30.4 days of a build's statements at half a second, four at once, its reads, and the minute behind it.
    seconds = build_seconds(volume(measured, 1e6), "daily build")
    assert float(transform[0][4]) == pytest.approx(30.4 * (seconds + 60) / 3600, abs=0.05)


def test_dev_s_credits_last_with_its_smoke_runs(prices, measured):
    page = filled(PAGE.read_text(), prices, measured).partition("<!-- dev -->")[2].partition("<!-- /dev -->")[0]
    *_, total, limit = [float(line.split("|")[2]) for line in page.strip().splitlines()[2:]]
    assert total * 1.2 < limit


def test_a_volume_that_outgrows_every_size_says_so(prices, measured):
    found = bill(volume(measured), prices, Seconds(10, 1e7))
    assert (found.load_size, found.build_size) == ("XS", None)


def test_fewer_runs_fewer_reads_and_fewer_seconds_cost_less(prices, measured):
    v = volume(measured)
    as_deployed = bill(v, prices)
    assert bill(v.under(loads_per_day=96), prices).usd > as_deployed.usd > bill(v.under(loads_per_day=1), prices).usd
    assert bill(v, prices, as_deployed.seconds.times(2)).usd > as_deployed.usd
    tested = bill(Volume(v.events, v.month, v.assumptions, with_every_test(measured)), prices)
    assert tested.seconds.build > as_deployed.seconds.build
    assert tested.seconds.load == as_deployed.seconds.load
    once = v.under(loads_per_day=1, whole_rows=1e12)  # so that each day's build runs every test
    assert seconds_of(once) == seconds_of(Volume(v.events, v.month, once.assumptions, with_every_test(measured)))


def test_the_ledger_says_the_seconds_of_a_run(tmp_path):
    ledger = tmp_path / "ledger.csv"
    ledger.write_text(
        "COST_ON,PIPELINE,STATEMENTS,WAREHOUSE_SECONDS,CREDITS,USD\n"
        "2026-11-01,postgres,900,240,0.1,0.3\n2026-11-01,saas,900,480,0.1,0.3\n2026-11-01,dbt,900,1200,0.1,0.3\n"
        "2026-11-02,saas,900,720,0.1,0.3\n2026-11-02,dbt,900,1200,0.1,0.3\n"
        "2026-11-02,(other),900,9999,0.1,0.3\n"  # what people ask is not a run's
    )
    assert seconds_of_ledger(ledger, loads_per_day=24) == Seconds(1440 / 48, 2400 / 48)


@pytest.mark.integration
@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("A,B\n1,2\n", "has no column cost_on, pipeline, warehouse_seconds"),
        ("COST_ON,PIPELINE,WAREHOUSE_SECONDS\n2026-11-01,(idle),0\n", "has no run"),
        (None, "There is no file"),
    ],
)
def test_what_is_no_ledger_is_one_line(tmp_path, text, says):
    ledger = tmp_path / "ledger.csv"
    if text:
        ledger.write_text(text)
    command = [sys.executable, "-m", "tools.cost", "--ledger", ledger]
    done = subprocess.run(command, cwd=MEASURED.parents[2], capture_output=True, text=True)
    assert done.returncode == 1
    assert says in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_missing_price_is_one_line(tmp_path, measured):
    less = tmp_path / "prices.csv"
    less.write_text("\n".join(line for line in PRICES.read_text().splitlines() if "kms_key_month" not in line))
    with pytest.raises(MissingPrice, match=r"^dbt/seeds/prices.csv has no price kms_key_month: add its line\.$"):
        bill(volume(measured), read_prices(less))


@pytest.mark.integration
def test_the_command_prints_the_sums():
    done = subprocess.run([sys.executable, "-m", "tools.cost"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() in PAGE.read_text()


@pytest.mark.parametrize(
    ("name", "file", "says"),
    [
        (
            "loads_per_day",
            "terraform/environments/prod/main.tf",
            r'"15 0-2,4-23 \* \* \*", full_build = "15 3 \* \* \*"',
        ),
        ("suspend", "terraform/modules/warehouse/main.tf", r"auto_suspend\s+= 60\b"),
        ("monthly_credits", "terraform/environments/prod/main.tf", r"monthly_credits\s+= 100\b"),
        ("dev_credits", "terraform/environments/dev/main.tf", r"monthly_credits\s+= 40\b"),
        (
            "dev_runs",
            "terraform/environments/dev/main.tf",
            r'"15 7-17 \* \* 1-5", full_build = "15 6 \* \* 1-5"',
        ),
        # A build in any case, and a new task, without a file of the last build, once a day.
        ("idle_builds", "prefect.yaml", r"MAILBLAZE_FULL_BUILD_CRON(?:.*\n){4}\s+full_build: true"),
        ("idle_builds", "terraform/environments/prod/main.tf", r"up = \"cron\(0 0 .*down = \"cron\(55 23 "),
        ("worker_hours", "terraform/environments/prod/main.tf", r"cron\(0 0 \* \* \? \*\).*cron\(55 23 \* \* \? \*\)"),
        ("vcpu, memory_gb", "terraform/modules/worker/variables.tf", r"cpu = 1024, memory = 2048"),
        ("log_months", "terraform/modules/worker/variables.tf", r'"log_days" {\s+type\s+= number\s+default\s+= 30\b'),
        ("keys_hourly", "exactly_once/postgres/source.py", r"\nKEYS_HOURLY = 10_000_000\b"),
        ("whole_rows", "flows/dbt_build/build_task.py", r"\nWHOLE_TABLE_ROWS, WHOLE_TABLE_DAY = 100_000_000, 0\b"),
        ("access_months", "terraform/modules/lake/variables.tf", r"infrequent_access = optional\(number, 30\)"),
        ("glacier_months", "terraform/modules/lake/variables.tf", r"glacier_instant\s+= optional\(number, 90\)"),
        ("kms_share", "terraform/modules/lake/main.tf", r"bucket_key_enabled = true"),
        ("history_days", "terraform/modules/platform/main.tf", r"retention_days\s+= var.force_destroy \? 1 : 7\b"),
        (
            "secrets",
            "terraform/modules/platform/settings.tf",
            r"secrets = setunion\(\s+\[(\"\w+\",? ?){4}\],\s+\{ api_key = \[\"\w+\"\]",
        ),
    ],
)
def test_what_is_laid_is_as_the_page_assumes(name, file, says):
    assert re.search(says, (ROOT / file).read_text()), f"{file} is not what tools/cost/assumptions.py says of {name}"
