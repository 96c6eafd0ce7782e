"""The rows of the operational database and their way in by COPY.

`rows.new_rows` is for seed and traffic, `copy_stream.copy_rows` for whoever loads rows; `edge_values` is internal.
"""
