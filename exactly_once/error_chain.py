"""The causes of an error."""


def chain(error: BaseException | None) -> list[BaseException]:
    """Return an error and its causes, outermost first."""
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        seen.append(error)
        inner = getattr(error, "exception", None) or getattr(error, "client_exception", None)
        error = inner or error.__cause__ or error.__context__
    return seen
