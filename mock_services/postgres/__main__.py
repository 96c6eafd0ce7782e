"""Seed a Postgres that somebody else runs: `MOCK_POSTGRES_URL=postgresql://… python -m mock_services.postgres`."""

from mock_services import interrupts

if __name__ == "__main__":
    interrupts.watch()

import os
import sys

import psycopg2

from mock_services.arguments import Parser, whole
from mock_services.postgres.seed import seed
from mock_services.shell import ignore_foreign


def main() -> int:
    """Seed it, where it is not seeded yet; the URL comes from MOCK_POSTGRES_URL, for `ps` shows arguments."""
    parser = Parser(prog="python -m mock_services.postgres", description="MailBlaze's own Postgres")
    parser.add_argument("--scale", type=whole, default=1, help="how much to seed")
    chosen = parser.parse_args()
    ignore_foreign()
    url = os.environ.get("MOCK_POSTGRES_URL")
    if not url:
        print("mock_services.postgres: there is no address: set MOCK_POSTGRES_URL", file=sys.stderr)
        return 2
    try:
        print("seeded" if seed(url, chosen.scale) else "was seeded before")
    except (psycopg2.Error, ValueError) as error:
        interrupts.check()
        print(f"mock_services.postgres: {str(error).strip().splitlines()[0]}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    interrupts.working()
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        interrupts.end()
