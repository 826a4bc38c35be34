"""`trimtab select` on the curves of the real grid, against sums and minima taken from the file itself."""

import csv
import json
import subprocess

import pytest
from conftest import FIXTURES

CURVES = FIXTURES.parent / "experiment" / "curves.csv"


def select(binary, *options):
    return subprocess.run([binary, "select", "--curves", CURVES, *map(str, options)], capture_output=True, text=True)


def document(binary, *options):
    done = select(binary, "--json", *options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def last():
    """Candidate -> (final error, cost of all data)."""
    with open(CURVES, newline="") as file:
        return {f"{row['encoder']} x {row['languageModel']}": (float(row["errorFraction"]), float(row["costSeconds"]))
                for row in csv.DictReader(file)}


@pytest.mark.parametrize("strategy", ["mordal", "race", "grid", "random", "successiveHalving", "hyperband", "asha", "ats"])
def test_costs_and_decisions_add_up(binary, last, strategy):
    found = document(binary, "--strategy", strategy)
    assert found["gridCost"] == pytest.approx(sum(cost for _, cost in last.values()))
    assert found["cost"] == pytest.approx(sum(decision["cost"] for decision in found["decisions"]))
    assert found["cost"] <= found["gridCost"] * (1 + 1e-9)
    assert sorted(entry["candidate"] for entry in found["ranking"]) == sorted(last)
    tried = {decision["candidate"] for decision in found["decisions"]}
    assert tried.isdisjoint(found["neverTried"]) and len(tried) + len(found["neverTried"]) == len(last)
    assert found == document(binary, "--strategy", strategy)


def test_grid_finds_the_best(binary, last):
    found = document(binary, "--strategy", "grid")
    assert found["suggestion"] == min(last, key=last.get)
    assert found["cost"] == pytest.approx(found["gridCost"])


@pytest.mark.parametrize("share", [0.05, 0.2])
def test_a_budget_is_kept(binary, share):
    found = document(binary, "--strategy", "race", "--budget", share)
    # A trial goes on to the next recorded evaluation, which may lie a little beyond what was assigned.
    assert found["cost"] <= 1.05 * share * found["gridCost"]


@pytest.mark.parametrize("options, word", [
    (("--strategy", "best"), "--strategy"), (("--start-fraction", 2), "startFraction"), (("more",), "more")])
def test_mistakes_are_named(binary, options, word):
    done = select(binary, *options)
    assert done.returncode == 64 and word in done.stderr and not done.stdout
