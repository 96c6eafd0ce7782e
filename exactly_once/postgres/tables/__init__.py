"""What is known of a table before a row is read: its declaration, the catalogue, its shape, its names and types in RAW.

Others use `spec.Table`; `source.py`, the loader and the key reader use `preflight` and `source_table`.
"""
