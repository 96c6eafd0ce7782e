"""What the next run does with what a dead one left, and what the lake keeps so that RAW can be rebuilt from it.

Others use `pending` and `working_dir` (before a load), `manifest_writer` and `retention` (after it), `replay.Replay`.
"""
