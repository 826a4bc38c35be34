"""The extension and its server: edits, a server that is killed, settings."""

import os
import signal
from pathlib import Path

TEXT = """# größer ✓ 😀
#
#
name = "vqa"
[pool]
encoders = ["clip", "größer ✓ 😀"]
language_models = ["qwen"]
task = { name = "vqa", alignment_sample_count = 640, metric = { name = "accuracy", direction = "maximize" } }
"""


def children(pid):
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def server_of(editor):
    """The process that the extension has started."""
    [pid] = [one for one in children(editor.process.pid) if b"\0serve\0" in Path(f"/proc/{one}/cmdline").read_bytes()]
    return pid


def at(line):
    return lambda found: [one["line"] for one in found] == [line]


def test_edits_are_sent_as_they_are_made(opened, tmp_path):
    (tmp_path / "trimtab.toml").write_text(TEXT)
    editor = opened("vscode", tmp_path)
    editor.order("type", line=3, text='name = "vqa')  # no end
    editor.await_("diagnostics", at(3))
    editor.order("type", line=3, text='name = "vqa"')
    editor.await_("diagnostics", lambda found: not found)
    editor.order("type", line=0, text='# 😀😀😀 ✓')
    editor.order("type", line=5, text='encoders = ["😀", "größer"]]')
    found = editor.await_("diagnostics", lambda found: found != [])
    assert [one["line"] for one in found] == [5] and found[0]["character"] == len('encoders = ["xx", "größer"]')
    editor.quit()


def test_a_server_that_is_killed_is_started_again_three_times(opened, tmp_path):
    (tmp_path / "trimtab.toml").write_text(TEXT)
    editor = opened("vscode", tmp_path)
    for line in (0, 1, 2):
        editor.order("type", line=line, text="= nothing")
        editor.await_("diagnostics", at(line))
        os.kill(server_of(editor), signal.SIGKILL)
        editor.order("type", line=line, text="# nothing")
        editor.await_("diagnostics", lambda found: not found)  # of the next server
    os.kill(server_of(editor), signal.SIGKILL)
    while "warning" not in editor.ask("bar", "bar")["text"]:
        pass
    status = editor.ask("bar", "bar")
    assert "SIGKILL" in status["tooltip"] and status["command"] == "trimtab.restart"
    editor.order("type", line=2, text="= nothing")
    editor.ask("restarted", "restart")
    editor.await_("diagnostics", at(2))
    editor.quit()


def test_a_program_that_is_not_there_is_said(opened, tmp_path):
    (tmp_path / "trimtab.toml").write_text(TEXT)
    editor = opened("vscode", tmp_path, str(tmp_path / "nothing"))
    while "warning" not in editor.ask("bar", "bar")["text"]:
        pass
    assert "cannot be started" in editor.ask("bar", "bar")["tooltip"]
    editor.quit()
