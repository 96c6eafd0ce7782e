"""`make dashboard` on somebody else's machine: it prints its address, answers there, and contacts nobody else."""

import os
import re
import signal
import urllib.request

from tests.machine.conftest import SYSTEM_PYTHON


def test_the_dashboard_answers_at_the_address_that_it_prints(machine, hostile, recorder):
    # What it runs in is installed first: a package index may be behind a proxy.
    done = machine.run("make", ".venv-dashboard/.ready", f"PYTHON={SYSTEM_PYTHON}")
    assert done.returncode == 0, done.stdout + done.stderr
    before = len(recorder.received)
    empty = str(machine.home / "no warehouse [yet] #1")
    server = machine.start("make", "dashboard", f"PYTHON={SYSTEM_PYTHON}", **hostile | {"MAILBLAZE_DATA_DIR": empty})
    said = []
    try:
        for line in server.stdout:
            said.append(line)
            if line.startswith("Nothing to show yet"):
                break
        address = re.search(
            r"^The dashboard: (http://127\.0\.0\.1:\d+) \(Ctrl-C ends it\)$", "".join(said), re.MULTILINE
        )
        assert address, said
        assert said[-1] == "Nothing to show yet: There is no warehouse yet: `make run` makes one.\n"
        open_ = urllib.request.build_opener(urllib.request.ProxyHandler({})).open
        with open_(f"{address[1]}/?region=eu&region=us&%zz", timeout=60) as answer:
            assert b"MailBlaze" in answer.read()
        os.killpg(server.pid, signal.SIGINT)  # as a terminal does
        rest = server.communicate(timeout=60)[0]
    finally:
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGKILL)
    assert rest == "The dashboard has ended.\n"
    assert len(recorder.received) == before
