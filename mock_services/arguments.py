"""Command line parsing: a parser whose errors are one line, and types of arguments."""

import argparse
from collections.abc import Callable
from typing import NoReturn


class Parser(argparse.ArgumentParser):
    """argparse's parser, without the usage before an error."""

    def error(self, message: str) -> NoReturn:
        """Print one line and exit with 2."""
        self.exit(2, f"{self.prog}: {message}; --help lists the options\n")


def positive_integer(text: str) -> int:
    """Return a whole number from 1 on; a type of argparse."""
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text) < 2**31:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)


def positive_integer_up_to(most: int) -> Callable[[str], int]:
    """Return the type of whole numbers from 1 to `most`."""

    def number(text: str) -> int:
        if (found := positive_integer(text)) > most:
            raise argparse.ArgumentTypeError(f"{text!r} is more than {most}")
        return found

    return number
