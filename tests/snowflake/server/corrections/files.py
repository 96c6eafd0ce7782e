"""Where the files of an external stage are."""

import fakesnow.server as server
import s3fs

from corrections import correction


@correction
def stage_files_on_s3(s3_url: str) -> None:
    """copy_into.py leaves s3:// to DuckDB's httpfs extension, which has to be downloaded, and to AWS."""
    files = s3fs.S3FileSystem(
        endpoint_url=s3_url,
        key="test",
        secret="test",  # noqa: S106  moto's
        client_kwargs={"region_name": "us-east-1"},
        use_listings_cache=False,
        skip_instance_cache=True,
    )
    server.shared_fs.duck_conn.register_filesystem(files)
