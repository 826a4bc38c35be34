"""The command line: `trimtab frontier` agrees with the reference, and mistakes end with a code and a hint."""

import csv
import json
import os
import re
import subprocess
from typing import Any
from xml.etree import ElementTree

import pytest
from conftest import FIXTURES, MODELLED, shared_data
from measurements import read_profile
from reference import on_curve, pipeline

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


def test_rounds_bring_plans_nearer_and_a_sufficient_gap_ends_the_search(binary, document):
    def least(plans, seconds):
        return min(p["energyJoules"] for p in plans if p["iterationTimeSeconds"] <= seconds)

    usual = document["plans"]
    thorough = json.loads(run(binary, *FRONTIER, "--json", "--rounds", "2").stdout)["plans"]
    changes = [least(thorough, p["iterationTimeSeconds"]) / p["energyJoules"] - 1 for p in usual]
    assert max(changes) <= 1e-12 and min(changes) < 0
    # Where everything is good enough from the start, rounds cost nothing and change nothing.
    satisfied = [json.loads(run(binary, *FRONTIER, "--json", "--sufficient-gap", "0.1", *more).stdout)["plans"]
                 for more in ([], ["--rounds", "1000"])]
    assert satisfied[0] == satisfied[1]


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
    knobs: list[Any] = [None] * len(problem.keys)
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
    picture = ElementTree.parse(tmp_path / "frontier.svg")
    names = {element.text for element in picture.iter() if element.tag.endswith("text")}
    assert {"every clock at its highest", "plan 0, the fastest"} <= names, names
    dots = [element for element in picture.iter() if element.tag.endswith("circle")]
    assert len(dots) <= 50, "more dots hide the bound"


def test_the_pictures_of_the_documents_are_what_is_drawn(binary, tmp_path):
    """`make pictures` writes them."""
    profile = FIXTURES / "modelled-h100-8stage.csv"
    done = run(binary, "frontier", profile, "--stages", "8", "--microbatches", "24", "--blocking-power", "95",
               "--deadline", "3.7", "--svg", tmp_path / "frontier.svg", "--timeline", tmp_path / "timeline.svg")
    assert done.returncode == 0, done.stderr
    shown = FIXTURES.parent / "pictures"
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (shown / path.name).read_bytes(), f"{path.name} differs: make pictures"


def test_the_picture_marks_the_plan_for_a_deadline(binary, tmp_path):
    curve = json.loads(run(binary, *FRONTIER, "--json").stdout)["plans"]
    middle = curve[len(curve) // 2]["iterationTimeSeconds"]
    done = run(binary, *FRONTIER, "--deadline", str(middle), "--svg", tmp_path / "frontier.svg")
    assert done.returncode == 0, done.stderr
    picture = ElementTree.parse(tmp_path / "frontier.svg")
    assert f"plan {len(curve) // 2}, the chosen" in {element.text for element in picture.iter()}


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
    ([*FRONTIER, "--bound-only", "--rounds", "1"], "--rounds"),
    ([*FRONTIER[:-1], "1e30"], "watts"), (["view", "--nope"], 'expected no option but --help, found "--nope"'),
    (["transcript", "--nope"], "expected no option but --help"), (["completion", "--nope"], "no option but --help"),
    (["manual", "--nope"], "no option but --help"), (["manual", "more"], 'expected nothing after manual, found "more"'),
    (["--version", "more"], "nothing after --version"), (["help", "more"], "nothing after help"),
], ids=["short-option", "plans-without-plans", "rounds-without-plans", "power", "view", "transcript", "completion",
        "manual", "manual-word", "version-word", "help-word"])
def test_a_mistake_is_named(binary, arguments, said):
    done = run(binary, *arguments)
    assert done.returncode in (64, 65) and said in done.stderr and not done.stdout


def test_a_hint_is_the_end_of_its_message(binary, tmp_path):
    state = tmp_path / "state"
    subprocess.run([binary, "serve", "--state", state], input='{"jsonrpc":"2.0","id":1,"method":"initialize"}\n',
                   text=True, stdout=subprocess.DEVNULL, check=True, timeout=60)
    for arguments in (["frontir"], ["replay", "--updat", "x"], ["serve", "--red-only"], ["doctor", "--stat", "x"],
                      ["journal", "check", str(state), "--sesion", "s"]):
        said = run(binary, *arguments).stderr
        assert "did you mean" in said and said.endswith("?\n") and said.count("?") == 1, said
    assert run(binary, "nothing-like-it").stderr.endswith("; see trimtab --help\n")


def test_the_overview_says_what_all_actions_of_a_command_are_for(binary):
    overview = run(binary, "--help").stdout
    said = " ".join(overview.partition("\njournal ")[2].partition("\nmcp ")[0].split())
    assert all(word in said for word in ("checks", "prints", "repairs", "compacts")), said


def test_each_command_and_each_option_says_what_it_is_for(binary):
    overview = run(binary, "--help").stdout.split("\n\n")[2].splitlines()
    # A command begins its line; what it is for goes on in indented ones.
    summaries = dict(line.partition(" ")[::2] for line in overview if not line.startswith(" "))
    assert {"serve", "frontier", "select", "check", "doctor"} <= summaries.keys()
    assert [name for name, summary in summaries.items() if not summary.strip()] == []
    for name in summaries:
        usage, *lists = run(binary, name, "--help").stdout.split("\n\n")
        entries = [one for block in [usage, *lists] if not block.startswith("Example") for one in _entries(block)]
        # What is neither usage nor option may be a sentence of its own.
        bare = [one[0] for one in entries if len(one) < 2 and one[0].startswith((f"trimtab {name}", "--"))]
        assert bare == [], name


def _entries(block):
    """The lines of each entry of a help: its term, and what is said of it beside it or in lines with a wide margin."""
    entries = []
    for line in block.rstrip().splitlines():
        if line.startswith(" " * 10):
            entries[-1].append(line)
        else:
            entries.append(re.split(r" {2,}", line.strip(), maxsplit=1))
    return entries


def test_help_names_a_command(binary):
    assert run(binary, "help", "replay").stdout == run(binary, "replay", "--help").stdout != ""


def test_journal_names_what_is_not_there_and_makes_nothing(binary, tmp_path):
    state = tmp_path / "state"
    hello = [{"jsonrpc": "2.0", "id": 1, "method": "initialize"},
             {"jsonrpc": "2.0", "id": 2, "method": "session/open", "params": {"session": "train"}}]
    subprocess.run([binary, "serve", "--state", state], input="".join(json.dumps(one) + "\n" for one in hello),
                   text=True, stdout=subprocess.DEVNULL, check=True, timeout=60)
    for action in ("check", "dump", "repair", "compact"):
        unknown = run(binary, "journal", action, str(state), "--session", "trian")
        assert unknown.returncode == 66 and not unknown.stdout
        assert f'expected a session with a journal in {state}, of which there are "train"' in unknown.stderr
        assert 'found "trian"; did you mean "train"?' in unknown.stderr
        nowhere = run(binary, "journal", action, str(tmp_path / "no"))
        assert nowhere.returncode == 66 and "expected a state directory that this process may read" in nowhere.stderr
        assert not (tmp_path / "no").exists()


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
    knobs: list[Any] = [None] * len(problem.keys)
    for row in csv.DictReader(plan.open()):
        knobs[problem.names[int(row["stage"]), row["instruction"], int(row["microbatch"])]] = int(row["frequency"])
    seconds, joules, count = problem.realise_switching(knobs, 0.01, 0.5)
    first = json.loads(done.stdout)["plans"][0]
    assert points([first])[0] == pytest.approx((seconds, joules), rel=1e-9)
    assert first["switchCount"] == count
    texts = [
        "".join(element.itertext()) for element in ElementTree.parse(picture).iter() if element.tag.endswith("text")
    ]
    before, after = (next(text for text in texts if text.startswith(name)) for name in ("Before", "After"))
    assert f"{seconds:.3f} s" in after and f"{joules:.0f} J" in after
    full_seconds, full_joules = problem.all_max_frequency()
    assert f"{full_seconds:.3f} s" in before and f"{full_joules:.0f} J" in before


@pytest.mark.parametrize("option", ["--switch-latency", "--switch-energy"])
@pytest.mark.parametrize("value", ["-1", "nan", "soon", "1e31"])
def test_what_is_no_cost_is_refused(binary, option, value):
    done = run(binary, *FRONTIER, option, value)
    assert done.returncode in (64, 65) and "switch" in done.stderr


def test_samples_that_are_left_out_are_told(binary, tmp_path):
    lines = PATH.read_text().splitlines()
    stage, instruction, frequency, seconds, joules = lines[1].split(",")
    wrong = f"{stage},{instruction},{frequency},{float(seconds) * 2},{float(joules) * 2}"
    (tmp_path / "p.csv").write_text("\n".join(lines + [lines[1], lines[1], wrong]) + "\n")
    done = run(binary, "frontier", tmp_path / "p.csv", *FRONTIER[2:], "--bound-only", "--json")
    assert done.returncode == 0 and "left out 1 of 323 samples" in done.stderr and frequency in done.stderr
    same = run(binary, *FRONTIER, "--bound-only", "--json")
    document = json.loads(done.stdout)
    (diagnostic,) = document.pop("diagnostics")
    assert diagnostic["kind"] == "outliers" and diagnostic["instruction"] == instruction
    assert document == json.loads(same.stdout) and not same.stderr


def profile_text(rows):
    return "stage,instruction,frequency,time,energy\n" + "".join(
        f"{stage},{kind},{clock},{seconds},{joules}\n" for stage, kind, clock, seconds, joules in rows)


def test_every_diagnostic_of_the_profile_reaches_the_command_line(binary, tmp_path):
    path = tmp_path / "p.csv"
    path.write_text(profile_text([(0, "forward", 1410, 0.1, 30), (0, "forward", 900, 0.2, 5),
                                  (0, "backward", 1410, 0.2, 60)]))
    words = ["frontier", path, "--stages", "1", "--microbatches", "2", "--blocking-power", "60"]
    done = run(binary, *words, "--power-limit", "200", "--sampling-interval", "0.03", "--json")
    assert done.returncode == 0, done.stderr
    kinds = {entry["kind"] for entry in json.loads(done.stdout)["diagnostics"]}
    assert kinds == {"singleOption", "belowBlockingPower", "abovePowerLimit", "shortMeasurement"}
    for said in ("stage 0 backward: measured at one frequency only", "less than the blocking power of 60.0 W",
                 "more than the power limit of 200.0 W", "intervals of the energy counter"):
        assert said in done.stderr
    quiet = run(binary, *words)
    assert "power limit" not in quiet.stderr and "intervals" not in quiet.stderr


def test_a_switch_latency_that_is_left_unset_is_mentioned(binary, tmp_path):
    path = tmp_path / "p.csv"
    # Forwards and backwards have different highest clocks, so that every plan changes clocks.
    path.write_text(profile_text([(0, "forward", 1410, 0.1, 30), (0, "backward", 1200, 0.2, 60)]))
    words = ["frontier", path, "--stages", "1", "--microbatches", "2", "--blocking-power", "60"]
    unset, given = run(binary, *words), run(binary, *words, "--switch-latency", "0")
    assert "changes clocks 4 times" in unset.stderr and "--switch-latency" in unset.stderr
    assert given.returncode == 0 and "changes clocks" not in given.stderr and given.stdout == unset.stdout


@pytest.mark.parametrize("source", ["made", "recorded"])
def test_columns_beside_the_frequency_are_knobs(binary, tmp_path, source):
    path, plan = tmp_path / "p.csv", tmp_path / "plan.csv"
    if source == "made":
        blocks = ("a,b", '"\u0301')
        rows = [(stage, kind, clock, block, sms, work * 1410 / clock * (1 + sms / 100 + 0.1 * (block == blocks[stage])),
                 20 * work - sms / 10)
                for stage in range(2) for kind, work in (("forward", 0.1), ("backward", 0.2))
                # A quotation mark before a combining accent, and a comma, are to be quoted where they are written.
                for clock in (1410, 900) for block in blocks for sms in (6, 12)]
        with path.open("w", newline="") as file:
            csv.writer(file).writerows([("stage", "instruction", "frequency", "block", "sms", "time", "energy"), *rows])
    else:
        recorded = shared_data().parent / "faults" / "several-knob-columns.csv"
        if not recorded.exists():
            pytest.skip("no published faults: set TRIMTAB_SHARED_DATA")
        path.write_text(recorded.read_text())
    with path.open() as file:
        table = list(csv.DictReader(file))
    knobs = [name for name in table[0] if name not in ("stage", "instruction", "time", "energy")]
    stages = str(1 + max(int(row["stage"]) for row in table))
    done = run(binary, "frontier", path, "--stages", stages, "--microbatches", "4", "--blocking-power", "10",
               "--switch-latency", "0", "--plan", plan, "--json")
    assert done.returncode == 0 and "left out" not in done.stderr, done.stderr
    with plan.open() as file:
        steps = list(csv.DictReader(file))
    assert set(steps[0]) == {"stage", "instruction", "microbatch", *knobs}
    # Each instruction runs an option that was measured, with its own time: the fastest plan's busy time adds up.
    def option(row):
        return (row["stage"], row["instruction"], *(row[knob] for knob in knobs))

    measured = {option(row): float(row["time"]) for row in table}
    assert len(measured) == len(table)
    busy = sum(measured[option(step)] for step in steps)
    fastest = json.loads(done.stdout)["minimumTimeSeconds"]
    assert fastest < busy <= int(stages) * fastest


def test_changes_take_what_their_knobs_and_clocks_say(binary, tmp_path):
    path = tmp_path / "profile.csv"
    rows = [(stage, kind, clock, str(work * 1410 / clock), str(work * (100 + clock / 8)))
            for stage in (0, 1) for kind, work in (("forward", 0.1), ("backward", 0.2)) for clock in (1410, 1200, 900)]
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("stage", "instruction", "frequency", "time", "energy"), *rows])

    def plans(*options):
        done = run(binary, "frontier", path, "--stages", "2", "--microbatches", "2", "--blocking-power", "60", "--json",
                   *options)
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)["plans"]
        return [(one["iterationTimeSeconds"], one["energyJoules"], one["switchCount"]) for one in found]

    def outcomes(*options):
        # A tick depends on the longest latency there may be, so last digits may differ, and which of equal plans it is.
        return [(round(seconds, 9), round(joules, 6)) for seconds, joules, _ in plans(*options)]

    clocks = (1410, 1200, 900)
    alike = ",".join(f"{a}:{b}=0.01" for a in clocks for b in clocks if a != b)
    same = outcomes("--switch-latency", "0.01")
    assert outcomes("--knob-switch-latency", "frequency=0.01") == same
    assert outcomes("--pair-switch-latency", alike) == same
    assert outcomes("--knob-switch-latency", "frequency=0.05", "--pair-switch-latency", alike) == same
    assert outcomes("--knob-switch-latency", "power=1", "--switch-latency", "0.01") == same
    # A clock that can be left at once, but not come back to.
    assert outcomes("--pair-switch-latency", alike.replace("900:1410=0.01", "900:1410=9")) != same
    # One clock for each rank, and so for each of its stages.
    plan = tmp_path / "plan.csv"
    restricted = plans("--most-switches", "0", "--plan", plan)
    assert restricted and all(count == 0 for _, _, count in restricted)
    with plan.open() as file:
        steps = list(csv.DictReader(file))
    assert len({(step["stage"], step["frequency"]) for step in steps}) == 2
    for option, value in [("--knob-switch-latency", "frequency"), ("--knob-switch-latency", "frequency=-1"),
                          ("--pair-switch-latency", "1410=0.1"), ("--pair-switch-latency", "1410:900=x")]:
        done = run(binary, "frontier", path, "--stages", "2", "--microbatches", "2", "--blocking-power", "60", option,
                   value)
        assert done.returncode != 0 and option in done.stderr and "joined by commas" in done.stderr


# Schedules as CSV


def oracle_schedules():
    folder = shared_data().parent / "schedules"
    return sorted(folder.rglob("*.csv")) if folder.exists() else []


@pytest.mark.parametrize("schedule, stages, microbatches", [
    ("1f1b", 4, 6), ("gpipe", 3, 2), ("interleaved1f1b", 8, 8), ("earlyRecomputation1f1b", 4, 6), ("zbh1", 4, 8),
    ("zbv", 8, 8), ("dualpipev", 8, 8)])
def test_a_printed_schedule_reads_back_the_same(binary, tmp_path, schedule, stages, microbatches):
    done = run(binary, "schedule", "--schedule", schedule, "--stages", str(stages), "--microbatches", str(microbatches))
    assert done.returncode == 0, done.stderr
    (tmp_path / "s.csv").write_text(done.stdout)
    assert run(binary, "schedule", "--schedule-csv", tmp_path / "s.csv").stdout == done.stdout
    # Every microbatch passes every stage forward once.
    cells = [cell for row in csv.reader(done.stdout.splitlines()) for cell in row]
    forwards = [tuple(map(int, match)) for cell in cells for match in re.findall(r"(\d+)F(\d+)", cell)]
    assert sorted(forwards) == [(stage, m) for stage in range(stages) for m in range(microbatches)]


def test_published_schedules_read_back_as_their_actions(binary):
    paths = oracle_schedules()
    if not paths:
        pytest.skip("no published schedules: set TRIMTAB_SHARED_DATA")
    read = 0
    for path in paths:
        done = run(binary, "schedule", "--schedule-csv", path)
        assert done.returncode == 0, f"{path}: {done.stderr}"
        ours = list(csv.reader(done.stdout.splitlines()))
        theirs = [[cell.strip() for cell in row] for row in csv.reader(path.read_text().splitlines())]
        computes = [
            [cell for cell in row if re.fullmatch(r"\d+(F|B|I|W|R|FB)\d+|\(.*\)OVERLAP_F_B", cell)] for row in theirs
        ]
        assert ours == [row for row in computes if row], path
        read += 1
    assert read == len(paths)


def test_a_frontier_of_a_csv_is_that_of_the_named_schedule(binary, tmp_path):
    sizes = ["--stages", str(STAGES), "--microbatches", "6"]
    (tmp_path / "s.csv").write_text(run(binary, "schedule", *sizes).stdout)
    rest = ["--blocking-power", str(POWER), "--plans", "8", "--json"]
    named = run(binary, "frontier", str(PATH), *sizes, *rest)
    read = run(binary, "frontier", str(PATH), "--schedule-csv", tmp_path / "s.csv", *rest)
    assert read.returncode == 0 and read.stdout == named.stdout


COMMUNICATION = "0F0,0SEND_F0,0RECV_B0,0B0\n1RECV_F0,1F0,1B0,1SEND_B0\n"


def test_communication_of_a_schedule_is_kept_on_demand(binary, tmp_path):
    (tmp_path / "s.csv").write_text(COMMUNICATION)
    assert run(binary, "schedule", "--schedule-csv", tmp_path / "s.csv").stdout == "0F0,0B0\n1F0,1B0\n"
    kept = run(binary, "schedule", "--schedule-csv", tmp_path / "s.csv", "--keep-communication")
    assert kept.stdout == COMMUNICATION, kept.stderr
    seconds = {"forward": 0.1, "backward": 0.2}
    rows = [f"{stage},{kind},1000,{time},50" for stage in (0, 1) for kind, time in seconds.items()]
    # Each pass, a transfer between them, and where communication is kept what a send occupies.
    for flags, sends, expected in (
            ([], [], 0.1 + 0.01 + 0.1 + 0.2 + 0.01 + 0.2),
            (["--keep-communication"], ["0,sendForward,1000,0.02,1", "1,sendBackward,1000,0.03,1"],
             0.1 + 0.02 + 0.01 + 0.1 + 0.2 + 0.03 + 0.01 + 0.2)):
        (tmp_path / "p.csv").write_text("\n".join(["stage,instruction,frequency,time,energy", *rows, *sends, ""]))
        done = run(binary, "frontier", tmp_path / "p.csv", "--schedule-csv", tmp_path / "s.csv", "--transfer", "0.01",
                   "--blocking-power", "60", "--json", *flags)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["plans"][0]["iterationTimeSeconds"] == pytest.approx(expected, rel=1e-9)
        # A manifest says the same.
        (tmp_path / "trimtab.toml").write_text(
            "[pipeline]\nstages = 2\nblocking_power_watts = 60.0\ntransfer_seconds = 0.01\n"
            f"switch_latency_seconds = 0.0\nkeep_communication = {'true' if flags else 'false'}\n"
            f'schedule_csv = """{COMMUNICATION}"""\n[profile]\ncsv_path = "p.csv"\n')
        assert run(binary, "frontier", tmp_path / "trimtab.toml", "--json").stdout == done.stdout


def test_communication_is_kept_of_a_file_only(binary):
    for command in (["schedule", "--stages", "2", "--microbatches", "2"], FRONTIER):
        done = run(binary, *command, "--keep-communication")
        assert done.returncode == 64 and "--keep-communication: expected --schedule-csv FILE" in done.stderr


@pytest.mark.parametrize("text, arguments, code, said", [
    ("0F0,0B0\n", ["--stages", "1"], 64, "--stages"), ("0F0,0X0\n", [], 65, "0X0"), ("0B0,0F0\n", [], 65, "0B0"),
    (None, [], 66, "No such file"),
], ids=["both", "no-action", "deadlock", "no-file"])
def test_a_schedule_that_cannot_run_is_named(binary, tmp_path, text, arguments, code, said):
    if text is not None:
        (tmp_path / "s.csv").write_text(text)
    for command in (["schedule"], ["frontier", str(PATH), "--blocking-power", "60"]):
        done = run(binary, *command, "--schedule-csv", tmp_path / "s.csv", *arguments)
        assert done.returncode == code and said in done.stderr and not done.stdout, done.stderr
