"""Removes secrets from text that is stored or shown."""

import contextlib
import os
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from pipelines.environment import read_services

SECRET_NAMES = re.compile("PASSWORD|TOKEN|SECRET|CREDENTIALS|PRIVATE_KEY|API_KEY")
PASSWORD_IN_URL = re.compile(r"(\w+://[^\s:/@]*):[^\s/]*@")
MIN_LENGTH = 6  # a shorter secret is an everyday word, e.g. the S3 key of the tests


def redact_secrets(text: str) -> str:
    """Return a text without passwords in URLs, and without secrets of this process's environment and services."""
    text = PASSWORD_IN_URL.sub(r"\1:***@", text)
    known = {secret.strip() for secret in _known_secrets() if secret}
    for secret in sorted((one for one in known if len(one) >= MIN_LENGTH), key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


def _known_secrets() -> Iterator[str | None]:
    yield from (value for name, value in os.environ.items() if SECRET_NAMES.search(name))
    with contextlib.suppress(Exception):  # a damaged services.json is reported elsewhere
        services = read_services()
        yield services.get("saas_token")
        yield (services.get("s3_credentials") or {}).get("aws_secret_access_key")
        yield urlsplit(services.get("postgres_url", "")).password
