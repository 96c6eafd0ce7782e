"""What these tests share with those of the doors."""

from tests.pipelines.conftest import few_tables

__all__ = ["few_tables"]
