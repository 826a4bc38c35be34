"""A progress bar for long calls: `session.characterize("gpt", progress=progress_bar("frontier"))`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

from tqdm.auto import tqdm


class progress_bar:
    """What `progress=` takes: a bar of `tqdm.auto`, in a notebook a widget, with the time left and the server's
    message. It begins with the call's first report and is closed with its last."""

    def __init__(self, title: Optional[str] = None, **options: Any) -> None:
        self._title, self._options = title, options
        self.bar: Optional[tqdm[Any]] = None

    def __call__(self, value: Mapping[str, Any]) -> None:
        if self.bar is None:
            self.bar = tqdm(total=100, desc=self._title or value.get("title"), unit="%", **self._options,
                            bar_format="{desc}: {percentage:3.0f} %|{bar}| {elapsed} gone, {remaining} left{postfix}")
        percentage, message = value.get("percentage"), value.get("message")
        if value.get("kind") == "end":
            percentage = 100 if message is None else percentage
        if percentage is not None:
            self.bar.update(percentage - self.bar.n)
        if message:
            self.bar.set_postfix_str(message, refresh=False)
        if value.get("kind") == "end":
            self.bar.close()
