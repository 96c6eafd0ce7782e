"""An offline Snowflake for the session."""

from collections.abc import Iterator

import boto3
import pytest

from tests.snowflake.history import history  # noqa: F401  a fixture
from tests.snowflake.offline import OfflineSnowflake
from tests.snowflake.warehouses import BUCKET, DATABASE
from tests.support.platform import KEYS


@pytest.fixture(scope="session")
def offline(s3_server, tmp_path_factory) -> Iterator[OfflineSnowflake]:
    """Starts a server with the account's objects; the lake is on the session's S3."""
    boto3.client("s3", endpoint_url=s3_server, **KEYS).create_bucket(Bucket=BUCKET)
    with OfflineSnowflake(tmp_path_factory.mktemp("offline"), s3_server) as server:
        server.create_account_objects(DATABASE, BUCKET)
        yield server
