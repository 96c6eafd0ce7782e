"""Control the mock services: `python -m mock_services up|down|status|traffic|faults|workload|clean`."""

from mock_services.system import interrupts

if __name__ == "__main__":  # before the imports, so that Ctrl-C never shows a traceback
    interrupts.watch()

import argparse
import errno
import os
import sys
from contextlib import suppress
from pathlib import Path

import psycopg2

from mock_services import commands
from mock_services.arguments import Parser, positive_integer, positive_integer_up_to
from mock_services.errors import ServiceError
from mock_services.system.private_files import keep_private
from mock_services.system.shell import ignore_foreign_variables


def service_names(text: str) -> tuple[str, ...]:
    """Return the services in a comma-separated list; a type of argparse."""
    found = tuple(part.strip() for part in text.split(",") if part.strip())
    for name in found:
        if name not in commands.PORTS:
            raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(commands.PORTS)}")
    if not found:
        raise argparse.ArgumentTypeError(f"it names none of {', '.join(commands.PORTS)}")
    return found


def data_folder(text: str) -> Path:
    """Return the data folder of a path, .data for an empty one; a type of argparse."""
    path = Path(text or ".data")
    with suppress(RuntimeError):  # ~nobody: `check_folder` reports it
        return path.expanduser()
    return path


def check_folder(path: Path) -> None:
    """Check that a folder exists or can be created.

    Raises:
        ServiceError: neither is true; the message says why.
    """
    try:
        if path.expanduser() != path:
            raise NotADirectoryError(errno.ENOTDIR, "there is no such user")
        existing = next(parent for parent in (path.absolute(), *path.absolute().parents) if parent.exists())
        if not existing.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, f"{existing} is a file")
        if existing != path.absolute() and not os.access(existing, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, f"{existing} cannot be written to")
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or str(error).rstrip(".")
        raise ServiceError(
            f"no data folder can be at {str(path)[:60]!r} ({reason}): set MAILBLAZE_DATA_DIR or --data-dir to another"
        ) from None


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line; each command has its own options only."""
    parser = Parser(prog="python -m mock_services", description="Control the mock services.")
    parser.add_argument("--data-dir", type=data_folder, default=os.environ.get("MAILBLAZE_DATA_DIR") or ".data")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, text: str, aliases: tuple[str, ...] = ()) -> argparse.ArgumentParser:
        command = subparsers.add_parser(name, help=text, description=text, aliases=aliases)
        command.add_argument(
            "--data-dir", type=data_folder, default=argparse.SUPPRESS, help="where services keep files"
        )
        return command

    every = tuple(commands.PORTS)
    up = add("up", "start and seed the services that do not run")
    scale = os.environ.get("SCALE") or None
    up.add_argument("--scale", type=positive_integer, default=scale, help="size of the seed (1)")
    up.add_argument("--only", type=service_names, default=every, help="these services, e.g. postgres,saas")
    up.add_argument("--no-wait", type=service_names, default=(), help="do not wait until these answer, e.g. prefect")
    down = add("down", "stop the services that run")
    down.add_argument("--only", type=service_names, default=every, help="these services, e.g. saas")
    add("status", "show which services run and where; 3 if one does not")
    traffic = add("traffic", "simulate one business day in both sources")
    traffic.add_argument("--day", type=positive_integer, help="which day (the next)")
    _add_fault_options(add("faults", "show or set the faults that the API injects"))
    _add_workload_options(add("workload", "run concurrent writers on Postgres", aliases=("trouble",)))
    add("clean", "stop all services and remove their files")
    return parser


def _add_fault_options(command: argparse.ArgumentParser) -> None:
    script = command.add_mutually_exclusive_group()
    script.add_argument("--script", type=Path, help="a JSON file with a list of faults; [] removes those that are left")
    script.add_argument("--seed", type=positive_integer, help="generate a script from this number")
    most = positive_integer_up_to(10_000)
    command.add_argument("--count", type=most, help="with --seed: number of generated faults (10)")


def _add_workload_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--seed", type=positive_integer, default=1, help="determines what is written (1)")
    length = command.add_mutually_exclusive_group()
    length.add_argument("--seconds", type=positive_integer, default=60, help="duration (60)")
    length.add_argument("--transactions", type=positive_integer, help="number of transactions, instead of a duration")
    command.add_argument("--kill-every", type=positive_integer, help="kill all connections every so many seconds")


def main() -> int:
    """Run one command and return the exit code; an error is one line."""
    parser = build_parser()
    arguments = parser.parse_args()
    if arguments.command == "faults" and arguments.count and not arguments.seed:
        parser.error("--count needs --seed: it is the number of generated faults")
    keep_private()
    ignore_foreign_variables()
    try:
        check_folder(arguments.data_dir)
        return run(arguments)
    except ServiceError as error:
        interrupts.check()
        print(f"mock_services: {error}", file=sys.stderr)
        return 1
    except psycopg2.Error as error:
        interrupts.check()  # libpq reports Ctrl-C during a query as an error of its own
        log = arguments.data_dir / "logs" / "postgres.log"
        print(f"mock_services: Postgres broke off ({str(error).splitlines()[0]}): read {log}", file=sys.stderr)
        return 1


def run(arguments: argparse.Namespace) -> int:
    """Run the command that was parsed; return the exit code."""
    match arguments.command:
        case "up":
            commands.up(arguments.data_dir, arguments.scale, arguments.only, arguments.no_wait)
        case "down":
            commands.down(arguments.data_dir, arguments.only)
        case "status":
            return 0 if commands.status(arguments.data_dir) else 3
        case "traffic":
            commands.simulate_day(arguments.data_dir, arguments.day)
        case "faults":
            commands.faults(arguments.data_dir, arguments.script, arguments.seed, arguments.count or 10)
        case "workload" | "trouble":  # the older name
            commands.run_workload(
                arguments.data_dir, arguments.seed, arguments.seconds, arguments.transactions, arguments.kill_every
            )
        case "clean":
            commands.clean(arguments.data_dir)
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
