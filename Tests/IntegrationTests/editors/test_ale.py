"""The snippet for Vim with ALE in clients/editors.md shows what the server finds."""

import json
import os
import re
import subprocess

import pytest
from places import AWAIT_SECONDS, CLIENTS
from programs import program

SCRIPT = """
set nocompatible
filetype plugin on
set runtimepath+={ale}
runtime plugin/ale.vim
let g:trimtab_binary = {binary}
source {snippet}
function! Tell(...)
  let found = map(copy(ale#engine#GetLoclist(bufnr(''))), '[v:val.lnum, v:val.col, v:val.type, v:val.text]')
  if !empty(found)
    call writefile([json_encode(found)], {out})
    qall!
  endif
endfunction
call timer_start(50, 'Tell', {{'repeat': -1}})
edit trimtab.toml
"""


def ale():
    path = "/usr/share/vim-ale"
    return path if os.path.exists(path) else pytest.skip("no ALE: install your system's vim-ale")


def test_ale_shows_diagnostics(binary, tmp_path):
    blocks = re.findall(r"```vim\n(.*?)```", (CLIENTS / "editors.md").read_text(), re.DOTALL)
    assert len(blocks) == 1
    (tmp_path / "snippet.vim").write_text(blocks[0])
    (tmp_path / "trimtab.toml").write_text('name = "vqa"\n[pool]\nencoders = ["clip]\n')
    out = tmp_path / "found.json"
    (tmp_path / "vimrc").write_text(SCRIPT.format(
        ale=ale(), binary=json.dumps(binary), snippet=tmp_path / "snippet.vim", out=json.dumps(str(out))))
    keyboard, other_end = os.pipe()  # Vim ends at the end of its input
    try:
        subprocess.run(
            [program("vim", "vim"), "-N", "-u", "vimrc", "-T", "dumb", "--not-a-term"], cwd=tmp_path,
            env={**os.environ, "HOME": str(tmp_path)}, stdin=keyboard, stdout=subprocess.DEVNULL,
            timeout=AWAIT_SECONDS, check=True)
    finally:
        os.close(keyboard)
        os.close(other_end)
    found = json.loads(out.read_text())
    assert [3, "E"] in [[line, kind] for line, _, kind, _ in found], found
