"""Settings of a command: where each comes from, which are required, and which values are valid.

Commands call `settings.prepare` first; `lookup.find_setting` reads one setting; `shell` reads variables without dlt.
"""
