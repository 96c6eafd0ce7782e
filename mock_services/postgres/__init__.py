"""MailBlaze's operational Postgres: an embedded server, its schema and seed, and days of traffic.

Others use `server.EmbeddedPostgres`, `seed.seed`, `traffic.simulate_day`, `faults` and `workload`.
It holds every Postgres type that extractions get wrong.
"""
