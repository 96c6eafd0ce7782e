"""Comparing the source with RAW: rows that are unchanged, and rows that a cursor never sees, such as deleted ones.

Sources use `raw_table`, `drop_unchanged` and `delete_detection`; `cursors` reports how far each table was read.
"""
