"""Runs of loads and flows: the record of each on this machine, the flow's lease, and queries of the warehouse.

`run_writer.recorded` records what a command does; `run_history.read_runs` reads the records; flows use `flow_lease`.
"""
