"""How answers look at the end of a cell, and in a console."""

import asyncio
import dataclasses
import importlib
import re
import sys
from html.parser import HTMLParser
from types import SimpleNamespace

import trimtab
from trimtab import ProfileRow, Trimtab, answers
from trimtab.answers.display import Answer, quantity


class Table(HTMLParser):
    """The texts of the cells, and what was left open."""

    def __init__(self, text):
        super().__init__()
        self.cells, self.open = [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.cells.append(data)


def test_every_answer_has_the_displays():
    kinds = [kind for kind in (getattr(answers, name) for name in answers.__all__)
             if isinstance(kind, type) and dataclasses.is_dataclass(kind)]
    without = [kind.__name__ for kind in kinds if not issubclass(kind, Answer) or "__repr__" in vars(kind)]
    assert len(kinds) > 80 and without == []


def test_a_curve_prints_a_line_and_shows_a_table(binary):
    with Trimtab([binary, "serve"], roots=["."]) as client:
        session = client.open_session("s")
        session.define_pipeline("p", schedule="1f1b", stages=2, microbatches=8, blocking_power_watts=50)
        session.submit_profile("p", rows=[
            ProfileRow(stage, kind, mhz, time_seconds=1 / mhz, energy_joules=mhz**2 / 1e6)
            for stage in range(2) for kind in ("forward", "backward") for mhz in range(1000, 2000, 50)])
        session.characterize("p")
        curve = session.curve("p")
        assert len(curve.lower_bound) > 20 and len(repr(curve)) < 400 and "\n" not in repr(curve)
        table = Table(curve._repr_html_())
        assert table.open == [] and "lower bound" in table.cells
        assert f"and {len(curve.lower_bound) - 12:,} more" in table.cells
        pictured = session.curve("p", picture=True)
        assert "<svg" in pictured._repr_html_() and "characters>" in repr(pictured)
        timeline = session.timeline("p", plan=0)
        cells = Table(timeline._repr_html_()).cells
        assert cells.count(f"{len(timeline.ranks[0].instructions)}") >= 1


def test_a_candidate_is_named_by_its_parts():
    assert trimtab.Candidate("clip", "qwen").name == "clip + qwen"
    assert trimtab.Candidate("clip", "qwen", "mlp").name == "clip + mlp + qwen"


def test_names_that_look_like_markup_are_text():
    shown = answers.Candidate(encoder="<script>", language_model="a & b")._repr_html_()
    assert "<script>" not in shown and {"<script>", "a & b"} <= set(Table(shown).cells)


def test_a_search_board_says_that_there_is_no_server(monkeypatch):
    """With stand-ins for the drawing libraries; the widget itself is in IntegrationTests/notebook."""
    class Trait:
        def tag(self, **_):
            return None

    class Widget:
        def __init__(self, **values):
            self.__dict__.update(values)

    monkeypatch.setitem(sys.modules, "traitlets", SimpleNamespace(Dict=Trait, Unicode=Trait))
    monkeypatch.setitem(sys.modules, "anywidget", SimpleNamespace(AnyWidget=Widget))
    monkeypatch.delitem(sys.modules, "trimtab.notebook.board", raising=False)
    board = importlib.import_module("trimtab.notebook.board")
    monkeypatch.delitem(sys.modules, "trimtab.notebook.board")

    def missing(_):
        raise FileNotFoundError("no trimtab binary")

    monkeypatch.setattr(board, "command_line", missing)

    async def problem():
        said = asyncio.Event()

        def noted(self, name, value):
            object.__setattr__(self, name, value)
            if name == "_problem":
                said.set()

        monkeypatch.setattr(board.SearchBoard, "__setattr__", noted)
        shown = board.SearchBoard("nowhere", "search", interval_seconds=60.0)
        waiting = asyncio.create_task(said.wait())
        await asyncio.wait([waiting, shown._task], return_when=asyncio.FIRST_COMPLETED)
        ended = shown._task.done()
        waiting.cancel()
        shown.stop()
        return ended, shown._problem

    assert asyncio.run(problem()) == (False, "FileNotFoundError: no trimtab binary")


def test_quantities_have_units():
    assert quantity("energy_joules", 12340.0) == ("energy", "12.34 kJ")
    assert quantity("start_seconds", 0.0125) == ("start", "12.5 ms")
    assert quantity("iteration_time_seconds", 71234.5) == ("iteration time", "71234 s")
    assert quantity("gap_fraction", 0.0021) == ("gap", "0.21 %")
    assert quantity("price_watts", -0.0) == ("price", "0 W")
    assert quantity("stale", True) == ("stale", "yes")
    assert re.fullmatch(r"1, 2, 3 and 7 more", quantity("plans", tuple(range(1, 11)))[1])
