"""The outside world by hand: `python -m mock_services up|down|status|traffic|faults|trouble|clean`."""

from mock_services import interrupts

if __name__ == "__main__":  # before the imports: Ctrl-C is one line from the start
    interrupts.watch()

import argparse
import os
import sys
from pathlib import Path

import psycopg2

from mock_services import services
from mock_services.errors import ServiceError
from mock_services.shell import ignore_foreign


def whole(text: str) -> int:
    """Return a whole number from 1 on."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)


def names(text: str) -> tuple[str, ...]:
    """Return the services of a comma-separated list."""
    found = tuple(part.strip() for part in text.split(",") if part.strip())
    for name in found:
        if name not in services.PORTS:
            raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(services.PORTS)}")
    return found


def main() -> int:
    """Do one command; what goes wrong is one line and a non-zero exit."""
    parser = argparse.ArgumentParser(prog="python -m mock_services", description=__doc__)
    parser.add_argument("command", choices=("up", "down", "status", "traffic", "faults", "trouble", "clean"))
    parser.add_argument("--data-dir", type=Path, default=Path(os.environ.get("MAILBLAZE_DATA_DIR") or ".data"))
    parser.add_argument("--scale", type=whole, default=os.environ.get("SCALE") or None, help="up: how much to seed")
    parser.add_argument("--day", type=whole, help="traffic: the day to live (default: the next)")
    parser.add_argument(
        "--only", type=names, default=tuple(services.PORTS), help="up: these services, e.g. postgres,saas"
    )
    parser.add_argument("--no-wait", type=names, default=(), help="up: do not wait until these answer, e.g. prefect")
    parser.add_argument("--script", type=Path, help="faults: a JSON list of what the API shall do wrong; [] ends it")
    parser.add_argument("--count", type=whole, default=10, help="faults: how many to make up")
    parser.add_argument(
        "--seed", type=whole, help="faults: make up a script from it; trouble: what is written follows from it (1)"
    )
    parser.add_argument("--seconds", type=whole, default=60, help="trouble: how long concurrent writers write")
    parser.add_argument("--transactions", type=whole, help="trouble: how many transactions instead")
    parser.add_argument("--kill-every", type=whole, help="trouble: cut all connections every so many seconds")
    chosen = parser.parse_args()
    ignore_foreign()
    try:
        match chosen.command:
            case "up":
                services.up(chosen.data_dir, chosen.scale, chosen.only, chosen.no_wait)
            case "down":
                services.down(chosen.data_dir)
            case "status":
                return 0 if services.status(chosen.data_dir) else 3
            case "traffic":
                services.live_day(chosen.data_dir, chosen.day)
            case "faults":
                services.faults(chosen.data_dir, chosen.script, chosen.seed, chosen.count)
            case "trouble":
                services.make_trouble(
                    chosen.data_dir, chosen.seed or 1, chosen.seconds, chosen.transactions, chosen.kill_every
                )
            case "clean":
                services.clean(chosen.data_dir)
    except ServiceError as error:
        print(f"mock_services: {error}", file=sys.stderr)
        return 1
    except psycopg2.Error as error:
        log = chosen.data_dir / "logs" / "postgres.log"
        print(f"mock_services: Postgres broke off ({str(error).splitlines()[0]}): read {log}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    interrupts.working()
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        interrupts.end()
