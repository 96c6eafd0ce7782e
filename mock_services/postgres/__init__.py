"""MailBlaze's operational Postgres: an embedded server, the schema, the seed and days of traffic."""
