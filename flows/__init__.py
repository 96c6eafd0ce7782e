"""Prefect flows: the order of loads and dbt, retries, the monthly budget, reports and artifacts.

Run `elt.py`, `status.py`, `dbt_command.py` and `worker.sh` as commands; prefect.yaml deploys the flow `elt`. Nothing
imports this package but its tests.
"""
