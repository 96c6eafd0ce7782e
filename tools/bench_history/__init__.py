"""What the same increment costs over more history: two worlds of one company, and DuckDB's profile of every statement.

`python -m tools.bench_history` is its command; the test and docs/speed.md use its report.
"""
