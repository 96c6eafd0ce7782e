"""The audit of the locks against a stub of OSV: known vulnerabilities are reported, and no answer is a failure."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.workflows.audit import ROOT, main

LOCKS = [Path("tests/image/requirements.lock")]


class Osv(BaseHTTPRequestHandler):
    """Knows one vulnerability, of urllib3."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["package"]["name"]
        ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99.0"}]}]
        affected = [{"package": {"name": asked, "ecosystem": "PyPI"}, "ranges": ranges}]
        known = [{"id": "PYSEC-2026-1", "summary": "made up", "modified": "2026-01-01T00:00:00Z", "affected": affected}]
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"vulns": known} if asked == self.server.vulnerable else {}).encode())

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def osv() -> Iterator[ThreadingHTTPServer]:
    """The service on a free port of loopback; `vulnerable` names the package of which it knows something."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Osv)
    server.vulnerable = ""
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def url(server: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_port}/query"


def test_what_nobody_knows_anything_of_is_well(osv, capsys):
    assert main(LOCKS, "--osv-url", url(osv)) == 0
    assert capsys.readouterr().out == f"✓ {LOCKS[0]}\n"


def test_what_is_known_is_said_with_what_fixes_it(osv, capsys):
    osv.vulnerable = "urllib3"
    assert main(LOCKS, "--osv-url", url(osv)) == 1
    said = capsys.readouterr().out.splitlines()
    assert said[0] == f"✗ {LOCKS[0]}"
    assert said[1].split(":")[1:] == [" PYSEC-2026-1, fixed in 99.0"]


def test_a_service_that_is_away_is_one_line_and_no_pass():
    command = [sys.executable, "tests/workflows/audit.py", "--osv-url", "http://127.0.0.1:9/query"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("✗ ")
    assert "could not be reached" in done.stderr
    assert done.stderr.count("\n") == 1
