"""What a change of the dbt project changes in MART, as a report for a pull request: `make slim`.

Run `python -m tools.mart_diff BASE`. Nothing imports this package.
"""
