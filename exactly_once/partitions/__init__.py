"""Merges and look-ups that read a part of a table: the ranges of a column that a batch names.

`declaration` has the column's hint, `ranges` the predicates; `check` finds keys whose value of the column changed.
"""
