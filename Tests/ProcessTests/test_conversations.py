"""Conversations of real processes (fixtures/conversations): what needs a computation under way, several processes, or a
disk that fails.

Beside what protocol-spec/transcripts.md has, a conversation says with `%serve` how its servers are started, and with
`%after` which conversation has left its state folder behind. TRIMTAB_UPDATE=1 writes what the servers send now.
"""

import os
import resource
import subprocess

import pytest
from conftest import AWAIT_SECONDS, REPOSITORY

FOLDER = REPOSITORY / "fixtures" / "conversations"
CONVERSATIONS = sorted(FOLDER.glob("*.transcript"))


def damage_the_journal(folder):
    """Changes a byte of the second record, which another one follows."""
    path = folder / "state" / "sessions" / "s.journal"
    content = path.read_bytes()
    place = content.index(b'"id":"a"')
    path.write_bytes(content[:place] + b"X" + content[place + 1:])


PREPARATIONS = {"damaged-journal": damage_the_journal}
# The largest file that the processes may write stands for the disk's end.
FILE_BYTES = {"full-disk": 4096, "no-room": 100}


def settings(path, name):
    return [word for line in path.read_text().splitlines() if line.startswith(f"%{name} ") for word in line.split()[1:]]


def play(binary, path, folder, framing):
    """Replays a conversation with `folder` as the working directory, in which its state folder lies."""
    limit = FILE_BYTES.get(path.stem)

    def prepare():
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    update = ["--update"] if os.environ.get("TRIMTAB_UPDATE") and limit is None else []
    done = subprocess.run(
        [binary, "replay", *update, "--framing", framing, "--timeout", str(AWAIT_SECONDS), str(path), "--", binary,
         *settings(path, "serve")],
        cwd=folder, capture_output=True, text=True, check=False, timeout=3 * AWAIT_SECONDS, preexec_fn=prepare)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("framing", ["headers", "lines"])
@pytest.mark.parametrize("path", CONVERSATIONS, ids=lambda path: path.stem)
def test_a_conversation_goes_as_recorded_three_times(binary, path, framing, tmp_path):
    for run in range(3):
        folder = tmp_path / str(run)
        folder.mkdir()
        for name in settings(path, "after"):
            play(binary, FOLDER / f"{name}.transcript", folder, framing)
        PREPARATIONS.get(path.stem, lambda folder: None)(folder)
        play(binary, path, folder, framing)


def test_every_conversation_says_what_it_shows_and_how_it_is_served():
    assert len(CONVERSATIONS) >= 10
    for path in CONVERSATIONS:
        assert path.read_text().startswith("# For "), path.name
        assert settings(path, "serve")[0] == "serve", path.name
        assert all((FOLDER / f"{name}.transcript").exists() for name in settings(path, "after")), path.name
