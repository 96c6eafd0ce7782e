"""Serve the dashboard on this machine (`make dashboard`); prints the address; Ctrl-C ends it."""

import os
from contextlib import suppress

from exactly_once.errors import PipelineError
from pipelines.configuration.private_files import keep_private
from pipelines.environment import data_dir

if __name__ == "__main__":  # before marimo is imported: its settings and logs would go into the home folder
    keep_private()
    with suppress(PipelineError):  # `current_mart` reports it
        os.environ |= dict.fromkeys(
            ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"), str(data_dir().resolve() / "dashboard")
        )

import argparse
import asyncio
import signal
import socket
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import marimo
import uvicorn

from dashboard import filters
from dashboard.mart import MartUnavailable, current_mart
from dashboard.status import read_status

HOST = "127.0.0.1"  # loopback only: the dashboard has no password
PORT = 2718


class PortTaken(Exception):
    """Another program listens on the port; the message is one line."""


def listen(port: int | None) -> socket.socket:
    """Return a listening socket on loopback: on `port`, or by default on 2718 or a free port.

    Raises:
        PortTaken: another program has the requested port.
    """
    for candidate in (port,) if port else (PORT, 0):
        found = socket.socket()
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            found.bind((HOST, candidate))
            found.listen(128)  # without it, two programs can bind the port
            return found
        except OSError as error:
            found.close()
            if port:
                raise PortTaken(
                    f"Port {port} is not available ({error.strerror}): choose another, make dashboard PORT={port + 1}."
                ) from None
    raise PortTaken("This machine has no free port.")


class AnnouncingServer(uvicorn.Server):
    """uvicorn's server; prints its address when it answers requests."""

    def __init__(self, config: uvicorn.Config, requested: int | None):
        super().__init__(config)
        self._requested = requested

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and print the address and the status of the data."""
        await super().startup(sockets)
        if self.started and sockets:
            port = sockets[0].getsockname()[1]
            if port not in (PORT, self._requested):
                print(f"Port {PORT} is taken by another program.")
            print(f"The dashboard: http://{HOST}:{port} (Ctrl-C ends it)", flush=True)
            asyncio.get_running_loop().run_in_executor(None, _print_status)  # a query on Snowflake may take seconds


def _print_status() -> None:
    try:
        print(read_status(current_mart()).summary(), flush=True)
    except MartUnavailable as error:
        print(f"Nothing to show yet: {error}", flush=True)


class NormalizeAddress:
    """ASGI middleware: redirect an address with repeated or unknown parameters to the address without them.

    marimo has parameters of its own (`file`, `session_id`), and passes repeated values in no defined order.
    """

    def __init__(self, app: Any):
        self._app = app

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Answer one request."""
        query = scope.get("query_string", b"")
        if scope["type"] == "http" and scope["path"] == "/" and query:
            given = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
            normal = await asyncio.to_thread(filters.normalize_parameters, given)
            if normal != given:
                address = f"/?{urlencode(normal)}" if normal else "/"
                await send({"type": "http.response.start", "status": 307, "headers": [(b"location", address.encode())]})
                await send({"type": "http.response.body"})
                return
        await self._app(scope, receive, send)


def serve(port: int | None = None) -> int:
    """Serve until SIGINT or SIGTERM; return the exit code.

    Raises:
        PortTaken: as in `listen`.
    """
    app: Any = (
        marimo.create_asgi_app(quiet=True).with_app(path="/", root=str(Path(__file__).with_name("app.py"))).build()
    )
    with listen(port) as listening:
        # Timeouts as in marimo's own command: connections persist, and a closed browser is noticed.
        config = uvicorn.Config(
            NormalizeAddress(app),
            log_level="error",
            timeout_keep_alive=300,
            ws_ping_interval=1,
            ws_ping_timeout=60,
            timeout_graceful_shutdown=1,
        )
        ended = []
        for number in (signal.SIGINT, signal.SIGTERM):  # uvicorn raises the signal again when it has ended
            signal.signal(number, lambda number, _frame: ended.append(number))
        AnnouncingServer(config, port).run(sockets=[listening])
    begin = "\r" if sys.stdout.isatty() else ""  # overwrites the ^C of the terminal
    print(f"{begin}The dashboard has ended.", flush=True)
    return 128 + signal.SIGTERM if signal.SIGTERM in ended else 0


def port_number(text: str) -> int:
    """Return a port from 1 to 65535; a type of argparse."""
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 1 to 65535")
    return int(text)


def main() -> int:
    """Serve the dashboard; return the exit code: 1 if the port is taken."""
    parser = argparse.ArgumentParser(prog="python -m dashboard.serve", description=__doc__)
    parser.add_argument("--port", type=port_number, help=f"this port only (default: {PORT} or a free port)")
    try:
        code = serve(parser.parse_args().port)
    except PortTaken as error:
        print(f"✗ {error}", file=sys.stderr)
        return 1
    # marimo has a thread for each open page, and none ends by itself; they only read.
    os._exit(code)


if __name__ == "__main__":
    sys.exit(main())
