"""The content of a lease: JSON that a person can read, too."""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from exactly_once.lease.owner import LeaseOwner

OWNER = "holder"  # the owner's field in the JSON, which leases of every version have


@dataclass(frozen=True)
class LeaseRecord:
    """One state of a lease.

    A released lease keeps its token, so that the next owner gets a higher one.

    Args:
        token: fencing token of the owner.
        owner: of the lease.
        ttl: seconds until it expires.
        is_released: whether the owner has given it back.
        acquired_at: ISO 8601 in UTC by the owner's clock, for people only; so are the next two.
        renewed_at: when this state was written.
        expires_at: when it expires unless it is renewed.
    """

    token: int
    owner: LeaseOwner
    ttl: float
    is_released: bool
    acquired_at: str
    renewed_at: str
    expires_at: str

    @classmethod
    def now(cls, token: int, owner: LeaseOwner, ttl: float, acquired_at: str, is_released: bool) -> "LeaseRecord":
        """Return the state to be written now."""
        now = datetime.now(UTC)
        ends = now if is_released else now + timedelta(seconds=ttl)
        return cls(token, owner, ttl, is_released, acquired_at, isoformat_ms(now), isoformat_ms(ends))

    @classmethod
    def parse(cls, text: bytes) -> "LeaseRecord":
        """Return the lease that a JSON text holds.

        Raises:
            ValueError: it is no lease.
        """
        try:
            fields: dict[str, Any] = dict(json.loads(text))
            owner, token = LeaseOwner(**fields.pop(OWNER)), int(fields.pop("token"))
            return cls(**fields, owner=owner, token=token)
        except (KeyError, TypeError) as error:
            raise ValueError(str(error)) from error

    def text(self) -> bytes:
        """Return this state as JSON."""
        fields = {OWNER if name == "owner" else name: value for name, value in asdict(self).items()}
        return json.dumps(fields, indent=1).encode()


def isoformat_ms(time: datetime) -> str:
    """Return a time in UTC as text, to the millisecond."""
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
