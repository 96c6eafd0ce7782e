"""The outside world on one machine: MailBlaze's operational Postgres, its e-mail vendor's API, a Prefect server."""
