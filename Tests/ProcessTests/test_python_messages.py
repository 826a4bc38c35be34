"""`trimtab.messages`, the generated types of the wire, accept what clients and server say to each other."""

import subprocess
import sys

from conftest import REPOSITORY
from test_contract import TRANSCRIPTS, messages

# An editor's messages have fields of the Language Server Protocol that the server passes over.
OF_EDITORS = ("Initialize", "TextDocument", "Workspace")


def typed_messages():
    """(type, value) of each message of the transcripts that has only declared fields."""
    for transcript in TRANSCRIPTS:
        is_warned = False
        for name, value in messages(transcript):
            # The answer comes before its request's params, and its warnings name fields that the request does not have.
            if name.endswith("Answer"):
                is_warned = isinstance(value, dict) and "warnings" in value
            if value is not None and not is_warned and not name.startswith(OF_EDITORS):
                yield name, value
            if name.endswith("Params"):
                is_warned = False


def program(values):
    """A Python module that gives each message its type."""
    lines = [f"value_{index}: messages.{name} = {value!r}" for index, (name, value) in enumerate(values)]
    return "\n".join(["from trimtab import messages", *lines, ""])


def check(path):
    return subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "--cache-dir", path.parent / "cache",
         path], capture_output=True, text=True, check=False,
        env={"MYPYPATH": str(REPOSITORY / "clients" / "python")})


def test_messages_of_transcripts_have_their_types(tmp_path):
    values = list(typed_messages())
    assert len({name for name, _ in values}) > 100
    (tmp_path / "program.py").write_text(program(values))
    checked = check(tmp_path / "program.py")
    assert checked.returncode == 0, checked.stdout[-4000:]
