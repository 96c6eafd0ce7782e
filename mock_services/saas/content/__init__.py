"""The objects that the vendor's API serves, generated from the company: campaigns and e-mail events.

Only `store` uses them.
"""
