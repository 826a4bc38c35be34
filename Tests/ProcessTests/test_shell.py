"""Help, completions, the manual page and `trimtab doctor`: made of the commands' declarations, and true."""

import re
import shutil
import subprocess

import pytest
from conftest import REPOSITORY

COMMANDS = ["serve", "frontier", "schedule", "similarity", "select", "init", "check", "journal", "mcp", "record",
            "replay", "view", "transcript", "conformance", "doctor", "completion", "manual"]


def run(binary, *arguments, **options):
    return subprocess.run([str(binary), *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False,
                          stdin=subprocess.DEVNULL, **options)


def tool(name):
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"no {name}: install it")
    return path


@pytest.fixture(scope="module")
def helps(binary):
    return {name: run(binary, name, "--help").stdout for name in COMMANDS}


def options(text):
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", "\n".join(re.findall(r"^  (--.*?)(?:  |$)", text, re.M))))


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_help_with_an_example_in_80_columns(binary, helps, name):
    text = helps[name]
    assert text.startswith("trimtab ") and name in text.splitlines()[0]
    assert "\nExample:\n  " in text
    assert max(map(len, text.splitlines())) <= 80, [line for line in text.splitlines() if len(line) > 80]
    whole = run(binary, "--help").stdout
    assert text in whole and max(map(len, whole.splitlines())) <= 80


@pytest.mark.parametrize("name", COMMANDS)
def test_help_names_the_options_that_the_command_takes(binary, helps, name):
    said = run(binary, name, "--no-such-option").stderr
    if name == "manual":
        return
    # Every command takes --help, which its own text does not list.
    taken = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", said.partition(", found")[0])) - {"--help"}
    assert taken == options(helps[name]), (taken ^ options(helps[name]), said)


def test_slips_are_explained(binary):
    said = run(binary, "frontir")
    assert said.returncode == 64 and "did you mean frontier?" in said.stderr
    said = run(binary, "replay", "--updat", "x")
    assert said.returncode == 64 and "did you mean --update?" in said.stderr
    assert "did you mean" not in run(binary, "xyzzy").stderr
    assert run(binary, "-V").stdout == run(binary, "--version").stdout != ""


COMPLETE = """
source "$1"
COMP_WORDS=(trimtab "${@:2}")
COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 ))
_trimtab
printf '%s\\n' "${COMPREPLY[@]}"
"""


def test_bash_completes(binary, helps, tmp_path):
    script = tmp_path / "trimtab"
    script.write_text(run(binary, "completion", "bash").stdout)

    def completed(*words):
        done = subprocess.run(["bash", "-c", COMPLETE, "bash", script, *words], capture_output=True, text=True,
                              check=True, cwd=tmp_path)
        return set(done.stdout.split())

    assert completed("") == {*COMMANDS, "--help", "--version"}
    assert completed("re") == {"record", "replay"}
    for name in COMMANDS:
        assert completed(name, "--") == options(helps[name]) | {"--help"}, name
    assert completed("replay", "--framing", "") == {"headers", "lines"}
    assert completed("completion", "") == {"bash", "zsh", "fish"}
    assert completed("view", "tr") == {"trimtab"}


def test_zsh_and_fish_accept_their_scripts(binary, helps, tmp_path):
    zsh = tmp_path / "_trimtab"
    zsh.write_text(run(binary, "completion", "zsh").stdout)
    subprocess.run([tool("zsh"), "-n", zsh], check=True)
    fish = tmp_path / "trimtab.fish"
    fish.write_text(run(binary, "completion", "fish").stdout)
    env = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    for name in COMMANDS:
        shown = subprocess.run([tool("fish"), "-c", f"source {fish}; complete -C 'trimtab {name} --'"],
                               capture_output=True, text=True, check=True, env=env)
        assert options(helps[name]) <= {line.split("\t")[0] for line in shown.stdout.splitlines()}, name
    for name in COMMANDS:
        for option in options(helps[name]):
            assert f"{option}[" in zsh.read_text(), option


def test_the_manual_page_is_sound_and_complete(binary, helps, tmp_path):
    page = tmp_path / "trimtab.1"
    page.write_text(run(binary, "manual").stdout)
    linted = subprocess.run([tool("mandoc"), "-T", "lint", "-W", "warning", page], capture_output=True, text=True,
                            check=False)
    # A date would make each build another.
    faults = [line for line in linted.stdout.splitlines() if "missing date" not in line]
    assert faults == [], linted.stdout
    shown = subprocess.run([tool("mandoc"), "-T", "ascii", page], capture_output=True, text=True, check=True).stdout
    shown = re.sub(r".\x08", "", shown)
    for name in COMMANDS:
        assert name in shown
        for option in options(helps[name]):
            assert option in shown, option


def test_the_doctor_finds_what_cannot_be_used(binary, tmp_path):
    well = run(binary, "doctor", "--state", tmp_path / "state", "--root", tmp_path)
    assert well.returncode == 0 and "FAULT" not in well.stdout, well.stdout
    assert f"{tmp_path / 'state'}: journal" in well.stdout and re.search(r"\d\d methods", well.stdout)
    ill = run(binary, "doctor", "--state", "/dev/null/state", "--root", tmp_path / "nothing")
    assert ill.returncode == 1
    faults = [line for line in ill.stdout.splitlines() if line.startswith("FAULT")]
    assert len(faults) == 2 and "state" in faults[0] and "roots" in faults[1]
    alone = run(binary, "doctor", env={})
    assert alone.returncode == 0 and "memory" in alone.stdout


def test_the_doctor_changes_nothing(binary, tmp_path):
    """Neither a folder that is there nor one that a server would make, whatever names it."""
    empty, kept = tmp_path / "empty", tmp_path / "kept"
    empty.mkdir(mode=0o700)
    subprocess.run([binary, "serve", "--state", kept], input=b'{"jsonrpc":"2.0","id":1,"method":"initialize"}\n'
                   b'{"jsonrpc":"2.0","id":2,"method":"session/open","params":{"session":"s"}}\n',
                   stdout=subprocess.DEVNULL, check=True, timeout=60)

    def contents():
        return {path: path.read_bytes() if path.is_file() else None for path in sorted(tmp_path.rglob("*"))}

    before = contents()
    assert kept / "sessions" in before
    for state in (empty, tmp_path / "none" / "inside", kept):
        done = run(binary, "doctor", "--state", state)
        assert done.returncode == 0 and f"{state}: journal" in done.stdout, done.stdout
        assert run(binary, "doctor", env={"TRIMTAB_STATE": str(state)}).returncode == 0
        assert contents() == before
    empty.chmod(0o777)
    open_to_all = run(binary, "doctor", "--state", empty)
    assert open_to_all.returncode == 1 and "chmod 700" in open_to_all.stdout and contents() == before


def test_installing_puts_everything_below_a_prefix(tmp_path):
    shown = subprocess.run(["make", "-n", "install", f"DESTDIR={tmp_path}", "PREFIX=/opt/t"], cwd=REPOSITORY,
                           capture_output=True, text=True, check=True).stdout
    for place in ("bin/trimtab", "share/man/man1/trimtab.1", "share/bash-completion/completions/trimtab",
                  "share/zsh/site-functions/_trimtab", "share/fish/vendor_completions.d/trimtab.fish",
                  "share/trimtab/conformance"):
        assert f"{tmp_path}/opt/t/{place}" in shown, place
