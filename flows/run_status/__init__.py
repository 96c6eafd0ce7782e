"""What `make status` prints: problems that are not resolved, the last runs, tables and builds, the services.

flows/status.py uses it. Nothing here imports dlt, Prefect, DuckDB or PyArrow, so that the answer takes a second.
"""
