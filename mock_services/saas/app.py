"""The vendor's wire: three collections in pages, a bearer token, a rate limit and an OpenAPI page."""

import hmac
import json
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Annotated

from fastapi import Depends, FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException

from mock_services.saas import objects, store
from mock_services.saas.cursors import BadParameterError, read_after, read_cursor, write_cursor
from mock_services.saas.failures import failure
from mock_services.saas.faults import Fault, Script
from mock_services.saas.faulty_wire import FaultyWire
from mock_services.saas.limits import TokenBucket

Limit = Annotated[int, Query(ge=1, le=1000, description="Objects in a page.")]
Cursor = Annotated[str | None, Query(description="`next_cursor` of the page before.")]
ERRORS = {status: {"model": objects.Error} for status in (400, 401, 429)}


def create_app(
    path: Path, token: str, requests_per_second: float = 100, faults: Iterable[dict | Fault] = ()
) -> FaultyWire:
    """Return the API over a seeded store for the holder of one token; the rate limit counts only known tokens.

    `faults` is a script of what shall go wrong; `PUT /mock/faults` sets another while the API runs.
    """
    app = FastAPI(title="MailBlaze's e-mail vendor", version="1.0.0", docs_url="/docs", redoc_url=None)
    bucket, connection = TokenBucket(requests_per_second), store.connect(path)
    wire = FaultyWire(app, Script(faults))
    expected = f"Bearer {token}".encode()

    @app.middleware("http")
    async def guard(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        if not request.url.path.startswith("/v1/"):
            return await call_next(request)
        if not hmac.compare_digest(request.headers.get("authorization", "").encode(), expected):
            return failure(401, "unauthorized", "send a valid token as `Authorization: Bearer <token>`",
                           headers={"WWW-Authenticate": "Bearer"})  # fmt: skip
        is_refused = not bucket.take()
        headers = bucket.headers(is_refused)
        if is_refused:
            return failure(429, "rate_limited", f"wait {headers['Retry-After']} s", headers=headers)
        answer = await call_next(request)
        answer.headers.update(headers)
        return answer

    def serve(
        request: Request, collection: str, param: str, after: str | None, cursor: str | None, limit: int
    ) -> Response:
        for name in request.query_params:
            if name not in (param, "cursor", "limit"):
                raise BadParameterError(name, f"there is no parameter {name!r}; there are {param}, cursor and limit")
        place = max(read_after(param, after) if after is not None else (0, -1),
                    read_cursor(collection, cursor, token) if cursor is not None else (0, -1))  # fmt: skip
        found = store.page(connection, collection, *place, limit + 1)
        has_more, found = len(found) > limit, found[:limit]
        next_cursor = write_cursor(collection, *found[-1][:2], token) if has_more else None
        bodies = ",".join(body for _, _, body in found)
        tail = f'"next_cursor":{json.dumps(next_cursor)},"has_more":{json.dumps(has_more)}'
        return Response(f'{{"data":[{bodies}],{tail}}}', media_type="application/json")

    def collect(name: str, model: type, param: str) -> None:
        async def read(request: Request, after=None, cursor: Cursor = None, limit: Limit = 100) -> Response:
            return serve(request, name, param, after, cursor, limit)

        read.__annotations__["after"] = Annotated[str | None, Query(
            alias=param, description="Strictly later than this ISO-8601 instant; a zone is needed.",
            json_schema_extra={"format": "date-time"})]  # fmt: skip
        app.get(f"/v1/{name}", name=f"List {name}", response_model=objects.Page[model], responses=ERRORS,
                dependencies=[Depends(HTTPBearer(auto_error=False))])(read)  # fmt: skip

    collect("campaigns", objects.Campaign, "updated_after")
    collect("email_events", objects.EmailEvent, "received_after")
    collect("suppressions", objects.Suppression, "updated_after")

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        """Tell that the store is there."""
        connection.execute("select 1 from days").fetchone()
        return {"status": "ok"}

    # Not the vendor's: its OpenAPI page does not know of it, and it wants no token.
    @app.put("/mock/faults", include_in_schema=False)
    async def set_faults(faults: list[Fault]) -> dict:
        """Replace the script, and count requests from here."""
        wire.forget()
        wire.script.set(faults)
        return wire.script.as_json()

    @app.get("/mock/faults", include_in_schema=False)
    async def read_faults() -> dict:
        """Return the faults that are left and those that fired."""
        return wire.script.as_json()

    @app.exception_handler(BadParameterError)
    async def refuse(_: Request, error: BadParameterError) -> Response:
        return failure(400, "invalid_parameter", str(error), error.param)

    @app.exception_handler(RequestValidationError)
    async def refuse_type(_: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        return failure(400, "invalid_parameter", first["msg"], str(first["loc"][-1]))

    @app.exception_handler(HTTPException)
    async def refuse_path(_: Request, error: HTTPException) -> Response:
        return failure(error.status_code, "not_found" if error.status_code == 404 else "invalid_request", error.detail,
                       headers=error.headers)  # fmt: skip

    return wire
