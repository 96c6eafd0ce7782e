"""Every command documents its arguments, and rejects others before it does anything."""

import re

import pytest

COMMANDS = [
    ("flows/elt.py",),
    ("pipelines/postgres.py",),
    ("pipelines/saas.py",),
    ("pipelines/replay.py",),
    ("pipelines/doctor.py",),
    ("pipelines/lease_repair.py",),
    ("terraform/env_file.py",),
    ("tools/snowflake_smoke/smoke.py",),
    ("-m", "mock_services"),
    ("-m", "mock_services.postgres"),
    ("-m", "mock_services.saas"),
    *(("-m", "mock_services", name) for name in ("up", "down", "status", "traffic", "faults", "trouble", "clean")),
    ("-m", "tools.kill_test"),
    ("-m", "tests.foreign"),
    ("-m", "tools.mart_diff"),
    ("tools/dbt_mutation.py",),
    ("-m", "tools.bench"),
    ("-m", "tools.bench.report"),
    ("-m", "tools.bench.delete_detection"),
    ("-m", "tools.bench_history"),
    ("-m", "tools.bench_history.report"),
    ("-m", "tools.cost"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_does_nothing_and_unknown_options_are_refused(machine, command):
    folder = machine.home / "untouched"
    shown = machine.python(*command, "--help", MAILBLAZE_DATA_DIR=str(folder))
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.startswith("usage: ")
    refused = machine.python(*command, "--no-such-option", MAILBLAZE_DATA_DIR=str(folder))
    assert refused.returncode == 2, refused.stdout + refused.stderr
    assert "Traceback" not in refused.stderr
    assert not folder.exists()


def test_make_help_lists_every_target(machine):
    shown = machine.run("make", "help").stdout
    targets = re.findall(r"^([a-z][a-z-]*):.*##", (machine.clone / "Makefile").read_text(), re.M)
    phony = re.search(r"^\.PHONY: (.*?)(?<!\\)\n", (machine.clone / "Makefile").read_text(), re.M | re.S)[1]
    assert set(phony.replace("\\\n", " ").split()) - {"again"} == set(targets)
    assert re.findall(r"^  make ([a-z-]+) ", shown, re.M).count("run") == 1
    assert set(re.findall(r"^  make ([a-z-]+) ", shown, re.M)) == set(targets)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("up", "--scale", "x"), "argument --scale: 'x' is not a whole number from 1 on"),
        (("up", "--day", "1"), "unrecognized arguments: --day 1"),
        (("traffic", "--day", "0"), "argument --day: '0' is not a whole number from 1 on"),
        (("down", "--only", "mail"), "argument --only: 'mail' is none of prefect, saas, postgres"),
        (("down", "--no-wait", "saas"), "unrecognized arguments: --no-wait saas"),
        (("faults", "--count", "3"), "--count needs --seed"),
        (("trouble", "--seconds", "-1"), "argument --seconds: "),
    ],
)
def test_a_wrong_option_is_one_line(machine, arguments, line):
    done = machine.python("-m", "mock_services", *arguments)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert line in done.stderr


def test_a_wrong_scale_of_make_is_one_line(machine):
    done = machine.run("make", "up", "SCALE=ten", MAILBLAZE_DATA_DIR=str(machine.home / "never"))
    assert done.returncode == 2
    assert "'ten' is not a whole number" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_script_of_faults_may_stand_in_the_command(machine):
    done = machine.python("-m", "mock_services", "faults", "--script", "[]", "--data-dir", str(machine.home / "none"))
    assert done.stderr == "mock_services: the API is down: type `python -m mock_services up`\n"


def test_down_and_status_before_anything_was_started(machine):
    folder = str(machine.home / "none")
    for _ in range(2):
        done = machine.run("make", "down", MAILBLAZE_DATA_DIR=folder)
        assert (done.returncode, done.stdout) == (0, "nothing runs\n")
    assert "Traceback" not in machine.run("make", "status", MAILBLAZE_DATA_DIR=folder).stderr


def test_a_colon_in_the_path_is_refused_in_one_line(machine):
    place = machine.make_clone(machine.home / "a:b")
    done = machine.run("make", "setup", cwd=place)
    assert done.returncode == 2
    assert "holds a colon" in done.stderr
    assert not (place / ".venv").exists()
