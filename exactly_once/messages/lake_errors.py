"""What the S3 client and `http.client` raise about a lake that did not answer in full."""


def describe(error: BaseException) -> str | None:
    """Return the line of an answer that was cut off, or None."""
    if not is_connection_lost(error):
        return None
    return f"The lake did not answer in full ({type(error).__name__}: {error}): nothing of it counts; run again later."


def is_transient(error: BaseException) -> bool:
    """Tell whether the same request may succeed later."""
    return is_connection_lost(error)


def is_connection_lost(error: BaseException) -> bool:
    """Tell whether this error, without its causes, is a connection to the lake that broke off or did not come up."""
    module, name = type(error).__module__.split(".")[0], type(error).__name__
    if module == "http":
        return name == "IncompleteRead"
    if module not in ("botocore", "aiobotocore", "aiohttp"):
        return False
    return "Credentials" not in name and name not in ("ClientError", "ParamValidationError", "NoRegionError")
