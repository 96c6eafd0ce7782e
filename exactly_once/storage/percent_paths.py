"""Let dlt work in folders whose path has a percent sign.

dlt formats the names of its data files with Python's `%` over the whole path, which fails in a folder named "100%". So
the two methods that return such a path double the percent signs of its folder. This leans on dlt internals: dlt is
pinned exactly and a test holds the contract.
"""

from pathlib import Path
from typing import Any

from dlt.common.storages.load_storage import LoadItemStorage
from dlt.extract.storage import ExtractorItemStorage

METHOD = "_get_data_item_path_template"


def allow() -> None:
    """Patch dlt's two methods, once."""
    for storage in (ExtractorItemStorage, LoadItemStorage):
        inner = getattr(storage, METHOD)
        if not hasattr(inner, "doubles"):
            setattr(storage, METHOD, _doubling(inner))


def _doubling(inner: Any) -> Any:
    def template(self: Any, load_id: str, schema_name: str, table_name: str) -> str:
        """Return dlt's template, in which only the file's name has placeholders."""
        path = Path(inner(self, load_id, schema_name, table_name))
        return str(Path(str(path.parent).replace("%", "%%"), path.name))

    template.doubles = True  # type: ignore[attr-defined]
    return template
