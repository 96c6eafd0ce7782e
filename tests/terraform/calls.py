"""The calls that Terraform makes to AWS, as moto's server receives them."""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from io import BytesIO
from threading import Lock
from typing import Any
from urllib.parse import parse_qs, unquote

SIGNED = re.compile(r"Credential=([^/]+)/\d+/[^/]+/([^/]+)/aws4_request")


@dataclass(frozen=True)
class Call:
    """One request: who signed it (the access key's name), the service and its operation, and what was sent.

    For S3, which names no operation, `operation` is the method, and `sent` has bucket, key and query.
    """

    who: str
    service: str
    operation: str
    sent: dict[str, Any]


@dataclass
class Recorder:
    """WSGI middleware that records every signed call."""

    application: Callable
    calls: list[Call] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def __call__(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        if signed := SIGNED.search(environ.get("HTTP_AUTHORIZATION", "")):
            body = b""
            if signed[2] != "s3" and (length := int(environ.get("CONTENT_LENGTH") or 0)):
                body = environ["wsgi.input"].read(length)
                environ["wsgi.input"] = BytesIO(body)
            call = Call(*signed.groups(), *_operation(signed[2], environ, body))
            with self._lock:
                self.calls.append(call)
        return self.application(environ, start_response)


def _operation(service: str, environ: dict, body: bytes) -> tuple[str, dict[str, Any]]:
    if service == "s3":
        _, bucket, *key = unquote(environ["PATH_INFO"]).split("/", 2)
        query = parse_qs(environ["QUERY_STRING"], keep_blank_values=True)
        headers = {name[5:].replace("_", "-").lower(): environ[name] for name in environ if name.startswith("HTTP_IF_")}
        return environ["REQUEST_METHOD"], {"bucket": bucket, "key": "".join(key), "query": query, "headers": headers}
    if target := environ.get("HTTP_X_AMZ_TARGET"):
        return target.rsplit(".", 1)[-1], json.loads(body or b"{}")
    sent = {name: values[0] for name, values in parse_qs(body.decode()).items()}
    return sent.pop("Action"), sent
