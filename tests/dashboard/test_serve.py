"""`make dashboard` says where it is, takes a port that is free, and ends on a signal."""

import signal
import socket
import subprocess
import sys
import urllib.request

import pytest

from dashboard.serve import PORT, PortTaken, listen
from tests.dashboard.conftest import ROOT, started


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 143)])
def test_the_address_is_printed_once_it_answers_and_a_signal_ends_it_in_one_line(tmp_path, number, code):
    server, address = started(tmp_path)
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
            f"{address}/health", timeout=30
        ) as answer:
            assert answer.status == 200
        assert server.stdout.readline() == "Nothing to show yet: There is no warehouse yet: `make run` makes one.\n"
        server.send_signal(number)
        assert server.stdout.read() == "The dashboard has ended.\n"
        assert server.wait(30) == code
    finally:
        server.kill()
        server.wait()
        server.stdout.close()
    assert (tmp_path / "dashboard.log").read_text() == ""


def test_it_listens_on_loopback_and_where_nobody_asked_for_a_port_a_taken_one_is_no_obstacle():
    with listen(None) as first, listen(None) as second:
        assert {found.getsockname()[0] for found in (first, second)} == {"127.0.0.1"}
        assert first.getsockname()[1] != second.getsockname()[1] != PORT


def test_a_port_that_was_asked_for_and_is_taken_is_one_line():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(
            PortTaken, match=f"Port {port} is not available .*: choose another, make dashboard PORT={port + 1}"
        ):
            listen(port)


@pytest.mark.parametrize("port", ["0", "65536", "x", "-1", ""])
def test_what_is_no_port_is_one_line(port):
    command = [sys.executable, "-m", "dashboard.serve", f"--port={port}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith(f"{port!r} is not a port from 1 to 65535")
