"""The layout of a lake's files: each file has a path of its own, by which a replay finds it."""

import re

from exactly_once.errors import PipelineError

LAYOUT = "{table_name}/{load_id}.{file_id}.{ext}"


def check_layout(layout: str) -> None:
    """Refuse a layout under which a load writes over an earlier one's files, or a replay does not find them.

    Raises:
        PipelineError: it is another one than LAYOUT, whose ending may be left out.
    """
    if not re.fullmatch(re.escape(LAYOUT).replace(r"\.\{ext\}", r"(\.\{ext\})?"), layout):
        lack = "without {file_id} a load writes over the files of an earlier one"
        reason = "a replay does not find files of it" if "{file_id}" in layout else lack
        raise PipelineError(f"The lake's layout is {layout!r}: {reason}. Set it to {LAYOUT!r}, or leave it out.")
