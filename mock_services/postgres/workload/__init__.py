"""Concurrent writers: transactions that stay open, tie, roll back and commit late, the same for each seed.

Others use `writers.Writers` and `writers.Workload`; `transactions` says what is written, `writer` writes it.
"""
