"""Builds a wheel that carries the binary: `python clients/python/make_wheel.py out/trimtab out`. Needs setuptools."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent


def build(binary: Path, folder: Path) -> Path:
    """Builds from a copy, so that the repository never holds a binary; returns the wheel."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        source, built = Path(scratch) / "python", Path(scratch) / "built"
        shutil.copytree(HERE, source, ignore=shutil.ignore_patterns("__pycache__", "build", "*.egg-info", "examples"))
        shutil.copy(HERE.parents[1] / "LICENSE", source)
        (source / "trimtab" / "bin").mkdir()
        shutil.copy(binary, source / "trimtab" / "bin" / "trimtab")
        subprocess.run(
            [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index",
             "--wheel-dir", str(built), str(source)], check=True)
        [wheel] = built.glob("*.whl")
        return Path(shutil.copy(wheel, folder))


if __name__ == "__main__":
    print(build(Path(sys.argv[1]), Path(sys.argv[2])))
