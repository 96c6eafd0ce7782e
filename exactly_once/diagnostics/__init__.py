"""What a doctor command checks before the first load: the lake, the warehouse, and the path of a row between them.

Others use `check.Check` and `check.run_checks`, `context.DoctorContext`, and `checks` of `lake_checks` and
`warehouse_checks`. The checks of a source are beside the source, e.g. `exactly_once.postgres.checks`.
"""
