"""An S3 that enforces the loader's policy: moto behind the simulator."""

import json
import re
from collections.abc import Callable, Iterable
from threading import Lock
from urllib.parse import parse_qs, unquote

from tests.terraform.simulator import Identity, Request, allows

SIGNED = re.compile(r"Credential=loader/")
DENIED = (
    b'<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code><Message>Access Denied</Message>'
    b"<RequestId>1</RequestId></Error>"
)


class Gate:
    """WSGI middleware in front of an S3: requests signed as `loader` need a permission of `identity`."""

    def __init__(self, application: Callable, identity: Identity) -> None:
        self.application = application
        self.identity = identity
        self.asked: list[Request] = []
        self.refused: list[Request] = []
        self._lock = Lock()

    def __call__(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        if not SIGNED.search(environ.get("HTTP_AUTHORIZATION", "")):
            return self.application(environ, start_response)
        request = judged(environ)
        is_allowed = allows(self.identity, request)
        with self._lock:
            self.asked.append(request)
            self.refused += [] if is_allowed else [request]
        if is_allowed:
            return self.application(environ, start_response)
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        start_response("403 Forbidden", [("Content-Type", "application/xml"), ("Content-Length", str(len(DENIED)))])
        return [DENIED] if environ["REQUEST_METHOD"] != "HEAD" else []


def judged(environ: dict) -> Request:
    """Return the permission that S3 checks, as in its manual ("Required permissions for Amazon S3 API operations")."""
    _, bucket, *key = unquote(environ["PATH_INFO"]).split("/", 2)
    method, query = environ["REQUEST_METHOD"], parse_qs(environ["QUERY_STRING"], keep_blank_values=True)
    place = f"arn:aws:s3:::{bucket}"
    if not key or not key[0]:
        action = {"GET": "ListBucket", "HEAD": "ListBucket", "PUT": "CreateBucket", "POST": "DeleteObject"}[method]
        return Request("s3:GetBucketLocation" if "location" in query else f"s3:{action}", place)
    place = f"{place}/{key[0]}"
    is_part = "partNumber" in query or "uploads" in query
    if method in ("PUT", "POST"):
        headers = {"s3:if-match": "HTTP_IF_MATCH", "s3:if-none-match": "HTTP_IF_NONE_MATCH"}
        context = {key: environ[header] for key, header in headers.items() if header in environ}
        return Request("s3:PutObject", place, context | {"s3:ObjectCreationOperation": json.dumps(not is_part)})
    if "uploadId" in query:
        return Request("s3:AbortMultipartUpload" if method == "DELETE" else "s3:ListMultipartUploadParts", place)
    return Request({"GET": "s3:GetObject", "HEAD": "s3:GetObject", "DELETE": "s3:DeleteObject"}[method], place)
