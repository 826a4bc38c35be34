"""Writes the reference of the package as HTML, from its docstrings: `python clients/python/apidoc.py FOLDER`.

Needs pdoc, which reads the package as it is imported, and knows Markdown.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
# The package itself has all that is public; what sessions and trials inherit stands in modules by concept.
MODULES = ["trimtab", "trimtab.selection", "trimtab.launcher", "trimtab.training", "trimtab.methods",
           *(f"trimtab.methods.{path.stem}" for path in sorted((HERE / "trimtab" / "methods").glob("[a-z]*.py")))]


def build(folder: Path) -> None:
    """Writes a page for each module."""
    import pdoc

    pdoc.render.configure(docformat="markdown", footer_text="Trimtab", search=True)
    pdoc.pdoc(*MODULES, output_directory=folder)


if __name__ == "__main__":
    build(Path(sys.argv[1]))
