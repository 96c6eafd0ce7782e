"""What a load does for all small tables at once, because a statement for each would cost more than their rows.

source.py uses `Unchanged` (unchanged.py), which says which tables need no read; nothing else here is public.
"""
