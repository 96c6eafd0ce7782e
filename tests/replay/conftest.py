"""What the tests of replay share with those of the sources."""

from tests.pipelines.conftest import few_tables

__all__ = ["few_tables"]
