"""Declarations that refuse a wrong word: the base of Table and Endpoint."""

import re
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import MISSING, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from exactly_once.errors import PipelineError

PACKAGE = Path(__file__).resolve().parent
AnySpec = TypeVar("AnySpec", bound="Spec")
SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
LONGEST = 366 * 86_400.0  # seconds between two comparisons
LIKE = 0.6  # of difflib: how near a word must be to be offered


class SpecError(PipelineError):
    """A declaration is wrong; its message lacks the place and the name, which `Spec` puts before it."""


class _SpecType(type):
    """Checks the options of a declaration before its `__init__` sees them."""

    def __call__(cls, *names: Any, **options: Any) -> Any:
        what = f"{cls.__name__} {names[0]!r}" if names else cls.__name__
        place = _caller()
        try:
            made = super().__call__(*names, **_checked(cls, names, options))
        except SpecError as error:
            raise PipelineError(f"{place}: {what}: {error}.") from None
        object.__setattr__(made, "declared_at", place)
        return made


class Spec(metaclass=_SpecType):
    """Base of a frozen dataclass whose lines a person writes, e.g. `Table("orders", key="id")`.

    The first field, `name`, comes by position and the others by name. `__post_init__` checks the values and raises
    `SpecError`, without a full stop; `settle` replaces a value there.

    Raises:
        PipelineError: an option is unknown or missing, or its value is wrong; the line begins with the file and the
            line of the declaration, e.g. "sources/shop.py:42: Table 'orders': it has no option 'kee'; say 'key'."
    """

    ALIASES: ClassVar[Mapping[str, str]] = {}  # earlier words for an option, by the word
    declared_at: ClassVar[str]  # file and line of each declaration; no field, so that equal declarations are equal

    def settle(self, **values: Any) -> None:
        """Replace values in `__post_init__`, e.g. a list by a tuple."""
        for name, value in values.items():
            object.__setattr__(self, name, value)


def nearest(word: object, known: Iterable[str], like: float = LIKE) -> str | None:
    """Return the known word that is most like another one, or None."""
    words = {one.lower(): one for one in known}
    found = get_close_matches(str(word).lower(), words, 1, like)
    return words[found[0]] if found else None


def declarations(kind: type[AnySpec], found: object, declared_in: str) -> tuple[AnySpec, ...]:
    """Return the declarations of a source.

    Args:
        kind: of them, e.g. Table.
        found: what a person gave as their list.
        declared_in: where.

    Raises:
        PipelineError: it is no list of this kind.
    """
    name = kind.__name__
    if isinstance(found, kind):
        raise PipelineError(f"{declared_in}: a single {name} is no list: put brackets around it, [{name}(…)].")
    if isinstance(found, str | bytes | Mapping) or not isinstance(found, Iterable):
        raise PipelineError(f"{declared_in}: {_short(found)} is no list of {name}: say [{name}(…), …].")
    listed = tuple(found)
    for number, one in enumerate(listed, 1):
        if not isinstance(one, kind):
            what = f"number {number} of the list is {_short(one)}, no {name}"
            raise PipelineError(f"{declared_in}: {what}: say {name}(…).")
    return listed


def check_name(option: str, value: object, is_optional: bool = True) -> None:
    """Check a name: text that is not empty and holds no NUL.

    Raises:
        SpecError: it is something else.
    """
    if value is None and is_optional:
        return
    if not isinstance(value, str) or not value or "\0" in value:
        raise SpecError(f"{option}={value!r} is no name")


def check_number(option: str, value: object, least: float, most: float) -> None:
    """Check a number, which a boolean and a NaN are not.

    Raises:
        SpecError: it is something else, or out of range.
    """
    say = f"say a number from {least:g} to {most:g}"
    if isinstance(value, str):
        raise SpecError(f"{option}={value!r} is a text; {say}, without quotes")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise SpecError(f"{option}={_short(value)} is no number; {say}")
    if not least <= value <= most:  # a NaN is not
        raise SpecError(f"{option}={value!r} is out of range; {say}")


def deletes_every(value: object, deletes: str) -> float | None:
    """Return the option `deletes_every` in seconds; None where nothing is said.

    Args:
        value: of the option.
        deletes: the option beside it.

    Raises:
        SpecError: it is neither seconds nor a text like "30m", "6h" or "1d", or no keys are compared.
    """
    if value is None:
        return None
    shown, say = f"deletes_every={_short(value)}", 'say seconds, or a text like "30m", "6h" or "1d"'
    if deletes != "sweep":
        raise SpecError(f'{shown} is for deletes="sweep", and it has deletes={deletes!r}: take it out')
    if isinstance(value, str):
        found = re.fullmatch(r"(\d{1,9})\s*([smhd])", value.strip(), re.ASCII)
        if not found:
            raise SpecError(f"{shown} is no time; {say}")
        value = int(found.group(1)) * SECONDS[found.group(2)]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise SpecError(f"{shown} is no time; {say}")
    if not 0 <= value <= LONGEST:  # a NaN is not
        raise SpecError(f"{shown} is out of range; {say}, at most 366 days")
    return float(value)


def names_of(option: str, value: object) -> tuple[str, ...]:
    """Return one name or several as a tuple.

    Raises:
        SpecError: it is no list of names, or one is in it twice.
    """
    found: Any = (value,) if isinstance(value, str) else value
    is_list = isinstance(found, list | tuple) and all(isinstance(name, str) and name for name in found)
    if not is_list or len(set(found)) < len(found):
        raise SpecError(f"{option}={value!r}: say a name or a list of names, each once")
    return tuple(found)


def _short(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:59]}…"


def _checked(cls: Any, names: tuple[Any, ...], options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options under today's words."""
    known = {field.name: field for field in fields(cls)}
    first = next(iter(known))
    if len(names) != 1 and first not in options:
        raise SpecError(f"say its {first} first, and every option by its name")
    found: dict[str, Any] = {}
    for word, value in options.items():
        option = cls.ALIASES.get(word, word)
        if option not in known:
            near = nearest(word, [*known, *cls.ALIASES])
            others = repr(cls.ALIASES.get(near, near)) if near else ", ".join(name for name in known if name != first)
            raise SpecError(f"it has no option {word!r}; say {others}")
        if option in found:
            raise SpecError(f"it has the option {option!r} twice, once as {word!r}")
        found[option] = value
    given = {first, *found} if names else set(found)
    for name, field in known.items():
        if name not in given and field.default is MISSING and field.default_factory is MISSING:
            raise SpecError(f"it lacks the option {name!r}")
    return found


def _caller() -> str:
    """Return file and line of the declaration: of the first frame outside of this package."""
    frame = sys._getframe(1)  # noqa: SLF001  inspect.currentframe, its public name, may return None
    while frame.f_back and (_is_own(frame.f_code.co_filename)):
        frame = frame.f_back
    path = Path(frame.f_code.co_filename)
    with suppress(OSError, ValueError):
        path = path.resolve().relative_to(Path.cwd())
    return f"{path}:{frame.f_lineno}"


def _is_own(file: str) -> bool:
    path = Path(file)
    return path.is_relative_to(PACKAGE) or path.name == "dataclasses.py"
