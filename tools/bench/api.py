"""The API read at its limit: `python -m tools.bench.api`. The mock vendor runs in a process of its own.

The limit is low, so that it binds and not the processors: dlt reads the real `saas` source as in a load, page by page,
with fewer events in a page than the vendor would give. What this does not show is a network's latency.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dlt
import httpx

from mock_services.saas import store
from mock_services.system.ports import free_port
from tools.bench.process import ROOT, environment

TOKEN = "a-token-of-the-bench"  # noqa: S105
PERMITTED = 40.0  # requests a second
EVENTS = 200  # in a page


def measure(permitted: float = PERMITTED, page_size: int = EVENTS) -> dict[str, Any]:
    """Read every event and return how well the quota was used.

    Args:
        permitted: requests a second that the vendor answers.
        page_size: events in an answer.

    Returns:
        `api_rate_used`, requests answered a second over those permitted, without the burst that a full quota allows;
        `refused_share`, answers 429 over all; `requests`; `events_per_second` and `permitted_events_per_second`;
        `seconds`.
    """
    from pipelines.saas import saas

    with tempfile.TemporaryDirectory() as folder, vendor(Path(folder), permitted) as url:
        source = saas(url, TOKEN, page_size=page_size, sweep=False).with_resources("email_events")
        pipeline = dlt.pipeline("bench_api", pipelines_dir=folder, destination="duckdb")
        began = time.monotonic()
        info = pipeline.extract(source)
        seconds = time.monotonic() - began
        answers = {int(status): count for status, count in httpx.get(f"{url}/counts").json().items()}
    requests, refused = sum(answers.values()), answers.get(429, 0)
    events = sum(table.items_count for steps in info.metrics.values() for table in steps[0]["table_metrics"].values())
    return {
        "api_rate_used": (answers[200] - permitted) / seconds / permitted,
        "refused_share": refused / requests,
        "requests": requests,
        "events_per_second": events / seconds,
        "permitted_events_per_second": permitted * page_size,
        "seconds": seconds,
    }


@contextmanager
def vendor(folder: Path, permitted: float) -> Iterator[str]:
    """Serve a seeded store for the time of a `with`, which gets the URL; answers so far are at /counts."""
    path, port = folder / "store.sqlite", free_port(None)
    store.seed(path, 1)
    command = [sys.executable, "-m", "tools.bench.counting_api", str(path), str(port), str(permitted)]
    server = subprocess.Popen(command, cwd=ROOT, env=environment({"MOCK_SAAS_TOKEN": TOKEN}))
    url = f"http://127.0.0.1:{port}"
    try:
        while True:
            try:
                httpx.get(f"{url}/counts")
                break
            except httpx.TransportError:
                if server.poll() is not None:
                    raise
                time.sleep(0.05)
        yield url
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
