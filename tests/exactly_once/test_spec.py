"""A declaration with an unknown word fails at import, in one line with file, line and the nearest known word."""

import subprocess
import sys
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import ClassVar

import pytest

from exactly_once.errors import PipelineError
from exactly_once.spec import Spec, SpecError, check_name, check_number, names_of


@dataclass(frozen=True)
class Thing(Spec):
    """A declaration of the tests."""

    name: str
    _: KW_ONLY
    key: tuple[str, ...] | str
    seconds: float = 0.0

    ALIASES: ClassVar = {"lag": "seconds"}

    def __post_init__(self) -> None:
        check_name("name", self.name, is_optional=False)
        check_number("seconds", self.seconds, 0, 10)
        self.settle(key=names_of("key", self.key))


def test_right_words_are_taken():
    assert Thing("a", key="id", lag=3) == Thing(name="a", key=["id"], seconds=3)


@pytest.mark.parametrize(
    ("names", "options", "line"),
    [
        (["a"], {"kee": "id"}, "Thing 'a': it has no option 'kee'; say 'key'."),
        (["a"], {"key": "id", "lags": 3}, "Thing 'a': it has no option 'lags'; say 'seconds'."),
        (["a"], {"key": "id", "zzzz": 3}, "Thing 'a': it has no option 'zzzz'; say key, seconds."),
        (["a"], {}, "Thing 'a': it lacks the option 'key'."),
        (["a"], {"key": "id", "lag": 3, "seconds": 3}, "Thing 'a': it has the option 'seconds' twice, once as "),
        (["a"], {"key": "id", "seconds": float("nan")}, "Thing 'a': seconds=nan is out of range; say a number from 0 "),
        (["a"], {"key": ["id", "id"]}, "Thing 'a': key=['id', 'id']: say a name or a list of names, each once."),
        ([], {"key": "id"}, "Thing: say its name first, and every option by its name."),
        (["a", "b"], {"key": "id"}, "Thing 'a': say its name first, and every option by its name."),
    ],
)
def test_a_wrong_word_is_refused_with_its_place_and_the_nearest_right_one(names, options, line):
    with pytest.raises(PipelineError) as refused:
        Thing(*names, **options)
    assert not isinstance(refused.value, SpecError)
    place, _, said = str(refused.value).partition(": ")
    file, _, number = place.rpartition(":")
    assert Path(file).name == Path(__file__).name
    assert "Thing(*names, **options)" in Path(__file__).read_text().splitlines()[int(number) - 1]
    assert said.startswith(line)


@pytest.mark.integration
def test_a_command_ends_with_the_line_and_exit_code_1(tmp_path):
    script = tmp_path / "command.py"
    script.write_text(
        "from exactly_once.process.interrupts import watch\nwatch()\nfrom tests.exactly_once.test_spec import Thing\n"
        "Thing(\n    'a',\n    kee='id',\n)\n"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, str(script)], cwd=tmp_path, env={"PYTHONPATH": str(root)}, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stderr == "✗ command.py:4: Thing 'a': it has no option 'kee'; say 'key'.\n"
