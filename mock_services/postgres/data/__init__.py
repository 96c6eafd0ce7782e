"""The rows of the operational database and their way in by COPY.

`seed` and `traffic` use `rows.new_rows` and `copy_stream.copy_rows`; `edge_values` is internal.
"""
