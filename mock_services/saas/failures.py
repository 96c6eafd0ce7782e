"""The one shape that all of the vendor's errors have."""

from fastapi.responses import JSONResponse


def failure(
    status: int, code: str, message: str, param: str | None = None, headers: dict | None = None
) -> JSONResponse:
    """Return an answer that says what is wrong: a code for machines, a message for people, the parameter if one is."""
    return JSONResponse({"error": {"code": code, "message": message, "param": param}}, status, headers)
