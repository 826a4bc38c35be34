"""An editor on a manifest, in a process of its own: orders go in, what a person would see comes out."""

import json
import os
import select
import subprocess
import time
from pathlib import Path

from places import AWAIT_SECONDS, CLIENTS
from programs import program

HERE = Path(__file__).parent


class Editor:
    """An editor on the manifest: orders go in, what a person would see comes out."""

    def __init__(self, command, folder, **variables):
        self.orders = folder / "orders"
        os.mkfifo(self.orders)
        self.errors = open(folder / "editor.log", "wb+")
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.errors, cwd=folder,
            env={**os.environ, "MANIFEST": str(folder / "trimtab.toml"), "ORDERS": str(self.orders),
                 "HOME": str(folder), **variables})
        self.writer = os.open(self.orders, os.O_RDWR)
        self.buffer, self.seen, self.all = b"", {}, []

    def order(self, what, **more):
        os.write(self.writer, json.dumps({"do": what, **more}).encode() + b"\n")

    def next(self):
        """What the editor tells next."""
        deadline = time.monotonic() + AWAIT_SECONDS
        while b"\n" not in self.buffer:
            ready, _, _ = select.select([self.process.stdout], [], [], max(0.0, deadline - time.monotonic()))
            data = os.read(self.process.stdout.fileno(), 1 << 16) if ready else b""
            assert data, f"the editor tells nothing more; so far {self.all[-8:]}; {self.log()}"
            self.buffer += data
        line, _, self.buffer = self.buffer.partition(b"\n")
        told = json.loads(line)
        assert "failure" not in told, told
        self.all.append(told)
        self.seen.update(told)
        return told

    def await_(self, name, is_so):
        """Waits until what the editor shows under a name is so; gives it."""
        while name not in self.seen or not is_so(self.seen[name]):
            self.next()
        return self.seen[name]

    def ask(self, name, order, **more):
        self.seen.pop(name, None)
        self.order(order, **more)
        return self.await_(name, lambda _: True)

    def beside(self):
        return "\n".join(one["text"] for one in self.seen.get("beside") or [])

    def log(self):
        self.errors.seek(0)
        return "stderr: " + self.errors.read()[-3000:].decode(errors="replace")

    def quit(self):
        self.order("quit")
        rest, _ = self.process.communicate(timeout=AWAIT_SECONDS)
        assert self.process.returncode == 0, self.log()
        return rest

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
        os.close(self.writer)
        self.errors.close()


def neovim(binary, extension, library):
    return [program("nvim", "neovim"), "--clean", "--headless", "-c", f"luafile {HERE / 'story_neovim.lua'}"], {
        "PLUGIN": str(CLIENTS / "neovim"), "TRIMTAB_BINARY": binary}


def emacs(binary, extension, library):
    return [program("emacs", "emacs-nox and elpa-eglot"), "--batch", "-q", "-l", str(HERE / "story_emacs.el")], {
        "PLUGIN": str(CLIENTS / "emacs"), "TRIMTAB_BINARY": binary}


def vscode(binary, extension, library):
    return [program("node", "nodejs"), str(HERE / "story_vscode.js")], {
        "PLUGIN": str(extension), "TRIMTAB_BINARY": binary}


def vscode_jsonrpc_story(binary, extension, library):
    command, variables = vscode(binary, extension, library)
    return command, {**variables, "MICROSOFT": str(library)}


EDITORS = {"neovim": neovim, "emacs": emacs, "vscode": vscode, "vscode-jsonrpc": vscode_jsonrpc_story}
