"""The dbt part of a flow: what has to be built, one invocation of dbt, and what its result means.

The flow calls `build_task.dbt_build` and asks `build_cache.last_built_at`; the other modules serve these two.
"""
