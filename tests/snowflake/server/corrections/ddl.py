"""Objects: databases, schemas, temporary tables, comments, and what belongs to the account."""

import fakesnow.server as server
from fakesnow import info_schema
from fakesnow.cursor import FakeSnowflakeCursor
from sqlglot import exp

from corrections import correction


def accept(pattern: str) -> None:
    """Answer statements that begin so with success and do nothing."""
    server.shared_fs.nop_regexes = [*(server.shared_fs.nop_regexes or []), rf"\s*{pattern}"]


@correction
def account_objects(_s3_url: str) -> None:
    """cursor.py hands roles, warehouses, integrations and grants to DuckDB, which has none of them: nothing is done."""
    accept(r"create\s+(or\s+replace\s+)?(role|warehouse|storage\s+integration)\b")
    accept(r"grant\b")


@correction
def column_comments(_s3_url: str) -> None:
    """sqlglot leaves ALTER TABLE … ALTER … COMMENT unparsed, and DuckDB refuses it: nothing is done."""
    accept(r'alter\s+(table|view)\s+\S+\s+alter\s+"?\w+"?\s+comment\b')


@correction
def query_tags(_s3_url: str) -> None:
    """cursor.py hands ALTER SESSION SET QUERY_TAG to DuckDB, which has no such setting: nothing is done."""
    accept(r"alter\s+session\s+set\s+query_tag\b")


@correction
def nothing_made_on_connect(_s3_url: str) -> None:
    """instance.py makes the database and the schema that a session names; an account says that they do not exist."""
    server.shared_fs.create_database_on_connect = server.shared_fs.create_schema_on_connect = False


@correction
def temporary_in_schema(_s3_url: str) -> None:
    """cursor.py leaves TEMPORARY with a schema to DuckDB, which refuses it; dbt stages each snapshot in such a table.

    They become real objects, which outlive their session.
    """
    execute = FakeSnowflakeCursor._execute

    def execute_create(self, transformed, params=None):
        if isinstance(transformed, exp.Create) and transformed.kind in ("TABLE", "VIEW"):
            table, properties = transformed.find(exp.Table), transformed.args.get("properties")
            if table.db and properties and properties.find(exp.TemporaryProperty):
                properties.find(exp.TemporaryProperty).pop()
        return execute(self, transformed, params)

    FakeSnowflakeCursor._execute = execute_create


@correction
def quotes_in_comments(_s3_url: str) -> None:
    """info_schema.py insert_table_comment_sql pastes a comment between quotes: an apostrophe in it ends the text."""
    insert = info_schema.insert_table_comment_sql

    def insert_escaped(catalog, schema, table, comment):
        return insert(catalog, schema, table, comment and comment.replace("'", "''"))

    info_schema.insert_table_comment_sql = insert_escaped
