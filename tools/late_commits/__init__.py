"""Loads while other sessions write to Postgres: a graph of lost rows, a soak test, writers that hide transactions.

Run `measure.py`, `soak.py`, `sessions.py` and `draw.py` as commands. Nothing imports this package.
"""
