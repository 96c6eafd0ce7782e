"""What stands in a lease: JSON that a person can read, too."""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from exactly_once.lease.owner import LeaseOwner


@dataclass(frozen=True)
class LeaseRecord:
    """One state of a lease; `ttl` is in seconds, the times are ISO 8601 in UTC by the holder's clock, for people only.

    A released lease keeps its token, so that the next holder gets a higher one.
    """

    token: int
    holder: LeaseOwner
    ttl: float
    is_released: bool
    acquired_at: str
    renewed_at: str
    expires_at: str

    @classmethod
    def now(cls, token: int, holder: LeaseOwner, ttl: float, acquired_at: str, is_released: bool) -> "LeaseRecord":
        """Return the state to be written now."""
        now = datetime.now(UTC)
        ends = now if is_released else now + timedelta(seconds=ttl)
        return cls(token, holder, ttl, is_released, acquired_at, isoformat_ms(now), isoformat_ms(ends))

    @classmethod
    def parse(cls, text: bytes) -> "LeaseRecord":
        """Return what `text` says.

        Raises:
            ValueError: it is no lease.
        """
        try:
            found = cls(**json.loads(text))
            return cls(**(vars(found) | {"holder": LeaseOwner(**found.holder), "token": int(found.token)}))
        except TypeError as error:
            raise ValueError(str(error)) from error

    def text(self) -> bytes:
        """Return this state as JSON."""
        return json.dumps(asdict(self), indent=1).encode()


def isoformat_ms(moment: datetime) -> str:
    """Return a moment in UTC as text, to the millisecond."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
