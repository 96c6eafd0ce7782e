"""Speeds, measured side by side in one run: `make bench`, docs/speed.md."""
