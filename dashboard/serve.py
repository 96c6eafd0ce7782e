"""Serve the dashboard on this machine: `make dashboard`. It prints its address once it listens; Ctrl-C ends it."""

import os
from contextlib import suppress

from exactly_once.errors import PipelineError
from pipelines.configuration.private_files import keep_private
from pipelines.environment import data_dir

if __name__ == "__main__":  # before marimo is imported, whose settings and logs would go into the user's home
    keep_private()
    with suppress(PipelineError):  # said by whoever reads MART
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

from dashboard import choices
from dashboard.mart import Away, mart
from dashboard.status import status

HOST = "127.0.0.1"  # it asks nobody for a password
PORT = 2718


class Taken(Exception):
    """Another program listens on the port; the message is one line for a person."""


def listen(port: int | None) -> socket.socket:
    """Return a socket on loopback: on `port`, or, where none was asked for, on 2718 or any free one.

    Raises:
        Taken: another program has the port that was asked for.
    """
    for candidate in (port,) if port else (PORT, 0):
        found = socket.socket()
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            found.bind((HOST, candidate))
            found.listen(128)  # without it, two programs may have the port bound
            return found
        except OSError as error:
            found.close()
            if port:
                raise Taken(
                    f"Port {port} cannot be had ({error.strerror}): name another, make dashboard PORT={port + 1}."
                ) from None
    raise Taken("This machine has no free port.")


class Server(uvicorn.Server):
    """uvicorn's, which says where it is once requests are answered."""

    def __init__(self, config: uvicorn.Config, asked: int | None):
        super().__init__(config)
        self._asked = asked

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and sockets:
            port = sockets[0].getsockname()[1]
            if port not in (PORT, self._asked):
                print(f"Port {PORT} is taken by another program.")
            print(f"The dashboard: http://{HOST}:{port} (Ctrl-C ends it)", flush=True)
            asyncio.get_running_loop().run_in_executor(None, _say_state)  # Snowflake may take seconds


def _say_state() -> None:
    try:
        print(status(mart()).line(), flush=True)
    except Away as away:
        print(f"Nothing to show yet: {away}", flush=True)


class Tidy:
    """Sends a browser whose address asks for a filter twice, or for what is none of ours, to the address without that.

    marimo has parameters of its own (`file`, `session_id`), and hands several values over in no certain order.
    """

    def __init__(self, app: Any):
        self._app = app

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        query = scope.get("query_string", b"")
        if scope["type"] == "http" and scope["path"] == "/" and query:
            given = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
            tidy = await asyncio.to_thread(choices.tidy, given)
            if tidy != given:
                place = f"/?{urlencode(tidy)}" if tidy else "/"
                await send({"type": "http.response.start", "status": 307, "headers": [(b"location", place.encode())]})
                await send({"type": "http.response.body"})
                return
        await self._app(scope, receive, send)


def serve(port: int | None = None) -> int:
    """Serve until a signal; return the exit code.

    Raises:
        Taken: as in `listen`.
    """
    app: Any = (
        marimo.create_asgi_app(quiet=True).with_app(path="/", root=str(Path(__file__).with_name("app.py"))).build()
    )
    with listen(port) as listening:
        # As marimo's own command has them: browsers keep their connection, and one that is gone is noticed.
        config = uvicorn.Config(
            Tidy(app),
            log_level="error",
            timeout_keep_alive=300,
            ws_ping_interval=1,
            ws_ping_timeout=60,
            timeout_graceful_shutdown=1,
        )
        ended = []
        for number in (signal.SIGINT, signal.SIGTERM):  # uvicorn raises a signal again once it has ended
            signal.signal(number, lambda number, frame: ended.append(number))
        Server(config, port).run(sockets=[listening])
    begin = "\r" if sys.stdout.isatty() else ""  # over the ^C that a terminal shows
    print(f"{begin}The dashboard has ended.", flush=True)
    return 128 + signal.SIGTERM if signal.SIGTERM in ended else 0


def port_number(text: str) -> int:
    """Return a port from 1 to 65535."""
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 1 to 65535")
    return int(text)


def main() -> int:
    """Serve; 1 and one line where that cannot be."""
    parser = argparse.ArgumentParser(prog="python -m dashboard.serve", description=__doc__)
    parser.add_argument("--port", type=port_number, help=f"this port and no other ({PORT}, or a free one)")
    try:
        code = serve(parser.parse_args().port)
    except Taken as taken:
        print(f"✗ {taken}", file=sys.stderr)
        return 1
    # marimo has a thread for each open page, of which none ends by itself; they only read.
    os._exit(code)


if __name__ == "__main__":
    sys.exit(main())
