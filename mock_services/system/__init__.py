"""Processes, ports, signals, permissions and environment variables of this machine.

All of mock_services may use it; it uses only `mock_services.errors`.
"""
