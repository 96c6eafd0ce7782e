"""The e-mail vendor's HTTP API: campaigns, e-mail events and suppressions, served from one SQLite file."""
