"""The objects that the vendor's API serves, generated from the company: campaigns and e-mail events.

`store` uses them; nobody else needs to.
"""
