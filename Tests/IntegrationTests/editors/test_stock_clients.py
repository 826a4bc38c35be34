"""The language clients that Neovim and Emacs bring along, with the lines of clients/editors.md alone."""

import json
import os
import re
import subprocess

import pytest
from places import AWAIT_SECONDS, CLIENTS
from programs import program
from sessions import HERE
from traffic import messages, unnamed

MANIFEST = """name = "vqa"

[pool]
encoders = ["clip", { id = "siglip", paramater_count = 400_000_000 }]
language_models = ["qwen"]
task = { name = "vqa", alignment_sample_count = 640, metric = { name = "accuracy", direction = "maximize" } }

[search]
strategy = "race"
"""
LINES = MANIFEST.splitlines()
STOCK = {
    "neovim": ("lua", "nvim", "neovim", ["--clean", "--headless", "-c", f"luafile {HERE / 'stock_neovim.lua'}", "-c",
                                         "cquit 1"]),
    "emacs": ("elisp", "emacs", "emacs-nox and elpa-eglot", ["--batch", "-q", "-l", str(HERE / "stock_emacs.el")]),
}


def snippet(language):
    block, = re.findall(rf"```{language}\n(.*?)```", (CLIENTS / "editors.md").read_text(), re.DOTALL)
    return block


@pytest.mark.parametrize("name", STOCK)
def test_a_stock_client_gets_what_it_declares(name, recorded, folder):
    language, command, package, arguments = STOCK[name]
    (folder / "trimtab.toml").write_text(MANIFEST)
    (folder / "snippet").write_text(snippet(language))
    run = subprocess.run(
        [program(command, package), *arguments], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        env={**os.environ, "SNIPPET": str(folder / "snippet"), "MANIFEST": str(folder / "trimtab.toml"),
             "HOME": str(folder), "PATH": f"{folder}:{os.environ['PATH']}"}, timeout=AWAIT_SECONDS, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    shown = json.loads([line for line in run.stdout.splitlines() if line.startswith("{")][-1])

    mistake = next(n for n, line in enumerate(LINES) if "paramater_count" in line)
    assert shown["diagnostic"]["line"] == mistake
    assert shown["diagnostic"]["character"] == LINES[mistake].index("paramater_count")
    assert "did you mean parameter_count?" in shown["diagnostic"]["message"]
    assert shown["actions"] == ["Write parameter_count"]
    assert shown["text"] == MANIFEST.replace("paramater_count", "parameter_count")
    assert "clip" in shown["hover"][0] and "No search has it yet." in "\n".join(shown["hover"])
    assert {"race", "mordal", "grid"} <= {word.strip('"') for word in shown["completion"]}

    passed, = folder.glob("traffic-*")
    assert unnamed(passed) == []
    offered = next(message["result"]["capabilities"] for is_sent, message in messages(passed)
                   if not is_sent and "result" in message)
    assert {"hoverProvider", "completionProvider", "codeActionProvider"} <= set(offered)
    assert not {"codeLensProvider", "inlayHintProvider", "diagnosticProvider"} & set(offered)


def test_what_is_not_named_is_found(tmp_path):
    def line(arrow, **message):
        return f"{arrow} {json.dumps({'jsonrpc': '2.0', **message})}\n"

    first = line("-->", id=1, method="initialize", params={"capabilities": {"textDocument": {"hover": {}}}})
    answer = line("<--", id=1, result={"capabilities": {"hoverProvider": True}})
    push = line("<--", method="window/logMessage", params={})
    passed = tmp_path / "passed"
    passed.write_text(first + answer + push)
    assert unnamed(passed) == []
    for wrong in (line("<--", id=2, method="workspace/codeLens/refresh"), line("<--", method="other/push"),
                  line("-->", id=2, error={"code": -32601, "message": "unknown"})):
        passed.write_text(first + answer + wrong)
        assert len(unnamed(passed)) == 1
    passed.write_text(first + answer.replace("hover", "codeLens"))
    assert unnamed(passed) == ["codeLensProvider"]
