"""Seed an existing Postgres: `MOCK_POSTGRES_URL=postgresql://… python -m mock_services.postgres`."""

from mock_services.system import interrupts

if __name__ == "__main__":
    interrupts.watch()

import os
import sys

import psycopg2

from mock_services.arguments import Parser, positive_integer
from mock_services.postgres.seed import seed
from mock_services.system.shell import ignore_foreign_variables


def main() -> int:
    """Seed the database; return the exit code. The URL is a variable, because `ps` shows arguments."""
    parser = Parser(prog="python -m mock_services.postgres", description="Seed MailBlaze's operational Postgres.")
    parser.add_argument("--scale", type=positive_integer, default=1, help="how much to seed")
    chosen = parser.parse_args()
    ignore_foreign_variables()
    url = os.environ.get("MOCK_POSTGRES_URL")
    if not url:
        print("mock_services.postgres: there is no URL: set MOCK_POSTGRES_URL", file=sys.stderr)
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
