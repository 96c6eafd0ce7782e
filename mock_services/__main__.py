"""The outside world by hand: `python -m mock_services up|down|status|traffic|faults|trouble|clean`."""

from mock_services import interrupts

if __name__ == "__main__":  # before the imports: Ctrl-C is one line from the start
    interrupts.watch()

import argparse
import errno
import os
import sys
from contextlib import suppress
from pathlib import Path

import psycopg2

from mock_services import services
from mock_services.arguments import Parser, up_to, whole
from mock_services.errors import ServiceError
from mock_services.private_files import keep_private
from mock_services.shell import ignore_foreign


def names(text: str) -> tuple[str, ...]:
    """Return the services of a comma-separated list."""
    found = tuple(part.strip() for part in text.split(",") if part.strip())
    for name in found:
        if name not in services.PORTS:
            raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(services.PORTS)}")
    if not found:
        raise argparse.ArgumentTypeError(f"it names none of {', '.join(services.PORTS)}")
    return found


def folder(text: str) -> Path:
    """Return a data folder by its path; an empty one is none."""
    path = Path(text or ".data")
    with suppress(RuntimeError):  # ~nobody: `check_folder` says it
        return path.expanduser()
    return path


def check_folder(path: Path) -> None:
    """Refuse what is no folder, and where none can be made.

    Raises:
        ServiceError: it says why.
    """
    try:
        if path.expanduser() != path:
            raise NotADirectoryError(errno.ENOTDIR, "there is no such user")
        there = next(place for place in (path.absolute(), *path.absolute().parents) if place.exists())
        if not there.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, f"{there} is a file")
        if there != path.absolute() and not os.access(there, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, f"{there} cannot be written to")
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or str(error).rstrip(".")
        raise ServiceError(
            f"no data folder can be at {str(path)[:60]!r} ({reason}): set MAILBLAZE_DATA_DIR or --data-dir to another"
        ) from None


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line: each command takes its own options only."""
    parser = Parser(prog="python -m mock_services", description=__doc__.partition(":")[0] + ".")
    parser.add_argument("--data-dir", type=folder, default=os.environ.get("MAILBLAZE_DATA_DIR") or ".data")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, what: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=what, description=what)
        command.add_argument("--data-dir", type=folder, default=argparse.SUPPRESS, help="where they keep their files")
        return command

    every = tuple(services.PORTS)
    up = add("up", "start and seed what does not run")
    up.add_argument("--scale", type=whole, default=os.environ.get("SCALE") or None, help="how much to seed (1)")
    up.add_argument("--only", type=names, default=every, help="these services, e.g. postgres,saas")
    up.add_argument("--no-wait", type=names, default=(), help="do not wait until these answer, e.g. prefect")
    down = add("down", "stop what runs")
    down.add_argument("--only", type=names, default=every, help="these services, e.g. saas")
    add("status", "show what runs and where; 3 where something does not")
    traffic = add("traffic", "live one business day in both sources")
    traffic.add_argument("--day", type=whole, help="which (the next)")
    faults = add("faults", "show what the API will do wrong, or say it")
    script = faults.add_mutually_exclusive_group()
    script.add_argument("--script", type=Path, help="a JSON file with a list of faults; [] ends what is left")
    script.add_argument("--seed", type=whole, help="make a script up from this number")
    faults.add_argument("--count", type=up_to(10_000), help="with --seed: how many faults to make up (10)")
    trouble = add("trouble", "let concurrent writers write to Postgres")
    trouble.add_argument("--seed", type=whole, default=1, help="what is written follows from it (1)")
    length = trouble.add_mutually_exclusive_group()
    length.add_argument("--seconds", type=whole, default=60, help="for how long (60)")
    length.add_argument("--transactions", type=whole, help="how many transactions instead")
    trouble.add_argument("--kill-every", type=whole, help="cut all connections every so many seconds")
    add("clean", "stop everything and remove what the services keep")
    return parser


def main() -> int:
    """Do one command; what goes wrong is one line and a non-zero exit."""
    known = parser()
    chosen = known.parse_args()
    if chosen.command == "faults" and chosen.count and not chosen.seed:
        known.error("--count needs --seed: it says how many faults to make up")
    keep_private()
    ignore_foreign()
    try:
        check_folder(chosen.data_dir)
        return run(chosen)
    except ServiceError as error:
        interrupts.check()
        print(f"mock_services: {error}", file=sys.stderr)
        return 1
    except psycopg2.Error as error:
        interrupts.check()  # Postgres's client makes an error of its own of Ctrl-C while it asks for rows
        log = chosen.data_dir / "logs" / "postgres.log"
        print(f"mock_services: Postgres broke off ({str(error).splitlines()[0]}): read {log}", file=sys.stderr)
        return 1


def run(chosen: argparse.Namespace) -> int:
    """Do what the command line says; return the exit code."""
    match chosen.command:
        case "up":
            services.up(chosen.data_dir, chosen.scale, chosen.only, chosen.no_wait)
        case "down":
            services.down(chosen.data_dir, chosen.only)
        case "status":
            return 0 if services.status(chosen.data_dir) else 3
        case "traffic":
            services.live_day(chosen.data_dir, chosen.day)
        case "faults":
            services.faults(chosen.data_dir, chosen.script, chosen.seed, chosen.count or 10)
        case "trouble":
            services.make_trouble(chosen.data_dir, chosen.seed, chosen.seconds, chosen.transactions, chosen.kill_every)
        case "clean":
            services.clean(chosen.data_dir)
    return 0


if __name__ == "__main__":
    interrupts.working()
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        interrupts.end()
    except Exception:
        interrupts.check()
        raise
