"""The first command of the README, on somebody else's machine."""


def test_the_first_command_works_in_an_odd_folder(machine):
    done = machine.run("make", "run", timeout=300)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "Done in" in done.stdout
