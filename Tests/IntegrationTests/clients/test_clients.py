"""JSON-RPC clients that others wrote do the same work as this repository's own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from places import AWAIT_SECONDS
from programs import program
from story import plain, story, told
from trimtab import Trimtab
from trimtab.requests import Request

HERE = Path(__file__).resolve().parent


@pytest.fixture(scope="module")
def script(tmp_path_factory, binary):
    path = tmp_path_factory.mktemp("story") / "story.json"
    path.write_text(json.dumps(story(binary)))
    return path


@pytest.fixture(scope="module")
def expected(binary):
    """The answers that this repository's client gets."""
    given = story(binary)
    with Trimtab(given["command"], roots=[given["initialize"]["rootUri"]], timeout=AWAIT_SECONDS) as client:
        answers = [client.call(Request(method, params)) for method, params in given["calls"]]
        method, params = given["progress"]
        params = {name: value for name, value in params.items() if name != "workDoneToken"}
        return {"answers": answers, "answer": client.call(Request(method, params))}


def neovim(way):
    def run(script, library):
        return [program("nvim", "neovim"), "--clean", "--headless", "-c", f"luafile {HERE / 'neovim.lua'}",
                "-c", "cquit 1"], {"TRIMTAB_WAY": way}
    return run


def emacs(script, library):
    return [program("emacs", "emacs-nox"), "--batch", "-Q", "-l", str(HERE / "emacs.el"), "-f", "trimtab-story"], {}


def node(script, library):
    return [program("node", "nodejs"), str(HERE / "vscode_jsonrpc.js"), str(library), str(script)], {}


def python(name):
    return lambda script, library: ([sys.executable, str(HERE / "python_clients.py"), name, str(script)], {})


CLIENTS = {
    "vim.lsp.rpc": neovim("rpc"), "vim.lsp.start_client": neovim("client"), "jsonrpc.el": emacs,
    "vscode-jsonrpc": node, "pygls": python("pygls"), "lsprotocol": python("lsprotocol"),
    "python-lsp-jsonrpc": python("python-lsp-jsonrpc"), "pylspclient": python("pylspclient")}
# Clients that do not hand a cancelled request's answer to the caller.
DROPPED = {"vim.lsp.rpc", "vim.lsp.start_client"}


@pytest.mark.parametrize("name", CLIENTS)
def test_a_foreign_client_does_what_ours_does(name, script, vscode_jsonrpc, expected, tmp_path):
    command, variables = CLIENTS[name](script, vscode_jsonrpc)
    run = subprocess.run(
        command, env={**os.environ, "TRIMTAB_STORY": str(script), "HOME": str(tmp_path), **variables},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=2 * AWAIT_SECONDS, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    found = told(run.stdout)
    assert found["initialize"]["serverInfo"]["name"] == "trimtab"
    assert plain(found["answers"]) == plain(expected["answers"])
    assert plain(found["answer"]) == plain(expected["answer"])
    assert found["progress"][0] == "begin" and found["progress"][-1] == "end"
    assert set(found["progress"][1:-1]) == {"report"}
    assert found["cancelled"] == ("dropped" if name in DROPPED else -32800)
    refused = found["refused"]
    assert (refused["code"], refused["data"]["kind"]) == (2005, "deadlineBelowMinimum")
    assert refused["data"]["minimumTimeSeconds"] == pytest.approx(expected["answer"]["minimumTimeSeconds"])
    assert str(refused["message"]).startswith("deadlineSeconds: expected ")
    assert found["exit"] == 0
