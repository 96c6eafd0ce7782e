"""Digests of a table's keys by range, computed in SQL on both sides: what is equal is neither sorted nor transferred.

`dialects` has the SQL of each database, `slices` how keys are divided, `statement` one query, `search` the comparison.
"""
