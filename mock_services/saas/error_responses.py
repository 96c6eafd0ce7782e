"""Build error responses: all errors of the vendor have one shape."""

from collections.abc import Mapping

from fastapi.responses import JSONResponse


def error_response(
    status: int, code: str, message: str, param: str | None = None, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """Return an error response: a code for machines, a message for people, and the wrong parameter, if any."""
    return JSONResponse({"error": {"code": code, "message": message, "param": param}}, status, headers)
