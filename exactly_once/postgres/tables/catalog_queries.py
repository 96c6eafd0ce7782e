"""The queries of Postgres's catalogue for the tables of one load."""

# The wanted tables by number, so that one query serves them all.
WANTED = """
with wanted as (
    select * from unnest(%(schemas)s::text[], %(names)s::text[]) with ordinality as w (nspname, relname, number)
)
"""
RELATIONS = (
    WANTED
    + """
select w.number, c.oid::bigint, c.relkind::text, c.relfilenode::bigint, c.reltuples::bigint,
    case when c.relkind in ('r', 'p', 'm') then (
        select sum(pg_table_size(part.id))::bigint
        from (select c.oid as id union select relid from pg_partition_tree(c.oid) where isleaf) part
    ) end,
    c.oid is not null and not has_schema_privilege(n.oid, 'USAGE'),
    c.oid is not null and has_table_privilege(c.oid, 'SELECT'),
    c.relkind in ('f', 'm') or exists (
        select from pg_partition_tree(c.oid) part join pg_class p on p.oid = part.relid and p.relkind = 'f'
    ),
    array(
        with recursive heirs (id) as (
            select inhrelid from pg_inherits where inhparent = c.oid and c.relkind = 'r'
            union select inhrelid from heirs join pg_inherits on inhparent = heirs.id
        ) select id::bigint from heirs order by 1
    ),
    array(select relid::oid::bigint from pg_partition_tree(c.oid) where isleaf and relid <> c.oid),
    array(
        select elsewhere.nspname::text from pg_class other
        join pg_namespace elsewhere on elsewhere.oid = other.relnamespace
        where other.relname = w.relname and other.relkind in ('r', 'p', 'v', 'm', 'f')
            and elsewhere.nspname <> w.nspname and elsewhere.nspname <> 'information_schema'
            and elsewhere.nspname not like 'pg\\_%%' order by 1
    ),
    array(
        select other.relname::text from pg_class other
        where c.oid is null and other.relnamespace = n.oid and other.relkind in ('r', 'p', 'v', 'm', 'f') order by 1
    )
from wanted w
left join pg_namespace n on n.nspname = w.nspname
left join pg_class c on c.relnamespace = n.oid and c.relname = w.relname and c.relkind in ('r', 'p', 'v', 'm', 'f')
order by 1
"""
)
# The base type of a domain, also of a domain over a domain, with its length; not inside of arrays.
COLUMNS = """
select a.attrelid::bigint, a.attnum::int, a.attname::text, format_type(a.atttypid, a.atttypmod), base.name,
    base.modifier, base.is_array, base.depth > 0,
    a.attnotnull and not exists (
        select from pg_constraint n where n.conrelid = a.attrelid and n.contype = 'n' and n.conkey[1] = a.attnum
            and not n.convalidated
    ),
    a.attgenerated::text,
    case when a.attgenerated <> '' then md5(pg_get_expr(d.adbin, d.adrelid)) end,
    has_column_privilege(a.attrelid, a.attnum, 'SELECT'), a.xmin::text, a.atthasmissing,
    d.adbin is not null
from pg_attribute a
left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
cross join lateral (
    with recursive b (id, kind, base, name, modifier, is_array, depth) as (
        select t.oid, t.typtype, t.typbasetype, t.typname::text, a.atttypmod, t.typcategory = 'A' and t.typlen = -1, 0
        from pg_type t where t.oid = a.atttypid
        union all
        select t.oid, t.typtype, t.typbasetype, t.typname::text, domain.typtypmod,
            t.typcategory = 'A' and t.typlen = -1, b.depth + 1
        from b join pg_type domain on domain.oid = b.id and b.kind = 'd' join pg_type t on t.oid = domain.typbasetype
    )
    select case when pn.nspname = 'pg_catalog' or b.is_array then b.name else pn.nspname || '.' || b.name end as name,
        b.modifier, b.is_array, b.depth
    from b join pg_type pt on pt.oid = b.id join pg_namespace pn on pn.oid = pt.typnamespace
    order by b.depth desc limit 1
) base
where a.attrelid = any(%(relations)s::oid[]) and a.attnum > 0 and not a.attisdropped
order by 1, 2
"""
# Labels of enums and fields of composite types, at any depth of a column's type.
NESTED = """
with recursive reached (relation, attnum, id) as (
    select a.attrelid, a.attnum, a.atttypid from pg_attribute a join pg_type t on t.oid = a.atttypid
    where a.attrelid = any(%(relations)s::oid[]) and a.attnum > 0 and not a.attisdropped
        and t.typnamespace <> 'pg_catalog'::regnamespace
    union
    select reached.relation, reached.attnum, inner_type.id from reached join pg_type t on t.oid = reached.id
    cross join lateral (
        select t.typelem as id where t.typcategory = 'A' and t.typelem <> 0
        union all select t.typbasetype where t.typtype = 'd'
        union all select f.atttypid from pg_attribute f
            where f.attrelid = t.typrelid and t.typtype = 'c' and f.attnum > 0 and not f.attisdropped
        union all select r.rngsubtype from pg_range r where r.rngtypid = t.oid
        union all select r.rngtypid from pg_range r where r.rngmultitypid = t.oid
    ) inner_type
)
select reached.relation::bigint, reached.attnum::int, e.oid::text, e.enumlabel::text
from reached join pg_enum e on e.enumtypid = reached.id
union all
select reached.relation::bigint, reached.attnum::int, t.oid || '.' || f.attnum, f.attname || ' ' || f.atttypid
from reached join pg_type t on t.oid = reached.id and t.typtype = 'c'
join pg_attribute f on f.attrelid = t.typrelid and f.attnum > 0 and not f.attisdropped
"""
# What a view depends on: its definition and those of the views below it, the columns of tables that they name, and the
# labels of their enums.
VIEWS = """
with recursive below (root, id) as (
    select c.oid, c.oid from pg_class c where c.oid = any(%(relations)s::oid[]) and c.relkind in ('v', 'm')
    union
    select below.root, d.refobjid from below join pg_rewrite r on r.ev_class = below.id
    join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid and d.refclassid = 'pg_class'::regclass
), used as (
    select distinct below.root, a.attrelid, a.attnum, a.xmin::text as version, a.atttypid
    from below join pg_rewrite r on r.ev_class = below.id
    join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid and d.refclassid = 'pg_class'::regclass
    join pg_class c on c.oid = d.refobjid and c.relkind not in ('v', 'm')
    join pg_attribute a on a.attrelid = d.refobjid and a.attnum > 0 and not a.attisdropped
        and d.refobjsubid in (0, a.attnum)
), kinds (root, id) as (
    select root, atttypid from used
    union
    select kinds.root, further.id from kinds join pg_type t on t.oid = kinds.id
    cross join lateral (
        select t.typbasetype as id where t.typtype = 'd' union all select t.typelem where t.typcategory = 'A'
    ) further
)
select root::bigint, md5(string_agg(part, ' ' order by part)), (
    select count(*) > 0 from below join pg_class c on c.oid = below.id and c.relkind in ('f', 'm')
    where below.root = parts.root
) from (
    select root, pg_get_viewdef(id) as part from below join pg_class c on c.oid = id and c.relkind in ('v', 'm')
    union all
    select root, format('%%s.%%s %%s %%s', attrelid, attnum, version, md5(pg_get_expr(d.adbin, d.adrelid)))
    from used left join pg_attrdef d on d.adrelid = attrelid and d.adnum = attnum
    union all
    select root, format('%%s %%s', e.oid, e.enumlabel) from kinds join pg_enum e on e.enumtypid = kinds.id
) parts group by root
"""
UNIQUE = """
select i.indrelid::bigint, array(
        select a.attname::text from unnest(i.indkey[0:i.indnkeyatts - 1]) with ordinality k (attnum, n)
        join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum order by k.n
    ), i.indisprimary
from pg_index i
where i.indrelid = any(%(relations)s::oid[]) and i.indisunique and i.indisvalid and i.indpred is null
    and i.indexprs is null
order by i.indisprimary desc, i.indexrelid
"""
# The default zone of sessions, of each role and of this database.
ZONES = """
select distinct coalesce('role ' || r.rolname, 'database ' || d.datname), split_part(setting, '=', 2)
from pg_db_role_setting s
left join pg_roles r on r.oid = s.setrole left join pg_database d on d.oid = s.setdatabase
cross join unnest(s.setconfig) setting
where setting ilike 'timezone=%%' and (s.setdatabase = 0 or d.datname = current_database())
union all
select 'the server', reset_val from pg_settings where name = 'TimeZone'
order by 1
"""
# A snapshot sees no row of a table that was written again since it was taken (ALTER TABLE, TRUNCATE): the row of the
# catalogue is the snapshot's, and the function returns the file of now.
REWRITTEN = """
select 1 from pg_class c where c.oid = any(%(relations)s::oid[]) and c.relkind in ('r', 'm')
    and c.relfilenode is distinct from pg_relation_filenode(c.oid) limit 1
"""
