"""The values of an API's objects: from JSON to Arrow columns, exactly, or an error that names the value.

Others use `timestamps`; the rest is used by `source` and `paginator` of the folder above.
"""
