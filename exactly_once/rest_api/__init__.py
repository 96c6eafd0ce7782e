"""Read a REST API so that each load is complete or fails: every answer is validated, every value is exact.

A source declares `spec.Endpoint` lines and yields `source.rest_resources(client, endpoints, options)` over a
`client.ApiClient`; `checks` has what a doctor looks at. Any paginator of dlt's RESTClient can be used.
"""
