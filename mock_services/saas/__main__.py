"""Serve the vendor's API: `MOCK_SAAS_TOKEN=... python -m mock_services.saas --store .data/saas/store.db`."""

import os
import sys
from pathlib import Path

import uvicorn

from mock_services.arguments import Parser, positive_integer
from mock_services.saas import store
from mock_services.saas.app import create_app
from mock_services.system.private_files import keep_private


def main() -> int:
    """Seed an empty store and serve it; return the exit code. The token is a variable, because `ps` shows arguments."""
    parser = Parser(prog="python -m mock_services.saas", description="Serve a mock of the e-mail vendor's API.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8025)
    parser.add_argument("--store", type=Path, required=True, help="the SQLite file; created and seeded if missing")
    parser.add_argument("--scale", type=positive_integer, default=1, help="how much to seed")
    parser.add_argument("--requests-per-second", type=float, default=100)
    chosen = parser.parse_args()
    token = os.environ.get("MOCK_SAAS_TOKEN")
    if not token:
        print("mock_services.saas: there is no token: set MOCK_SAAS_TOKEN", file=sys.stderr)
        return 2
    keep_private()
    store.seed(chosen.store, chosen.scale)
    app = create_app(chosen.store, token, chosen.requests_per_second)
    uvicorn.run(app, host=chosen.host, port=chosen.port, log_level="warning", access_log=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
