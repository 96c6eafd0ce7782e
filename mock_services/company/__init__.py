"""The generated company behind both mocks: its ids, times, contacts and campaigns.

Both mocks may use all of it; it uses nothing of them.
"""
