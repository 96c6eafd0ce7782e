"""A world of this platform: a database, a vendor's store, a lake and a warehouse, and small changes of them."""

import json
import random
import sqlite3
import urllib.request
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import boto3
import duckdb
import psycopg2

from mock_services.saas import store
from tests.support.platform import BUCKET, KEYS, TOKEN, execute

# Small changes of the operational database; {n} is a random number, on which the choice of rows depends.
CHANGES = (
    "update contacts set lead_score = {n} % 1000, attributes = '{{\"n\": {n}}}' where contact_id % 7 = {n} % 7",
    "update accounts set credit_limit = {n} / 7.0, settings = '{{\"n\": {n}}}' where account_id % 13 = {n} % 13",
    "update users set last_login_at = now() where user_id % 17 = {n} % 17",
    "update invoices set invoice_status = 'paid', paid_at = now() where invoice_id % 9 = {n} % 9",
    "update plans set features = features || '{{\"n\": {n}}}' where plan_id = {n} % 5",
    "update list_memberships set membership_status = 'cleaned' where contact_id % 5 = {n} % 5",
    "insert into lists select max(list_id) + 1, 1, 'list {n}', false, null, null, now() from lists",
    "insert into plans select max(plan_id) + 1, 'plan-{n}', 'Plan', 1.5, 'EUR', null, null, '{{}}', true, now()"
    " from plans having max(plan_id) < 200",
    "insert into campaigns select max(campaign_id) + 1, 1, 1, 'campaign {n}', null, 'a@b.example', 'draft', {n} % 99,"
    " '{{}}', null, null, now() from campaigns",
    "delete from invoices where invoice_id in"
    " (select invoice_id from invoices order by md5(invoice_id || '{n}') limit 2)",
    "delete from list_memberships where (list_id, contact_id) in"
    " (select list_id, contact_id from list_memberships order by md5(list_id || '{n}' || contact_id) limit 2)",
    "delete from contacts where contact_id in"
    " (select contact_id from contacts order by md5(contact_id || '{n}') limit 1)",
    "update subscriptions set seat_count = {n} % 90 where subscription_id % 11 = {n} % 11",
)


@dataclass
class World:
    """The platform, as the fixture of tests/conftest.py, in the folder of a scenario."""

    path: Path
    env_name: str
    addresses: dict[str, str]

    @property
    def warehouse(self) -> Path:
        return self.path / f"dp_mailblaze_demo_{self.env_name}_db.duckdb"

    @property
    def postgres_url(self) -> str:
        return self.addresses["postgres_url"]

    @property
    def saas_store(self) -> Path:
        return Path(self.addresses["store"])

    def environment(self) -> dict[str, str]:
        return {
            "MAILBLAZE_ENV": self.env_name,
            "MAILBLAZE_DATA_DIR": str(self.path),
            "DBT_TARGET_PATH": str(self.path / "target"),
            "DBT_LOG_PATH": str(self.path / "logs"),
        }

    def source(self, sql: str) -> list[tuple]:
        """Run SQL in the source Postgres and return the rows."""
        with closing(psycopg2.connect(self.postgres_url)) as connection, connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []

    def raw(self, sql: str) -> list[tuple]:
        """Return the rows of a query of the warehouse."""
        with duckdb.connect(str(self.warehouse)) as connection:
            connection.execute("set TimeZone = 'UTC'")
            return connection.execute(sql).fetchall()

    def lake(self) -> dict[str, bytes]:
        """Return the lake's keys, with the content of those that are not files of rows."""
        if self.env_name == "local":
            root = self.path / "lake"
            files = {str(path.relative_to(root)): path for path in root.rglob("*") if path.is_file()}
            return {key: b"" if is_data(key) else path.read_bytes() for key, path in files.items()}
        client = boto3.client("s3", endpoint_url=self.addresses["s3_url"], **KEYS)
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
        keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
        return {key: b"" if is_data(key) else client.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in keys}

    def begin(self) -> None:
        """Reset the world: seeded sources, an empty lake, no warehouse."""
        services = {
            "postgres_url": self.postgres_url,
            "saas_url": self.addresses["saas_url"],
            "saas_token": TOKEN,
            "s3_endpoint_url": self.addresses["s3_url"],
            "s3_credentials": KEYS,
        } | ({"prefect_api_url": self.addresses["prefect_url"]} if "prefect_url" in self.addresses else {})
        (self.path / "services.json").write_text(json.dumps(services))
        execute(self.addresses["admin_url"], "drop database if exists world with (force)")
        execute(self.addresses["admin_url"], "create database world template small owner mailblaze")
        with closing(store.connect(self.saas_store)) as connection:
            connection.execute(f"attach '{self.addresses['seeded_store']}' as seeded")
            connection.execute("begin immediate")
            for table in ("days", *store.COLLECTIONS):
                connection.execute(f"delete from {table}")
                connection.execute(f"insert into {table} select * from seeded.{table}")
            connection.execute("commit")
        if self.env_name == "ci":
            urllib.request.urlopen(  # noqa: S310  moto's own
                urllib.request.Request(f"{self.addresses['s3_url']}/moto-api/reset", method="POST")  # noqa: S310
            ).close()
            boto3.client("s3", endpoint_url=self.addresses["s3_url"], **KEYS).create_bucket(Bucket=BUCKET)

    def change_postgres(self, turn: int) -> None:
        """Change a few rows of some tables, in one transaction."""
        rng = random.Random(turn)  # noqa: S311  not a secret
        number = rng.randrange(1_000_000)
        self.source(";".join(change.format(n=number) for change in rng.sample(CHANGES, 5)))

    def change_saas(self, turn: int) -> None:
        """Simulate a day at the vendor, and keep a few of its events."""
        day = store.simulate_day(self.saas_store)
        with closing(sqlite3.connect(self.saas_store)) as connection, connection:
            connection.execute("delete from email_events where sequence >> 40 = ? and sequence % 300 <> 7", (day,))


def is_data(key: str) -> bool:
    """Return whether a key of the lake is a file of rows: <pipeline>/<dataset>/<table>/<load>.<file>.<format>."""
    parts = key.split("/")
    return len(parts) == 4 and parts[3].rsplit(".", 1)[-1] in ("parquet", "jsonl", "gz")
