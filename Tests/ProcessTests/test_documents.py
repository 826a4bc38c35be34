"""Every command that a document shows is run as it stands there, in a folder that looks like a fresh clone.

What would take minutes or change the clone is run in its cheapest form: `make` targets with -n, benches and test runs
as far as their arguments are read.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys

import pytest
from conftest import AWAIT_SECONDS, REPOSITORY, Server

DOCUMENTS = ["README.md", "CONTRIBUTING.md", "Sources/ARCHITECTURE.md", "clients/python/README.md",
             "clients/python/COOKBOOK.md",
             *(str(path.relative_to(REPOSITORY)) for path in sorted(REPOSITORY.glob("Sources/*/GUIDE.md"))),
             *(str(path.relative_to(REPOSITORY)) for path in sorted(REPOSITORY.glob("Tests/*/README.md")))]
COMMANDS = ("make", "python3", ".venv/bin/python", "pip", ".build/release/trimtab", "swift", "python")


def blocks(document):
    """(kind, text) of each indented or fenced block, in the document's order."""
    lines = (REPOSITORY / document).read_text().splitlines()
    found, place = [], 0
    while place < len(lines):
        if lines[place].startswith("```"):
            end = lines.index("```", place + 1)
            found.append((lines[place][3:], "\n".join(lines[place + 1:end])))
            place = end + 1
        elif lines[place].startswith("    ") and (place == 0 or not lines[place - 1].strip()):
            end = place
            while end < len(lines) and (lines[end].startswith("    ") or not lines[end].strip()):
                end += 1
            text = "\n".join(line[4:] for line in lines[place:end]).rstrip()
            kind = "messages" if text.startswith('{"jsonrpc"') else "shell"
            found.append((kind if text.split()[0].startswith((*COMMANDS, "{")) else "figure", text))
            place = end
        else:
            place += 1
    return found


def commands(text):
    """The commands of a shell block; a here-document belongs to its command, a comment to none."""
    lines, found = text.splitlines(), []
    while lines:
        line = lines.pop(0)
        if match := re.search(r"<<'(\w+)'", line):
            while lines[0] != match[1]:
                line += "\n" + lines.pop(0)
            line += "\n" + lines.pop(0)
        while line.endswith("\\"):
            line = line[:-1] + lines.pop(0).strip()
        found.append(line if "<<" in line else re.sub(r"\s+#.*", "", line))
    return [line for line in found if line.strip()]


SHOWN = [(document, command) for document in DOCUMENTS for kind, text in blocks(document) if kind == "shell"
         for command in commands(text)]
PYTHON = [(document, text) for document in DOCUMENTS for kind, text in blocks(document) if kind == "python"]
INLINE = sorted({(document, span) for document in DOCUMENTS
                 for span in re.findall(r"`((?:make|trimtab|\.build/release/trimtab) [^`]+)`",
                                        (REPOSITORY / document).read_text())})


NAMED_IN = [*DOCUMENTS, *(f"protocol-spec/{name}.md" for name in ("README", "base", "patterns"))]


@pytest.fixture(scope="module")
def source():
    """The text of each source file by its path; documents have none."""
    files = [path for folder in ("Sources", "Tests", "clients", "fixtures", "protocol-spec", ".ci")
             for path in (REPOSITORY / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    code = (".swift", ".py", ".c", ".h", ".json", ".jsonl", ".csv", ".ini", ".toml", "")
    return {str(path.relative_to(REPOSITORY)): path.read_text(errors="replace") if path.suffix in code else ""
            for path in [*files, *(path for path in REPOSITORY.iterdir() if path.is_file())]}


@pytest.mark.parametrize("document", NAMED_IN)
def test_a_name_that_is_shown_exists(source, document):
    """Types, tests, fields, options and files in `code`: formulas and commands, which have blanks, are left out."""
    text = re.sub(r"^```.*?^```", "", (REPOSITORY / document).read_text(), flags=re.DOTALL | re.MULTILINE)
    words = {word for path, code in source.items() for word in re.findall(r"\w+", path + " " + code)}
    unknown = []
    for name in sorted(set(re.findall(r"`([A-Za-z$][\w.:/()-]*)`", text))):
        suite = re.fullmatch(r"(\w+Tests)\.(\w+)", name)
        if re.search(r"\.(swift|py|md)$", name):
            here = str((REPOSITORY / document).parent.relative_to(REPOSITORY)) + "/"
            # Beside the document, from the root, or with its folder left out in prose about that folder.
            exists = here + name in source or any(f"/{path}".endswith(f"/{name}") for path in source)
        elif suite:
            exists = any(suite[1] in path + code and re.search(rf"\b{suite[2]}\b", code)
                         for path, code in source.items())
        else:
            exists = set(re.findall(r"\w+", name)) <= words
        if not exists:
            unknown.append(name)
    assert not unknown, f"{document} names what is nowhere in the source: {unknown}"


@pytest.fixture(scope="module")
def clone(binary, tmp_path_factory):
    """A folder with the repository's files, the binary where `make` puts it, and this Python by each of its names."""
    folder = tmp_path_factory.mktemp("clone")
    for entry in REPOSITORY.iterdir():
        if entry.name not in (".build", ".venv", "out", "clients") and not entry.name.startswith(".build-"):
            (folder / entry.name).symlink_to(entry)
    shutil.copytree(REPOSITORY / "clients", folder / "clients", ignore=shutil.ignore_patterns("__pycache__"))
    for name in (".build/release", ".venv/bin", "bin"):
        (folder / name).mkdir(parents=True)
    (folder / ".build/release/trimtab").symlink_to(binary)
    for name in ("bin/python3", "bin/python", ".venv/bin/python"):
        wrapper = folder / name
        wrapper.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
        wrapper.chmod(0o755)
    return folder


def run(clone, command, **environment):
    return subprocess.run(["bash", "-c", command], cwd=clone, capture_output=True, text=True, timeout=AWAIT_SECONDS * 4,
                          env={**os.environ, "PATH": f"{clone / 'bin'}:{os.environ['PATH']}", **environment})


def cheapest(command, clone):
    """The command to run for one that is shown: the same where it takes seconds."""
    first = shlex.split(command.splitlines()[0], comments=True)
    if first[0] == "make":
        if first[1:] == ["demo"]:  # the binary is there; all else is done
            return f"{command} SWIFT=: PYTHON=python3"
        arguments = next((word.partition("=")[2] for word in first if word.startswith("BENCH=")), None)
        dry = f"make -n {shlex.join(first[1:])}"
        return dry if arguments is None else f"{dry} && python3 Tests/Benchmarks/bench.py {arguments} --help"
    if re.search(r"Benchmarks/(bench|noise)\.py", command):
        return f"{command} --help"
    if "-m pytest" in command:
        return f"{command} --collect-only -q -p no:cacheprovider"
    if "-m venv" in command:  # the environment that this test runs in has been made so
        return "python3 -m pip install --dry-run --no-index -r Tests/ProcessTests/requirements.txt"
    if first[0] == "pip":
        return f"python3 -m {command} --no-build-isolation --no-index --target {clone / 'site'}"
    return command


# A document's commands build on each other, so they run in one process, in their order.
@pytest.mark.xdist_group("commands")
@pytest.mark.parametrize("document, command", SHOWN, ids=[f"{d}: {c.splitlines()[0][:60]}" for d, c in SHOWN])
def test_a_command_that_is_shown_runs(clone, document, command):
    done = run(clone, cheapest(command, clone))
    assert done.returncode == 0, f"{document} shows a command that fails:\n{command}\n{done.stderr[-2000:]}"
    if "trimtab serve" in command:
        answers = {message["id"]: message for message in map(json.loads, done.stdout.splitlines()) if "id" in message}
        assert sorted(answers) == [1, 2, 3, 4, 5, 6], done.stdout
        # What the end of the input cuts off is answered as cancelled; a busy machine may come that late, but not to the
        # first request, nor to one before another that it answered.
        served = ["result" in answers[number] for number in range(1, 7)]
        assert served[0] and served == sorted(served, reverse=True), done.stdout
        assert all("result" in one or one["error"]["code"] == -32800 for one in answers.values()), done.stdout


def test_messages_that_are_shown_are_answered(binary):
    """The here-document line by line as a person types it, then the messages that are said to go after it."""
    shown = blocks("README.md")
    script = next(text for kind, text in shown if kind == "shell" and "trimtab serve" in text)
    later = [text for kind, text in shown if kind == "messages"]
    server = Server([binary, "serve"], framing="lines", cwd=REPOSITORY)
    try:
        for line in [*script.splitlines()[1:-1], *later[0].splitlines()]:
            message = json.loads(line)
            server.send(message)
            if "id" in message:
                assert "result" in server.answer(message["id"]), line
    finally:
        server.close()


@pytest.mark.parametrize("document, program", PYTHON, ids=[f"{d} {n}" for n, (d, _) in enumerate(PYTHON)])
def test_a_program_that_is_shown_runs(clone, binary, document, program):
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], cwd=clone, capture_output=True, text=True,
                          timeout=AWAIT_SECONDS, env={**os.environ, "TRIMTAB_BINARY": binary,
                                                      "PYTHONPATH": str(REPOSITORY / "clients" / "python")})
    assert done.returncode == 0, f"{document}:\n{done.stderr[-2000:]}"
    assert done.stdout, "it prints what it is about"


def test_the_installed_client_is_whole(clone):
    """After `pip install ./clients/python`, which is among the commands above."""
    done = run(clone, cheapest("pip install ./clients/python", clone) + " --upgrade")
    assert done.returncode == 0, done.stderr[-2000:]
    done = run(clone, "python3 -c 'import trimtab; print(trimtab.__file__, len(trimtab.__all__))'",
               PYTHONPATH=str(clone / "site"))
    assert str(clone / "site") in done.stdout, done.stderr


@pytest.mark.parametrize("document, span", INLINE, ids=[f"{d}: {s[:60]}" for d, s in INLINE])
def test_a_command_in_a_sentence_exists(clone, binary, document, span):
    words = shlex.split(span)
    if words[0] == "make":
        done = run(clone, cheapest(span, clone) if words[1:] != ["demo"] else "make -n demo")
        assert done.returncode == 0, done.stderr
        return
    helped = subprocess.run([binary, "--help"], capture_output=True, text=True).stdout
    for word in words[1:]:
        if word.startswith("--"):
            assert word in helped, word
    assert f"trimtab {words[1]}" in helped or words[1].startswith("--") or f"[{words[1]}]" in helped


def test_every_option_in_the_readme_exists(binary):
    helped = subprocess.run([binary, "--help"], capture_output=True, text=True).stdout
    options = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", (REPOSITORY / "README.md").read_text()))
    assert options and all(option in helped for option in options), options


def test_every_file_that_a_document_links_to_is_there():
    for document in DOCUMENTS:
        folder = (REPOSITORY / document).parent
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", (REPOSITORY / document).read_text()):
            assert "://" in target or (folder / target).exists(), f"{document} links to {target}"
