"""The kill test: kills a pipeline at its boundaries and compares source and warehouse after each recovery (README.md).

Run `python -m tools.kill_test`. Tests use `foreign`, `children`, `reference`, `boundaries`, `kill_test` and `subject`.
"""
