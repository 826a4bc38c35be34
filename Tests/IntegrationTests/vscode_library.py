"""Takes vscode-jsonrpc out of the source map that PyPI's basedpyright carries, as npm is not reachable everywhere."""

import importlib.util
import json
from pathlib import Path

PACKAGE = "/node_modules/vscode-jsonrpc/"


def unpack(folder):
    """Writes the library below `folder`; gives its version."""
    found = importlib.util.find_spec("basedpyright")
    assert found is not None and found.origin is not None
    bundle = json.loads((Path(found.origin).parent / "dist" / "pyright-langserver.js.map").read_text())
    version = None
    for source, text in zip(bundle["sources"], bundle["sourcesContent"]):
        before, _, inside = source.partition(PACKAGE)
        if inside:
            version = before.rpartition("vscode-jsonrpc@")[2]
            path = folder / "vscode-jsonrpc" / inside
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    assert version, "basedpyright's bundle has no vscode-jsonrpc"
    return version
