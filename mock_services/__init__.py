"""Stand-ins for other people's systems on one machine: MailBlaze's operational Postgres and its e-mail vendor's API.

`python -m mock_services` starts them and a Prefect server. Tests use `commands`, `postgres` and `saas`.
They know nothing of the platform that reads them.
"""
