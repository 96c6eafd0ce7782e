"""The error that the command line prints as one line."""


class ServiceError(Exception):
    """A service failed; the message is one line with the cause and the next command."""
