"""The live table of a launcher, as `rich` draws it."""

import io
import sys

import pytest
import trimtab
from places import CLIENT

sys.path.insert(0, str(CLIENT / "examples" / "compare"))

import training
import with_trimtab
from trimtab.launcher import table


@pytest.fixture
def drawn(monkeypatch):
    """Every picture, as text in one line; the last one is what stays on the screen."""
    pictures = []
    draw = table.picture

    def keep(search):
        from rich.console import Console

        console = Console(width=120, record=True, file=io.StringIO())
        console.print(draw(search))
        pictures.append(" ".join(console.export_text().split()))  # titles are wrapped to the table's width
        return draw(search)

    monkeypatch.setattr(table, "picture", keep)
    monkeypatch.setattr(table, "LEAST_SECONDS", 0.0)
    return pictures


def test_a_table_shows_trials_costs_and_the_suggestion(binary, tmp_path, capsys, drawn):
    report = trimtab.launch(
        training.POOL, with_trimtab.train, gpus=2, steps=training.STEPS, state=tmp_path, binary=binary, table=True,
        environment={"PYTHONPATH": str(CLIENT)})
    assert report.suggestion is not None
    first, last = drawn[0], drawn[-1]
    assert "no score yet" in first and "clip + qwen" in first and "0.0% to 1.6%" in first
    assert "suggested: huge + phi, predicted 0." in last and "best with probability" in last
    assert f"{report.cost.trial_count} trials" in last and "left" not in last
    assert any("left" in one and "about" in one for one in drawn), "how long it will take"
    shown = " ".join(capsys.readouterr().err.split())
    assert "suggested: huge + phi" in shown and "GPU" in shown


def test_brackets_in_a_name_are_no_markup(binary, tmp_path, drawn):
    """`rich` would leave out the first name's, and end the launcher at the second's."""
    pool = {**training.POOL, "encoders": ["clip[large]", "siglip[/384]"], "language_models": ["qwen"]}
    script = ("import trimtab; trial = trimtab.trial(); trial.report(1, 0.5, data_fraction=trial.to_fraction); "
              "trial.save_to.touch()")
    trimtab.launch(pool, [sys.executable, "-c", script], gpus=1, state=tmp_path, binary=binary, table=True,
                   environment={"PYTHONPATH": str(CLIENT)})
    for name in ("clip[large] + qwen", "siglip[/384] + qwen"):
        assert any(name in one for one in drawn), name


@pytest.mark.parametrize("seconds, text", [(0, "0:00"), (187.9, "3:07"), (3729, "1:02:09"), (360000, "100:00:00")])
def test_durations(seconds, text):
    assert table.duration(seconds) == text
