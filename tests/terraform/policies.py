"""The policies that a state holds, as documents: who has them, and of which kind they are."""

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Policy:
    """One policy; `kind` is identity, trust, bucket or key."""

    address: str
    kind: str
    document: dict[str, Any]

    @property
    def statements(self) -> list[dict[str, Any]]:
        """Its statements."""
        return as_list(self.document["Statement"])


KINDS = {"aws_s3_bucket": "bucket", "aws_s3_bucket_policy": "bucket", "aws_kms_key": "key"}


def policies(state: dict[str, dict]) -> list[Policy]:
    """Return every policy of a state, the attributes of its resources by address."""
    found = []
    for address, values in state.items():
        for name in ("policy", "assume_role_policy"):
            text = values.get(name)
            if isinstance(text, str) and '"Statement"' in text:
                resource = _resource(address)
                kind = "trust" if name == "assume_role_policy" else KINDS.get(resource, "identity")
                found.append(Policy(address, kind, json.loads(text)))
    return found


def _resource(address: str) -> str:
    return next(part for part in reversed(address.split(".")) if part.startswith("aws_"))


def as_list(value: Any) -> list:
    """Return a value of a policy as a list: AWS takes a single text, too."""
    return value if isinstance(value, list) else [value]
