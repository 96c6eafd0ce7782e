"""What the flow has to do with Prefect: its server, its states, the schedule, and one run at a time.

Flow and tasks use the decorators (`single_run`, `fail_in_one_line`, `record_flow`) and `run_progress`; worker.sh runs
`worker_api`, and `make status` asks `schedule_check`.
"""
