"""The command line: `trimtab frontier` agrees with the reference, and mistakes end with a code and a hint."""

import csv
import json
import os
import subprocess
from xml.etree import ElementTree

import pytest
from conftest import MODELLED
from reference import on_curve, pipeline, read_profile

PATH, STAGES, POWER = MODELLED["a100"]
FRONTIER = ["frontier", str(PATH), "--stages", str(STAGES), "--microbatches", "6", "--blocking-power", str(POWER)]


def run(binary, *arguments):
    return subprocess.run([binary, *arguments], capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)


@pytest.fixture(scope="module")
def document(binary):
    done = run(binary, *FRONTIER, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def points(list_of_points):
    return [(p["iterationTimeSeconds"], p["energyJoules"]) for p in list_of_points]


def test_json_document(document):
    problem = pipeline(read_profile(PATH), STAGES, 6, POWER)
    lower = points(document["lowerBound"])
    assert document["minimumTimeSeconds"] == pytest.approx(problem.fastest(), rel=1e-9)
    assert points([document["allMaxFrequency"]])[0] == pytest.approx(problem.all_max_frequency(), rel=1e-9)
    for share in (0.0, 0.05, 0.2, 0.5, 1.0):
        seconds = document["minimumTimeSeconds"]
        seconds += share * (document["maximumTimeSeconds"] - seconds)
        assert on_curve(lower, seconds) == pytest.approx(problem.lower_bound(seconds * (1 + 1e-12)), rel=1e-6)
    for plan in document["plans"]:
        bound = on_curve(lower, plan["iterationTimeSeconds"])
        assert plan["energyJoules"] >= bound * (1 - 1e-9)
        assert plan["gapFraction"] == pytest.approx(plan["energyJoules"] / bound - 1, abs=1e-7)


@pytest.mark.parametrize("schedule", ["1f1b", "gpipe"])
def test_plan_file_meets_the_deadline(binary, tmp_path, schedule):
    problem = pipeline(read_profile(PATH), STAGES, 6, POWER, schedule)
    deadline = 1.05 * problem.fastest()
    done = run(binary, *FRONTIER, "--schedule", schedule, "--deadline", repr(deadline), "--plan", tmp_path / "p.csv")
    assert done.returncode == 0, done.stderr
    knobs = [None] * len(problem.keys)
    with open(tmp_path / "p.csv", newline="") as file:
        rows = csv.DictReader(file)
        assert rows.fieldnames == ["stage", "instruction", "microbatch", "frequency"]
        for row in rows:
            index = problem.names[int(row["stage"]), row["instruction"], int(row["microbatch"])]
            knobs[index] = int(row["frequency"])
    seconds, joules = problem.realise(knobs)
    assert seconds <= deadline * (1 + 1e-12)
    bound = problem.lower_bound(seconds)
    assert bound * (1 - 1e-7) <= joules <= bound * 1.02


def test_table_and_picture(binary, tmp_path):
    done = run(binary, *FRONTIER, "--svg", tmp_path / "frontier.svg")
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) > 5
    assert ElementTree.parse(tmp_path / "frontier.svg").getroot().tag.endswith("svg")


def test_help_and_version(binary):
    for arguments in (["--help"], ["frontier", "--help"], ["--version"]):
        done = run(binary, *arguments)
        assert done.returncode == 0 and done.stdout.strip() and not done.stderr
    assert "--blocking-power" in run(binary, "frontier", "--help").stdout


@pytest.mark.parametrize("arguments", [
    ["nonsense"], ["frontier"], ["frontier", "no-such.csv", *FRONTIER[2:]], [*FRONTIER, "--no-such-flag"],
    [*FRONTIER[:3], "zero", *FRONTIER[4:]], [*FRONTIER[:3], "5", *FRONTIER[4:]], [*FRONTIER, "--deadline", "0.001"],
    [*FRONTIER, "--schedule", "2f2b"], FRONTIER[:-2],
], ids=["command", "no-file", "missing-file", "flag", "word", "too-many-stages", "deadline", "schedule", "no-power"])
def test_mistakes_end_with_a_code_and_a_hint(binary, arguments):
    done = run(binary, *arguments)
    assert done.returncode not in (0, 70) and done.returncode > 0
    assert done.stderr.strip() and not done.stdout


@pytest.mark.parametrize("arguments, said", [
    ([*FRONTIER, "-x"], "found \"-x\""), ([*FRONTIER, "--bound-only", "--plans", "8"], "--plans"),
    ([*FRONTIER[:-1], "1e30"], "watts"),
], ids=["short-option", "plans-without-plans", "power"])
def test_a_mistake_is_named(binary, arguments, said):
    done = run(binary, *arguments)
    assert done.returncode in (64, 65) and said in done.stderr and not done.stdout


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no full device")
def test_a_full_disk_is_not_success(binary):
    with open("/dev/full", "w") as full:
        done = subprocess.run([binary, *FRONTIER, "--bound-only"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 73 and "No space" in done.stderr


def test_switch_costs_count_and_the_timeline_is_drawn(binary, tmp_path):
    picture, plan = tmp_path / "timeline.svg", tmp_path / "plan.csv"
    costs = ["--switch-latency", "0.01", "--switch-energy", "0.5"]
    done = run(binary, *FRONTIER, *costs, "--json", "--timeline", str(picture), "--plan", str(plan))
    assert done.returncode == 0, done.stderr
    problem = pipeline(read_profile(PATH), STAGES, 6, POWER)
    knobs = [None] * len(problem.keys)
    for row in csv.DictReader(plan.open()):
        knobs[problem.names[int(row["stage"]), row["instruction"], int(row["microbatch"])]] = int(row["frequency"])
    seconds, joules, count = problem.realise_switching(knobs, 0.01, 0.5)
    first = json.loads(done.stdout)["plans"][0]
    assert points([first])[0] == pytest.approx((seconds, joules), rel=1e-9)
    assert first["switchCount"] == count
    texts = ["".join(element.itertext()) for element in ElementTree.parse(picture).iter() if element.tag.endswith("text")]
    before, after = (next(text for text in texts if text.startswith(name)) for name in ("Before", "After"))
    assert f"{seconds:.3f} s" in after and f"{joules:.0f} J" in after
    full_seconds, full_joules = problem.all_max_frequency()
    assert f"{full_seconds:.3f} s" in before and f"{full_joules:.0f} J" in before


@pytest.mark.parametrize("option", ["--switch-latency", "--switch-energy"])
@pytest.mark.parametrize("value", ["-1", "nan", "soon", "1e31"])
def test_what_is_no_cost_is_refused(binary, option, value):
    done = run(binary, *FRONTIER, option, value)
    assert done.returncode in (64, 65) and "switch" in done.stderr
