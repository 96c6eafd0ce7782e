"""Progress is shown every minute: on the terminal and in Prefect's logs, and not with --quiet."""

import json
import re
import shutil
import time
import urllib.request

import pytest

ROWS = re.compile(r" +\d+\.\d s  \w+: (reading|writing Parquet|looking for deletes in) \w+: [\d,]+ rows, [\d,]+ rows/s")
JOBS = re.compile(
    r" +\d+\.\d s  \w+: (writing to the lake|copying into RAW|merging into RAW|loading): .*\d+ of \d+ jobs"
)
NODES = re.compile(r" +\d+\.\d s  dbt: \d+ of \d+ nodes done")


def forget(folder) -> None:
    """Remove the files of loads: the next one reads everything."""
    for path in ("dlt", "lake", "dp_mailblaze_demo_local_db.duckdb", "dp_mailblaze_demo_local_db.duckdb.wal"):
        shutil.rmtree(folder / path, ignore_errors=True) if (folder / path).is_dir() else (folder / path).unlink(
            missing_ok=True
        )


def logs(folder) -> list[str]:
    """Return the messages in the logs of the last flow run."""
    api = json.loads((folder / "services.json").read_text())["prefect_api_url"]

    def ask(what: str, body: dict) -> list[dict]:
        request = urllib.request.Request(f"{api}/{what}/filter", json.dumps(body).encode())  # noqa: S310
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return json.load(answer)

    (run,) = ask("flow_runs", {"sort": "START_TIME_DESC", "limit": 1})
    return [log["message"] for log in ask("logs", {"logs": {"flow_run_id": {"any_": [run["id"]]}}, "limit": 200})]


def test_a_run_says_what_it_is_at_and_prefect_has_the_same_lines(machine, data):
    done = machine.python("flows/elt.py", MAILBLAZE_DATA_DIR=str(data), timeout=900)
    assert done.returncode == 0, done.stderr
    lines = done.stderr.splitlines()
    for kind in (ROWS, JOBS, NODES):
        assert any(kind.match(line) for line in lines), (kind.pattern, lines)
    assert "\x1b" not in done.stderr
    assert len({line for line in lines if "reading what changed" in line}) == 2  # each once
    missing, until = lines, time.monotonic() + 60  # the server writes logs some time after it got them
    while missing and time.monotonic() < until:
        heard = {message.strip() for message in logs(data)}
        missing = [line for line in lines if line.partition(" s  ")[2] not in heard]
    assert missing == []


@pytest.mark.parametrize("command", [["pipelines/saas.py"], ["flows/elt.py"]])
def test_quiet_is_quiet(machine, data, command):
    forget(data)
    done = machine.python(*command, "--quiet", MAILBLAZE_DATA_DIR=str(data), timeout=900)
    assert (done.returncode, done.stderr) == (0, "")
