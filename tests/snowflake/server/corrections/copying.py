"""COPY INTO from files, as dlt writes it."""

from fakesnow import copy_into as copying
from fakesnow import cursor
from sqlglot import exp

from corrections import correction, quoted


def options(expression: exp.Copy, name: str) -> list[exp.CopyParameter]:
    """Return the options of this name."""
    return [option for option in expression.args.get("params") or [] if option.name.upper() == name]


def before_copy(prepare) -> None:
    """Call `prepare(expression)` before each COPY INTO."""
    copy_into = cursor.copy_into

    def prepared_copy(connection, database, schema, expression, *more):
        prepare(expression)
        return copy_into(connection, database, schema, expression, *more)

    cursor.copy_into = prepared_copy


def change_inserts(change) -> None:
    """Let `change(connection, table, types, url, copy options, insert)` replace the insert of each file."""
    copy_into, inserts = cursor.copy_into, copying._inserts

    def copy_with_target(connection, database, schema, expression, *more):
        target = copying._extract_table(expression.this)
        table = quoted(target.catalog or database, target.db or schema, target.name)
        types = {name: kind for name, kind, *_ in connection.execute(f"describe {table}").fetchall()}
        expression.args["target"] = (connection, table, types)
        return copy_into(connection, database, schema, expression, *more)

    def changed_inserts(expression, chosen, urls, *more):
        found = inserts(expression, chosen, urls, *more)
        if chosen.match_by_column_name != copying.MatchByColumnName.CASE_INSENSITIVE:
            return found
        return [
            change(*expression.args["target"], url, chosen, insert) for url, insert in zip(urls, found, strict=True)
        ]

    cursor.copy_into, copying._inserts = copy_with_target, changed_inserts


@correction
def commas_in_file_format(_s3_url: str) -> None:
    """copy_into.py _params does not know the SequenceProperties that sqlglot makes of the commas in FILE_FORMAT."""

    def drop_commas(expression):
        for option in options(expression, "FILE_FORMAT"):
            kept = [part for part in option.expressions if not isinstance(part, exp.SequenceProperties)]
            option.set("expressions", kept)

    before_copy(drop_commas)


@correction
def quoted_match_by_column_name(_s3_url: str) -> None:
    """copy_into.py _params takes MATCH_BY_COLUMN_NAME as a bare word only; dlt sends it in quotes."""

    def unquote(expression):
        for option in options(expression, "MATCH_BY_COLUMN_NAME"):
            if isinstance(option.expression, exp.Literal):
                option.set("expression", exp.Var(this=option.expression.name))

    before_copy(unquote)


@correction
def json_by_column_name(_s3_url: str) -> None:
    """copy_into.py _inserts matches columns by name for Parquet only; dlt's own state travels as JSON lines."""

    def by_name(connection, table, types, url, chosen, insert):
        if not isinstance(chosen.file_format, copying.ReadJSON):
            return insert
        file = exp.Literal.string(url).sql("duckdb")
        keys = connection.execute(f"select distinct unnest(json_keys(json)) from read_json_objects({file})").fetchall()
        known = {key: key.upper() for (key,) in keys if key.upper() in types}
        columns = ", ".join(f"{quoted(key)}: '{types[column]}'" for key, column in known.items())
        selected = ", ".join(f"{quoted(key)} as {quoted(column)}" for key, column in known.items())
        source = f"read_json({file}, format = 'newline_delimited', columns = {{{columns}}})"
        return exp.Command(this="insert", expression=f"into {table} by name select {selected} from {source}")

    change_inserts(by_name)


@correction
def text_stays_text_in_variant(_s3_url: str) -> None:
    """copy_into.py _inserts lets DuckDB parse a Parquet string that goes into VARIANT; Snowflake keeps it a string."""

    def keep_text(_connection, _table, types, _url, chosen, insert):
        if isinstance(chosen.file_format, copying.ReadParquet):
            for column in insert.expression.expressions:
                if types.get(column.alias) == "JSON":
                    column.set("this", exp.Anonymous(this="to_json", expressions=[column.this]))
        return insert

    change_inserts(keep_text)
