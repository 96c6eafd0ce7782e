"""JSON as it was sent: numbers keep every digit, text is what a warehouse can hold, and other values are located.

Python's own parser reads 1,000 objects of 16 fields in 1.7 ms. It would take NaN for a number, and keep half of a
surrogate pair in a text, which no UTF-8 file can hold.
"""

import json
import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

import simplejson

MAY_HOLD_SURROGATES = re.compile(r"\\u[dD][89a-fA-F]")
SURROGATE = re.compile("[\ud800-\udfff]")
TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s\[\]{},:"]+')
ENCODINGS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe\0\0": "utf-32", b"\0\0\xfe\xff": "utf-32",
             b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}  # fmt: skip
MAX_DEPTH = 200  # levels in one object; Python's parser and DuckDB's each have a limit of their own


class InvalidJson(ValueError):
    """Text that is no JSON, or that breaks off."""


class UnsupportedValue(ValueError):
    """A value that JSON does not have, or that nothing can hold.

    Args:
        what: it is, e.g. "NaN".
        path: keys and indexes from the document's root.
    """

    def __init__(self, what: str, path: tuple[str | int, ...]) -> None:
        super().__init__(what)
        self.what, self.path = what, path


class LoneSurrogate(NamedTuple):
    """A text with half of a surrogate pair: where it is in the document."""

    path: tuple[str | int, ...]


class _Constant:
    def __init__(self, text: str) -> None:
        self.text = text


def decode(body: bytes) -> str:
    """Return the text of a JSON document: UTF-8 by its RFC, whatever the header says, or as its byte-order mark says.

    Raises:
        InvalidJson: the bytes are no text in that encoding.
    """
    encoding = next((name for mark, name in ENCODINGS.items() if body.startswith(mark)), None)
    try:
        return body.decode(encoding or json.detect_encoding(body))
    except UnicodeDecodeError as error:
        raise InvalidJson(f"the answer is not in {error.encoding.upper()}") from error


def parse(body: bytes) -> tuple[Any, list[LoneSurrogate]]:
    """Return the document and where half of a surrogate pair was replaced by the six characters of its escape.

    Integers are int; numbers with a point or an exponent are Decimal.

    Raises:
        InvalidJson: it is no JSON, or breaks off.
        BadValue: NaN or an infinity, a number with an exponent that no program reads, or nesting without an end.
    """
    text = decode(body)
    try:
        document = _exact.decode(text)
    except RecursionError:
        raise UnsupportedValue(f"more than {MAX_DEPTH} levels", _path_of_too_deep(text)) from None
    except _FoundConstant:
        raise _bad_constant(text) from None
    except InvalidOperation:
        raise _bad_constant(text) from None
    except json.JSONDecodeError as error:
        raise InvalidJson("the answer is no JSON, or broke off") from error
    except ValueError:  # an integer with more digits than Python reads by itself
        document = _decoder(parse_int=lambda digits: int(digits) if len(digits) < 4_000 else Decimal(digits)).decode(
            text
        )
    found: list[LoneSurrogate] = []
    if MAY_HOLD_SURROGATES.search(text):
        document = _without_surrogates(document, (), found)
    return document, found


def dump(value: Any) -> str:
    """Return JSON of a parsed value, with every digit of its numbers.

    Raises:
        BadValue: it has more than DEEPEST levels.
    """
    try:
        text = json.dumps(value, ensure_ascii=False)
    except TypeError:  # a Decimal
        text = simplejson.dumps(value, ensure_ascii=False, use_decimal=True)
    except RecursionError:
        raise UnsupportedValue(f"more than {MAX_DEPTH} levels", ()) from None
    if text.count("[") + text.count("{") > MAX_DEPTH and _is_too_deep(value):
        raise UnsupportedValue(f"more than {MAX_DEPTH} levels", ())
    return text


class _FoundConstant(Exception):
    pass


def _found_constant(text: str) -> None:
    raise _FoundConstant(text)


def _decoder(**hooks: Any) -> json.JSONDecoder:
    return json.JSONDecoder(**{"parse_float": Decimal, "parse_constant": _found_constant, **hooks})


_exact = _decoder()


def _bad_constant(text: str) -> UnsupportedValue:
    document = _decoder(parse_float=_float, parse_constant=_Constant, parse_int=_float).decode(text)
    for path, value in _walk(document):
        if isinstance(value, _Constant):
            return UnsupportedValue(value.text, path)
    raise AssertionError("the parser found a constant, the walk did not")


def _float(text: str) -> Any:
    try:
        return Decimal(text)
    except InvalidOperation:
        return _Constant(text)


def _walk(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    stack = [(path, value)]
    while stack:
        path, value = stack.pop()
        yield path, value
        items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        stack.extend(((*path, key), item) for key, item in items)


def _is_too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            item
            for container in level
            for item in (container.values() if isinstance(container, dict) else container)
            if isinstance(item, dict | list)
        ]
        if not level:
            return False
    return True


def _path_of_too_deep(text: str) -> tuple[str | int, ...]:
    """Return the path, at most three steps of it, of the first value that lies too deep, without a parser's stack."""
    path: list[list[Any]] = []  # of each open container: its kind, and the key or index that comes next
    is_key = False
    for match in TOKENS.finditer(text):
        part = match.group()
        if part in "{[":
            path.append([part, 0 if part == "[" else None])
            is_key = part == "{"
            if len(path) > MAX_DEPTH + 3:
                return tuple(step for _, step in path[:3])
        elif part in "}]":
            if path:
                path.pop()
            is_key = False
        elif part == "," and path:
            is_key = path[-1][0] == "{"
            if not is_key:
                path[-1][1] += 1
        elif part == ":":
            is_key = False
        elif is_key and path:
            path[-1][1] = part[1:-1]
    return ()


def _without_surrogates(value: Any, path: tuple[str | int, ...], found: list[LoneSurrogate]) -> Any:
    if isinstance(value, str):
        if not SURROGATE.search(value):
            return value
        found.append(LoneSurrogate(path))
        return _escaped(value)
    if isinstance(value, list):
        return [_without_surrogates(item, (*path, index), found) for index, item in enumerate(value)]
    if isinstance(value, dict):
        kept = {_escaped(key): _without_surrogates(item, (*path, _escaped(key)), found) for key, item in value.items()}
        if len(kept) < len(value):
            raise UnsupportedValue("two names that differ in half of a surrogate pair alone", (*path, next(iter(kept))))
        return kept
    return value


def _escaped(text: str) -> str:
    return SURROGATE.sub(lambda match: f"\\u{ord(match.group()):04x}", text)
