"""Figures, widgets and progress bars for notebooks: `pip install trimtab[notebook]`.

`figures` draws with matplotlib, `interactive` with plotly (tooltips); `FrontierExplorer` and `SearchBoard` are widgets
for Jupyter, VS Code and marimo; `progress_bar` shows how far a long call is. Each library is imported at first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import figures, interactive
    from .board import SearchBoard
    from .explorer import FrontierExplorer
    from .progress import progress_bar

__all__ = ["FrontierExplorer", "SearchBoard", "figures", "interactive", "progress_bar"]

_PLACES = {"FrontierExplorer": "explorer", "SearchBoard": "board", "progress_bar": "progress"}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in _PLACES:
        return getattr(import_module(f".{_PLACES[name]}", __name__), name)
    if name in __all__:
        return import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
