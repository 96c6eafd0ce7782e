"""How a request is split into statements, and the answer if one fails."""

from io import StringIO

import fakesnow.server as server
from fakesnow.cursor import FakeSnowflakeCursor
from snowflake.connector.errors import OperationalError, ProgrammingError
from snowflake.connector.util_text import split_statements

from corrections import correction


@correction
def several_statements(_s3_url: str) -> None:
    """cursor.py execute takes one statement a request; dlt sends a schema's DDL and its merges as one text."""
    execute = FakeSnowflakeCursor.execute

    def execute_each(self, command, *args, **options):
        if not options.get("server"):
            return execute(self, command, *args, **options)
        found = [text for text, _ in split_statements(StringIO(command), remove_comments=True)]
        statements = [text for text in found if text.strip(" \r\n\t;")] or [command]
        for statement in statements[:-1]:
            execute(self, statement, *args, **options)
        return execute(self, statements[-1], *args, **options)

    FakeSnowflakeCursor.execute = execute_each


@correction
def errors_as_answers(_s3_url: str) -> None:
    """server.py answers HTTP 500 to an error it does not know, and the connector sends the statement again for ever."""

    def answering(function):
        def call(*args, **options):
            try:
                return function(*args, **options)
            except (ProgrammingError, OperationalError):
                raise
            except Exception as error:
                message = f"{type(error).__name__}: {error}"
                raise ProgrammingError(msg=message, errno=2140, sqlstate="XX000") from error

        return call

    FakeSnowflakeCursor.execute = answering(FakeSnowflakeCursor.execute)
    server.parse_one = answering(server.parse_one)
