"""Connections to Postgres: the address, the settings of each session, the server's identity, open transactions.

It knows nothing of tables. Others use `address.PostgresCredentials`.
"""
