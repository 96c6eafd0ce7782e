{#- The days of a query's column day_on as at most 40 ranges [first day, day after the last]. Where there are more, the ranges
    that lie nearest to each other become one: some days are read that need not be. -#}
{% macro day_ranges(days) -%}
    {%- set ranges = [] -%}
    {%- if execute -%}
        {%- set query -%}
            with days as (
                select distinct cast(day_on as date) as day_on from ({{ days }}) as found where day_on is not null
            ),

            gaps as (
                select day_on, {{ dbt.datediff('lag(day_on) over (order by day_on)', 'day_on', 'day') }} as gap from days
            ),

            ranked as (
                select day_on, gap, row_number() over (order by coalesce(gap, 0) desc, day_on) as widest_first from gaps
            ),

            numbered as (
                select
                    day_on,
                    sum(case when gap > 1 and widest_first < 40 then 1 else 0 end) over (
                        order by day_on rows between unbounded preceding and current row
                    ) as range_number
                from ranked
            )

            select cast(min(day_on) as varchar), cast(cast({{ dbt.dateadd('day', 1, 'max(day_on)') }} as date) as varchar)
            from numbered
            group by range_number
            order by 1
        {%- endset -%}
        {%- for row in run_query(query).rows -%}
            {%- do ranges.append((row[0], row[1])) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(ranges) }}
{%- endmacro %}

{#- A condition: a column of type date, of timestamp (UTC) or of timestamp with time zone lies in one range of days. -#}
{% macro in_day_range(column, range, type='date') -%}
    {{ column }} >= {{ day_literal(range[0], type) }} and {{ column }} < {{ day_literal(range[1], type) }}
{%- endmacro %}

{% macro day_literal(day, type) -%}
    {%- if type == 'timestamp with time zone' -%}
    cast('{{ day }} 00:00:00+00:00' as timestamp with time zone)
    {%- else -%}
    cast('{{ day }}' as {{ type }})
    {%- endif -%}
{%- endmacro %}

{#- A query of the rows of a relation whose column lies in ranges of days. -#}
{% macro rows_in(relation, column, ranges, type='date') -%}
    {%- if not ranges -%}
        select * from {{ relation }} where false
    {%- else -%}
        {{ adapter.dispatch('rows_in')(relation, column, ranges, type) }}
    {%- endif -%}
{%- endmacro %}

{#- DuckDB skips row groups by a range, and not by a choice between ranges. -#}
{% macro default__rows_in(relation, column, ranges, type) -%}
    {%- for range in ranges %}
    select * from {{ relation }} where {{ in_day_range(column, range, type) }}
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{% macro snowflake__rows_in(relation, column, ranges, type) -%}
    select * from {{ relation }}
    where
    {%- for range in ranges %}
        ({{ in_day_range(column, range, type) }}){{ ' or' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
