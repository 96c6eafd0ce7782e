"""How one request of a REST source travels: at the API's rate, within bounds of size and time, with retries.

Others use `session.Transport` and `session.RetryingSession`, `rate_limiter.AdaptiveRateLimiter` and
`rate_limited_adapter.ReadLimits`; nothing here knows of collections, pages or dlt resources.
"""
