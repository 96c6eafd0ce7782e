"""The doors in, and the parts they share; a new source is a new door.

- doors: `postgres`, `saas`; one load of a door: `load`, as a command: `command`, its errors in a line: `errors`
- where rows land: `warehouse` (the one switch), `run_context` (dlt's way to it)
- reading Postgres: `snapshot` (horizon), `window`, `exact` (every value), `postgres_keys`
- its rows as Parquet: `wire` (DuckDB's scanner), `wire_loader` (dlt's backend), `page_ranges` (several connections)
- reading the API: `api_pages`, `whole_reads`, `patient_session`, `paced_adapter`, `retry_after`, `reread`, `api_keys`
- as fast as it permits: `quota` (its pace), `side_by_side` (windows of time)
- its values exactly: `exact_json`, `api_times`, `api_types`, `arrow_pages`, `api_notices` (what is said of them)
- its lines of ENDPOINTS: `endpoint_options`; its deletes beside a wider column: `widened_rows`
- against what RAW has: `raw_table`, `unchanged`, `sweep` (deletes), `key_merge`
- what the warehouse holds, for whoever builds on it: `contents`
- what became of each run: `run_record`; how far each table has been read: `cursors`
- one run at a time: `lease`, `lease_record`, `lease_store`, `holder`, `lease_repair`
- landing once: `settle` (what a dead run left), `pending` (its files), `load_rows` (its rows in RAW), `fence`,
  `landing`, `staged_duckdb`, `fenced_snowflake`, `retention`
- again from the lake: `replay`, `replay_plan`, `replay_files`, `replay_landing`; what it reads: `lake_records`,
  `manifests` (contents and chain), `recording`
- while it works: `interrupts` (Ctrl-C and SIGTERM), `progress` (a line every few seconds)
- before the first load: `doctor`, `visit`, `source_checks`, `lake_checks`, `warehouse_checks`
"""
