"""One run at a time: a lease in the lake with expiry and a fencing token.

Others use `lease.Lease`, `lease.lease_url` and `repair.repair`; `store` keeps any small object under a condition.
"""
