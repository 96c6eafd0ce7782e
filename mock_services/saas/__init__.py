"""The e-mail vendor's HTTP API: campaigns, e-mail events and suppressions, served from one SQLite file.

Others use `app.create_app`, `store` and `faults`; the rest is behind the API.
"""
