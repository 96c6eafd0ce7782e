"""The mock API, counted: `MOCK_SAAS_TOKEN=... python -m tools.bench.counting_api STORE PORT PERMITTED`."""

import json
import os
import sys
from collections import Counter
from pathlib import Path

import uvicorn

from mock_services.saas.app import create_app


class Counted:
    """An ASGI app that counts the responses of another by status; GET /counts returns them, and is not counted."""

    def __init__(self, app) -> None:
        self._app = app
        self._answers: Counter[int] = Counter()

    async def __call__(self, scope, receive, send) -> None:
        """Answer one request."""
        if scope.get("path") == "/counts":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": json.dumps(self._answers).encode()})
            return

        async def counting(message) -> None:
            if message["type"] == "http.response.start":
                self._answers[message["status"]] += 1
            await send(message)

        await self._app(scope, receive, counting)


if __name__ == "__main__":
    store, port, permitted = sys.argv[1:]
    app = Counted(create_app(Path(store), os.environ["MOCK_SAAS_TOKEN"], float(permitted)))
    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="warning", access_log=False)
