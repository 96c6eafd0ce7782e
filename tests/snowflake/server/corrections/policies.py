"""Policies, tags and roles as far as the platform uses them: attached, listed, enforced, and blocking a drop."""

import re
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

import fakesnow.server as server
import sqlglot
from fakesnow.cursor import FakeSnowflakeCursor
from snowflake.connector.errors import ProgrammingError
from sqlglot import exp

from corrections import correction

FLAGS = re.IGNORECASE | re.DOTALL
SUCCESS = "SELECT 'Statement executed successfully.' AS status"
NAME = r'"?[\w.]+"?'
OFF = rf"(?:all\s+row\s+access\s+policies|row\s+access\s+policy\s+{NAME})"
REFERENCES = re.compile(r"table\(\s*\w+\.information_schema\.policy_references\(([^()]*)\)\s*\)", re.IGNORECASE)
LISTED = (
    *("policy_name", "policy_kind", "ref_database_name", "ref_schema_name", "ref_entity_name", "ref_entity_domain"),
    *("ref_column_name", "ref_arg_column_names", "tag_name", "policy_status"),
)


@dataclass
class Table:
    """A table's columns, the tags that are set on them, and its row access policy with the column that it names."""

    columns: list[str]
    tags: dict[str, str] = field(default_factory=dict)
    rows: tuple[str, str] | None = None


@dataclass
class Account:
    """What an account knows of policies; names are in upper case, those of objects with database and schema."""

    policies: dict[str, tuple[str, str, str]] = field(default_factory=dict)  # kind, argument, body
    masks: dict[str, str] = field(default_factory=dict)  # the masking policy of each tag
    tables: dict[str, Table] = field(default_factory=dict)
    granted: dict[str, set[str]] = field(default_factory=dict)  # roles of users
    sessions: WeakKeyDictionary = field(default_factory=WeakKeyDictionary)  # role, and the user's others beside it

    def policy(self, kind: str, name: str, _argument: str, body: str) -> None:
        argument = re.match(r"\w+", _argument)[0]
        self.policies[name] = (kind, argument, body)

    def tag(self, name: str) -> None:
        self.masks.setdefault(name, "")

    def mask_tag(self, name: str, policy: str) -> None:
        self.known(policy)
        self.masks[name] = policy

    def grant(self, role: str, user: str) -> None:
        self.granted.setdefault(user, set()).add(role)

    def set_tag(self, table: str, column: str, tag: str) -> None:
        self.tables[table].tags[column] = tag

    def unset_tag(self, table: str, column: str, _tag: str) -> None:
        self.tables[table].tags.pop(column, None)

    def add_rows(self, table: str, policy: str, column: str) -> None:
        self.tables[table].rows = (self.known(policy), column)

    def drop_rows(self, table: str, *_: str) -> None:
        self.tables[table].rows = None

    def drop_policy(self, name: str) -> None:
        if users := [table for table, found in self.tables.items() if found.rows and found.rows[0] == name]:
            raise refused(f"policy {name} cannot be dropped: it is attached to {', '.join(users)}")
        if name in self.masks.values():
            raise refused(f"policy {name} cannot be dropped: a tag has it")
        self.policies.pop(name)

    def forget(self, name: str) -> None:
        """Forget the tables of a schema, or one table."""
        for table in [table for table in self.tables if f"{table}.".startswith(f"{name}.")]:
            del self.tables[table]

    def known(self, name: str) -> str:
        if name not in self.policies and name not in self.masks:
            raise refused(f"{name} does not exist or not authorized")
        return name

    def make(self, tree: exp.Create) -> None:
        """Record what a CREATE TABLE attaches; a column has one kind of policy."""
        table = Table([column.name.upper() for column in tree.this.find_all(exp.ColumnDef)])
        for column in tree.this.find_all(exp.ColumnDef):
            for tags in column.find_all(exp.Tags):
                (setting,) = tags.expressions
                table.tags[column.name.upper()] = self.known(setting.this.sql("snowflake").upper())
        for policy in tree.find_all(exp.RowAccessProperty):
            (column,) = policy.expressions
            table.rows = (self.known(policy.this.sql("snowflake").upper()), column.name.upper())
            if table.rows[1] in table.tags:
                raise refused(f"column {table.rows[1]} is in the signatures of two kinds of policy")
        name = ".".join(part.name.upper() for part in tree.find(exp.Table).parts)
        self.tables[name] = table

    def references(self, arguments: str) -> str:
        """Return what POLICY_REFERENCES lists, as a query."""
        said = {key.lower(): value.upper() for key, value in re.findall(r"(\w+)\s*=>\s*'([^']*)'", arguments)}
        rows = []
        for name, table in self.tables.items():
            place = name.split(".")
            if said.get("ref_entity_name", name) != name:
                continue
            for column, tag in table.tags.items():
                mask = self.masks[tag].rpartition(".")[2]
                tagged = (column, None, tag.rpartition(".")[2], "ACTIVE")
                rows.append((self.masks[tag], (mask, "MASKING_POLICY", *place, "TABLE", *tagged)))
            if table.rows:
                policy, column = table.rows
                on = (None, f'[ "{column}" ]', None, "ACTIVE")
                kind = (policy.rpartition(".")[2], "ROW_ACCESS_POLICY")
                rows.append((policy, (*kind, *place, "TABLE", *on)))
        listed = [row for policy, row in rows if policy == said.get("policy_name", policy)]
        nothing = ", ".join(f"CAST(NULL AS VARCHAR) AS {column}" for column in LISTED)
        selects = [f"SELECT {nothing} WHERE FALSE"]
        selects += ["SELECT " + ", ".join("NULL" if value is None else f"'{value}'" for value in row) for row in listed]
        return f"({' UNION ALL '.join(selects)})"

    def enforced(self, sql: str, session: object) -> str:
        """Return a query with the policies of its session's roles applied."""
        role, beside = self.sessions[session]
        others = set().union(*[roles for roles in self.granted.values() if role in roles])
        if beside is not None and not beside <= others:
            raise refused(f"Role '{', '.join(sorted(beside - others))}' does not exist or not authorized.")
        roles = {role} | (others if beside is None else beside)
        tree = sqlglot.parse_one(sql, read="snowflake")
        for node in list(tree.find_all(exp.Table)):
            parts = [part.name.upper() for part in node.parts]
            name = ".".join([session.database, session._schema, *parts][-3:] if len(parts) < 3 else parts)
            if table := self.tables.get(name):
                columns = [self.seen(table, column, roles) for column in table.columns]
                where = self.body(table.rows[0], table.rows[1], roles) if table.rows else "TRUE"
                query = f"(SELECT {', '.join(columns)} FROM {name} WHERE {where}) AS {node.alias_or_name}"
                node.replace(sqlglot.parse_one(f"SELECT * FROM {query}", read="snowflake").find(exp.Subquery))
        return tree.sql("snowflake")

    def seen(self, table: Table, column: str, roles: set[str]) -> str:
        mask = self.masks.get(table.tags.get(column, ""))
        return f"{self.body(mask, column, roles)} AS {column}" if mask else column

    def body(self, policy: str, column: str, roles: set[str]) -> str:
        """Return a policy's SQL for a column, with what it asks of roles answered."""
        _, argument, body = self.policies[policy]

        def answered(node: exp.Expression) -> exp.Expression:
            if isinstance(node, exp.Anonymous) and node.name.upper() == "IS_ROLE_IN_SESSION":
                among = [exp.Literal.string(role) for role in sorted(roles)]
                return exp.paren(exp.In(this=exp.paren(node.expressions[0]), expressions=among))
            if isinstance(node, exp.Column) and node.name.upper() == argument:
                return exp.column(column)
            return node

        return f"({sqlglot.parse_one(body, read='snowflake').transform(answered).sql('snowflake')})"


def refused(reason: str) -> ProgrammingError:
    return ProgrammingError(msg=f"SQL compilation error: {reason}", errno=2003, sqlstate="02000")


# What changes an account's policies, and what it does.
CHANGES = {
    rf"create\s+(?:or\s+replace\s+)?(masking|row\s+access)\s+policy\s+(?:if\s+not\s+exists\s+)?({NAME})\s+as\s*"
    r"\(([^)]*)\)\s*returns\s+\w+\s*->\s*(.*)": Account.policy,
    rf"create\s+tag\s+(?:if\s+not\s+exists\s+)?({NAME})": Account.tag,
    rf"alter\s+tag\s+({NAME})\s+set\s+masking\s+policy\s+({NAME})": Account.mask_tag,
    rf"grant\s+role\s+({NAME})\s+to\s+user\s+({NAME})": Account.grant,
    rf"alter\s+table\s+({NAME})\s+modify\s+(?:column\s+)?({NAME})\s+set\s+tag\s+({NAME})\s*=.*": Account.set_tag,
    rf"alter\s+table\s+({NAME})\s+modify\s+(?:column\s+)?({NAME})\s+unset\s+tag\s+({NAME})": Account.unset_tag,
    rf"alter\s+table\s+({NAME})\s+add\s+row\s+access\s+policy\s+({NAME})\s+on\s*\(({NAME})\)": Account.add_rows,
    rf"alter\s+table\s+({NAME})\s+drop\s+{OFF}": Account.drop_rows,
    rf"drop\s+(?:masking|row\s+access)\s+policy\s+({NAME})": Account.drop_policy,
}  # fmt: skip
DROPPED = re.compile(rf"drop\s+(?:schema|table)\s+(?:if\s+exists\s+)?({NAME})", re.IGNORECASE)


@correction
def policies(_s3_url: str) -> None:
    """fakesnow has neither policies nor roles, and strips tags: they apply to a session that has sent USE ROLE."""
    account, execute = Account(), FakeSnowflakeCursor.execute

    def execute_held(self, command, *args, **options):
        if not options.get("server"):
            return execute(self, command, *args, **options)
        text, session = command.strip().rstrip(";"), self._conn
        for pattern, change in CHANGES.items():
            if found := re.fullmatch(pattern, text, FLAGS):
                values = found.groups()
                change(account, *[v if v == values[-1] and change is Account.policy else plain(v) for v in values])
                return execute(self, SUCCESS, *args, **options)
        if found := re.fullmatch(r"use\s+role\s+(\w+)", text, re.IGNORECASE):
            account.sessions[session] = (found[1].upper(), frozenset())
            return execute(self, SUCCESS, *args, **options)
        if found := re.fullmatch(r"use\s+secondary\s+roles\s+(\w+)", text, re.IGNORECASE):
            beside = {"ALL": None, "NONE": frozenset()}.get(found[1].upper(), frozenset({found[1].upper()}))
            account.sessions[session] = (account.sessions[session][0], beside)
            return execute(self, SUCCESS, *args, **options)
        if re.match(r"create\s+or\s+replace\s+(transient\s+)?table\b", text, re.IGNORECASE):
            account.make(sqlglot.parse_one(text, read="snowflake"))
        elif found := DROPPED.match(text):
            account.forget(plain(found[1]))
        elif session in account.sessions and re.match(r"(select|with)\b", text, re.IGNORECASE):
            command = account.enforced(text, session)
        command = REFERENCES.sub(lambda call: account.references(call[1]), command)
        return execute(self, command, *args, **options)

    parse = server.parse_one

    def parse_known(sql):  # sqlglot does not parse the body of a row access policy
        is_change = any(re.fullmatch(pattern, sql.strip().rstrip(";"), FLAGS) for pattern in CHANGES)
        return parse(SUCCESS if is_change else sql)

    FakeSnowflakeCursor.execute, server.parse_one = execute_held, parse_known


def plain(name: str) -> str:
    return " ".join(name.replace('"', "").upper().split())
