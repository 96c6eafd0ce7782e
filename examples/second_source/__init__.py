"""A second REST source: `helpdesk.py` is the source, `fake_helpdesk.py` the API that its test asks.

See README.md; tests/exactly_once/rest_api/test_second_source.py runs it.
"""
