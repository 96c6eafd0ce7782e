"""An offline Snowflake: fakesnow over HTTP with corrections, in memory, on 127.0.0.1, until its stdin closes.

python serve.py --port 5601 --log statements.jsonl --s3 http://127.0.0.1:5602 [--without NAME ...]
"""

import argparse
import json
import os
import threading
import time
from pathlib import Path


def end_with_parent() -> None:
    """End this process when its stdin closes, that is, when its parent has ended, even by kill -9."""
    threading.Thread(target=lambda: (os.read(0, 1), os._exit(0)), daemon=True).start()


def log_statements(path: Path) -> None:
    """Write a JSON line for each statement of a client: when it came, its text, its error or null, its session."""
    import fakesnow.server as server
    from fakesnow.cursor import FakeSnowflakeCursor

    file, lock = path.open("a"), threading.Lock()
    execute, parse_one = FakeSnowflakeCursor.execute, server.parse_one

    def write(at: float, sql: str, error: BaseException | None, session: dict) -> None:
        who = {name: session.get(name) for name in ("number", "user", "role", "warehouse", "parameters")}
        line = {"at": at, "sql": sql, "error": error and f"{type(error).__name__}: {error}", "session": who}
        with lock:
            file.write(json.dumps(line) + "\n")
            file.flush()

    def logged_execute(self, command, *args, **options):
        if not options.get("server"):
            return execute(self, command, *args, **options)
        at, error = time.time(), None
        try:
            return execute(self, command, *args, **options)
        except BaseException as raised:
            error = raised
            raise
        finally:
            write(at, command, error, getattr(self._conn, "session", {}))

    def logged_parse(sql):
        try:
            return parse_one(sql)
        except BaseException as error:  # it never comes to execute
            write(time.time(), sql, error, {})
            raise

    FakeSnowflakeCursor.execute, server.parse_one = logged_execute, logged_parse


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--s3", required=True, help="URL of the S3 API that holds the files of external stages")
    parser.add_argument("--without", nargs="*", default=[], metavar="NAME", help="corrections to leave out")
    options = parser.parse_args()
    end_with_parent()

    import fakesnow.server as server
    import uvicorn

    from corrections import correct

    server.shared_fs.duck_conn.execute("set autoinstall_known_extensions = false")  # nothing is downloaded
    correct(options.s3, options.without)
    log_statements(options.log)
    uvicorn.run(server.app, host="127.0.0.1", port=options.port, log_level="warning")


if __name__ == "__main__":
    main()
