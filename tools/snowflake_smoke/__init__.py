"""The chain on a real Snowflake account, in scratch schemas, and the questions that only an account can answer.

Run `smoke.py` (`make smoke-snowflake`). Tests use every module but `parallel_calls`.
"""
