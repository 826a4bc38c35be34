"""Runs a function of a file on the trial of this process: what `launch` starts for a function in place of a command."""

from __future__ import annotations

import importlib.util
import inspect
import os
import sys
from collections.abc import Callable
from typing import Any

from .training import TrainingTrial, trial


def command_of(function: Callable[[TrainingTrial], Any]) -> list[str]:
    """The command that runs a function which stands at the top of a file."""
    name, file = function.__qualname__, inspect.getsourcefile(inspect.unwrap(function))
    if not name.isidentifier() or file is None or not os.path.exists(file):
        raise ValueError(f"{name} is not at the top of a file, where another process could find it: move it there, or "
                         "give a command")
    return [sys.executable, "-m", "trimtab.run_function", os.path.abspath(file), name]


def function_at(path: str, name: str) -> Callable[[TrainingTrial], Any]:
    """The function, of a module that other processes which this one starts find by its name as well."""
    sys.path[0] = os.path.dirname(path)  # as if the file itself had been started
    module = os.path.splitext(os.path.basename(path))[0]
    spec = importlib.util.spec_from_file_location(module, path)
    assert spec is not None and spec.loader is not None
    sys.modules[module] = loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return getattr(loaded, name)  # type: ignore[no-any-return]


if __name__ == "__main__":
    path, name = sys.argv[1:3]
    sys.argv[1:] = []
    function_at(path, name)(trial())
