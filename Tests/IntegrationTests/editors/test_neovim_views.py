"""The windows of the Neovim plugin, its health check and its help."""

import itertools
import json
import os
import shutil
import subprocess

import pytest
from places import AWAIT_SECONDS, CLIENTS
from programs import program
from sessions import HERE


@pytest.fixture(scope="module")
def shown(frontier, search, binary, tmp_path_factory):
    """What the plugin's windows contain."""
    folder = tmp_path_factory.mktemp("neovim")
    (folder / "answers.json").write_text(json.dumps({"frontier": frontier, **search}))
    shutil.copytree(CLIENTS / "neovim" / "doc", folder / "doc")
    script = f"luafile {HERE / 'neovim_views.lua'}"
    run = subprocess.run(
        [program("nvim", "neovim"), "--clean", "--headless", "-c", script, "-c", "cquit 1"],
        env={**os.environ, "ANSWERS": str(folder / "answers.json"), "PLUGIN": str(CLIENTS / "neovim"),
             "DOC": str(folder / "doc"), "TRIMTAB_BINARY": binary, "HOME": str(folder)},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=AWAIT_SECONDS, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    shown = json.loads([line for line in run.stdout.splitlines() if line.startswith("{")][-1])
    shown["tags"] = (folder / "doc" / "tags").read_text()
    return shown


def plan_line(lines):
    return next(line for line in lines if line.startswith("◆ plan"))


def test_the_frontier_begins_at_the_objective_and_moves(shown, frontier):
    plans, point = frontier["curve"]["plans"], frontier["point"]["plan"]
    place = next(n for n, plan in enumerate(plans) if plan["plan"] == point["plan"]) + 1
    assert plan_line(shown["frontier"]).startswith(f"◆ plan {place} of {len(plans)}: ")
    assert plan_line(shown["another"]).startswith(f"◆ plan {place + 1} of ")
    for name in ("cheapest", "beyond", "refreshed"):
        assert plan_line(shown[name]).startswith(f"◆ plan {len(plans)} of "), name
    saving = 1 - point["energyJoules"] / frontier["curve"]["allMaxFrequency"]["energyJoules"]
    assert any(f"{100 * saving:.1f} % less energy" in line for line in shown["frontier"])
    assert shown["closed"]


def test_the_drawing_falls_from_the_fastest_to_the_cheapest(shown):
    rows = [line.split("┤")[-1].split("│")[-1] for line in shown["frontier"] if "┤" in line or "│" in line]
    assert len(rows) == 14 and len({len(row) for row in rows}) == 1
    columns = [[n for n, row in enumerate(rows) if row[column] != " "] for column in range(len(rows[0]))]
    assert all(columns), "every iteration time has its energy"
    tops = [min(column) for column in columns]
    assert all(a <= b + 1 for a, b in itertools.pairwise(tops)) and tops[0] == 0 and tops[-1] == len(rows) - 1
    assert sum(row.count("◆") for row in rows) == 1


def test_the_ranking_is_a_table(shown, search):
    ranking = search["ranking"]["ranking"]
    assert len(shown["ranking"]) == len(ranking) + 1
    for rank, (line, one) in enumerate(zip(shown["ranking"][1:], ranking), 1):
        assert line.split()[0] == str(rank)
        assert f"{one['candidate']['encoder']} + {one['candidate']['languageModel']}" in line and one["status"] in line


def test_the_suggestion_says_how_certain_it_is(shown, search):
    best = search["suggestion"]["suggestion"]
    text = "\n".join(shown["suggestion"])
    assert f"{best['candidate']['encoder']} + {best['candidate']['languageModel']}" in text
    assert f"{100 * best['probabilityBestFraction']:.1f} % likely" in text
    assert shown["missing"] == ["no search"]
    assert shown["windows"] == 2, "one floating window at a time"


def test_health_and_help(shown):
    health, sick = "\n".join(shown["health"]), "\n".join(shown["sick"])
    assert "trimtab doctor" in health and "ERROR" not in health and "no buffer is a manifest" in health
    attached = "\n".join(shown["attached"])
    assert ".trimtab.toml is attached to" in attached and "is a manifest" not in attached
    assert "ERROR: no-such-program cannot be started" in sick and "setup({ binary" in sick
    for tag in (":TrimtabSuggestion", ":TrimtabRanking", ":TrimtabFrontier", "trimtab.setup()", "trimtab-health"):
        assert tag in shown["tags"]
