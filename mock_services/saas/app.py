"""The vendor's API: three paginated collections, a bearer token, a rate limit and an OpenAPI page."""

import hmac
import json
import sqlite3
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException

from mock_services.saas import schemas, store
from mock_services.saas.cursors import BadParameterError, read_after, read_cursor, write_cursor
from mock_services.saas.error_responses import error_response
from mock_services.saas.fault_injection import FaultInjection
from mock_services.saas.faults import Fault, Script
from mock_services.saas.rate_limit import TokenBucket

Limit = Annotated[int, Query(ge=1, le=1000, description="Objects in a page.")]
Cursor = Annotated[str | None, Query(description="`next_cursor` of the page before.")]
ERRORS: dict[int | str, dict[str, Any]] = {status: {"model": schemas.Error} for status in (400, 401, 429)}


def create_app(
    path: Path, token: str, requests_per_second: float = 100, faults: Iterable[dict | Fault] = ()
) -> FaultInjection:
    """Return the API over a seeded store, for one token; only requests with the token count for the rate limit.

    `faults` is a script of faults to inject; `PUT /mock/faults` replaces it while the API runs.
    """
    app = FastAPI(title="MailBlaze's e-mail vendor", version="1.0.0", docs_url="/docs", redoc_url=None)
    connection = store.connect(path)
    _add_guard(app, token, TokenBucket(requests_per_second))
    for collection in schemas.COLLECTIONS:
        _add_collection(app, connection, collection, token)

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        """Tell that the store is there."""
        connection.execute("select 1 from days").fetchone()
        return {"status": "ok"}

    _add_error_handlers(app)
    injection = FaultInjection(app, Script(faults))
    _add_fault_routes(app, injection)
    return injection


def _add_guard(app: FastAPI, token: str, bucket: TokenBucket) -> None:
    """Refuse requests without the token, or above the rate limit."""
    expected = f"Bearer {token}".encode()

    @app.middleware("http")
    async def guard(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        if not request.url.path.startswith("/v1/"):
            return await call_next(request)
        if not hmac.compare_digest(request.headers.get("authorization", "").encode(), expected):
            headers = {"WWW-Authenticate": "Bearer"}
            message = "send a valid token as `Authorization: Bearer <token>`"
            return error_response(401, "unauthorized", message, headers=headers)
        is_refused = not bucket.take()
        headers = bucket.headers(is_refused)
        if is_refused:
            return error_response(429, "rate_limited", f"wait {headers['Retry-After']} s", headers=headers)
        answer = await call_next(request)
        answer.headers.update(headers)
        return answer


def _add_collection(app: FastAPI, connection: sqlite3.Connection, collection: schemas.Collection, token: str) -> None:
    name, param = collection.name, collection.after_param

    async def read(request: Request, after=None, cursor: Cursor = None, limit: Limit = 100) -> Response:
        for given in request.query_params:
            if given not in (param, "cursor", "limit"):
                raise BadParameterError(given, f"there is no parameter {given!r}; there are {param}, cursor and limit")
        position = max(
            read_after(param, after) if after is not None else (0, -1),
            read_cursor(name, cursor, token) if cursor is not None else (0, -1),
        )
        rows = store.page(connection, name, *position, limit + 1)
        has_more, rows = len(rows) > limit, rows[:limit]
        next_cursor = write_cursor(name, rows[-1][0], rows[-1][1], token) if has_more else None
        bodies = ",".join(body for _, _, body in rows)
        tail = f'"next_cursor":{json.dumps(next_cursor)},"has_more":{json.dumps(has_more)}'
        return Response(f'{{"data":[{bodies}],{tail}}}', media_type="application/json")

    description = "Strictly later than this ISO-8601 instant; a zone is needed."
    after_query = Query(alias=param, description=description, json_schema_extra={"format": "date-time"})
    read.__annotations__["after"] = Annotated[str | None, after_query]
    app.get(
        f"/v1/{name}",
        name=f"List {name}",
        response_model=schemas.Page[collection.schema],  # type: ignore[name-defined]  # pydantic builds the model
        responses=ERRORS,
        dependencies=[Depends(HTTPBearer(auto_error=False))],
    )(read)


def _add_fault_routes(app: FastAPI, injection: FaultInjection) -> None:
    """Add the control of faults: not part of the vendor's API, not on the OpenAPI page, and without a token."""

    @app.put("/mock/faults", include_in_schema=False)
    async def set_faults(faults: list[Fault]) -> dict:
        """Replace the script and restart the count of requests."""
        injection.reset()
        injection.script.set(faults)
        return injection.script.as_json()

    @app.get("/mock/faults", include_in_schema=False)
    async def read_faults() -> dict:
        """Return the faults that are left and those that fired."""
        return injection.script.as_json()


def _add_error_handlers(app: FastAPI) -> None:
    """Give all errors the vendor's shape."""

    @app.exception_handler(BadParameterError)
    async def refuse_parameter(_: Request, error: BadParameterError) -> Response:
        return error_response(400, "invalid_parameter", str(error), error.param)

    @app.exception_handler(RequestValidationError)
    async def refuse_type(_: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        return error_response(400, "invalid_parameter", first["msg"], str(first["loc"][-1]))

    @app.exception_handler(HTTPException)
    async def refuse_path(_: Request, error: HTTPException) -> Response:
        code = "not_found" if error.status_code == 404 else "invalid_request"
        return error_response(error.status_code, code, error.detail, headers=error.headers)
