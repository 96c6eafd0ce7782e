"""The errors of one read of one collection: each names the source, the collection and the page."""

from exactly_once.errors import PipelineError, TableError
from exactly_once.source_info import SourceInfo

SINGLE = SourceInfo("api", "The API")  # where nobody has named the source


class PaginationError(PipelineError):
    """A read broke off for good, or its pages do not fit together; the same run may succeed later."""

    is_transient = True


class SignInRefused(PipelineError):
    """The API refused the sign-in."""


class SourceUnreachable(PipelineError):
    """No connection to the API came up."""

    is_transient = True


class InvalidResponse(Exception):
    """An answer is not what was asked for; a response hook raises it, and the session asks again."""


class ReadErrors:
    """Makes the errors of one read; `page` is the number of the page that is being read.

    Args:
        info: of the source.
        collection: its endpoint's name.
    """

    def __init__(self, info: SourceInfo, collection: str) -> None:
        self.info, self.collection, self.page = info, collection, 1

    @property
    def place(self) -> str:
        """Where the read is, e.g. "The shop's API's orders, page 3"."""
        return f"{self.info.label}'s {self.collection}, page {self.page}"

    def failed(self, reason: str) -> PaginationError:
        """Return the error that says where the read broke off, and why."""
        return PaginationError(f"{self.place}: {reason}. Nothing was loaded and no cursor moved: run again later.")

    def refused(self, reason: str) -> TableError:
        """Return the error that says why this collection cannot be loaded as it is."""
        return TableError(
            f"{self.place}: {reason}. Nothing of it was loaded and its cursor did not move: then run "
            f"{self.info.again} again."
        )
