"""Lines of each search: after `ruff format`, without blank lines, comments and the docstring at the top."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def count(path: Path) -> int:
    formatted = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--isolated", "-"], input=path.read_text(), capture_output=True,
        text=True, check=True).stdout
    docstring = ast.parse(formatted).body[0]
    assert isinstance(docstring, ast.Expr) and docstring.end_lineno is not None
    rest = formatted.splitlines()[docstring.end_lineno:]
    return sum(1 for line in rest if line.strip() and not line.lstrip().startswith("#"))


if __name__ == "__main__":
    for path in sorted(HERE.glob("with_*.py")):
        print(f"{path.stem[5:]:10} {count(path):3}")
