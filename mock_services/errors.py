"""The one kind of failure that a person is shown as a line."""


class ServiceError(Exception):
    """Something is wrong with a service; the text is one line that says what, and what to type next."""
