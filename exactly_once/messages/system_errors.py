"""What the operating system refuses: no room, no right to write."""

import errno

UNWRITABLE = (errno.ENOTDIR, errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EPERM, errno.EDQUOT)


def describe(error: BaseException) -> str | None:
    """Return the line of an error about a file that cannot be written, or None."""
    if not isinstance(error, OSError) or error.errno not in UNWRITABLE:
        return None
    return f"Cannot write {error.filename or 'to disk'}: {error.strerror}. Make room or writable, then run again."


def is_transient(error: BaseException) -> bool:
    """Tell whether the same request may succeed later: a connection that was refused or cut."""
    return type(error) is ConnectionError
