"""The notebooks of the repository run from the first cell to the last, without a browser."""

import asyncio
import os
import re

import nbformat
import pytest
from nbclient import NotebookClient
from places import CLIENT

FOLDER = CLIENT / "notebooks"
NOTEBOOKS = sorted(path.stem for path in FOLDER.glob("*.ipynb"))


def test_there_are_notebooks():
    assert len(NOTEBOOKS) >= 3


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_runs(name, binary, monkeypatch):
    monkeypatch.setenv("TRIMTAB_BINARY", binary)
    assert "PYTHONPATH" in os.environ
    notebook = nbformat.read(FOLDER / f"{name}.ipynb", 4)
    assert not any(cell.get("outputs") for cell in notebook.cells), "notebooks are kept without outputs"
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(FOLDER)}}).execute()
    shown = [kind for cell in notebook.cells for output in cell.get("outputs", []) for kind in output.get("data", {})]
    assert "image/png" in shown and "text/html" in shown
    warned = [output["text"] for cell in notebook.cells for output in cell.get("outputs", [])
              if output["output_type"] == "stream" and "Warning" in output["text"]]
    assert warned == []


def test_what_the_readme_shows_runs(energy, binary, tmp_path, monkeypatch):
    """Its block of a notebook, in a session that has a pipeline `gpt` and a running loop, as a kernel has one."""
    monkeypatch.setenv("TRIMTAB_BINARY", binary)
    text = (CLIENT / "README.md").read_text()
    (program,) = re.findall(r"```notebook\n(.*?)```", text, re.DOTALL)
    program = program.replace('SearchBoard("/scratch/search-state"', f'board = SearchBoard("{tmp_path}"')

    async def run():
        names = {"session": energy}
        exec(compile(program, "README", "exec"), names)
        names["board"].stop()

    asyncio.run(run())
