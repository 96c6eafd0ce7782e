"""Turns what a library raised into one line that says what is wrong and what to type next.

One module for each library; `exactly_once.errors.user_message` is what others use. An application names its own
services and settings by a subclass of `services.Services`.
"""
