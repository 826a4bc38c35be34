"""`trimtab select` on the curves of the real grid, against sums and minima taken from the file itself, and with a pool
against a session that gets the same requests."""

import csv
import json
import math
import os
import shutil
import statistics
import subprocess
import sys

import pytest
from conftest import FIXTURES

EXPERIMENT = FIXTURES.parent / "experiment"
CURVES, POOL = EXPERIMENT / "curves.csv", EXPERIMENT / "pool.json"


def select(binary, *options, curves=CURVES):
    command = [binary, "select", "--curves", curves, *map(str, options)]
    return subprocess.run(command, capture_output=True, text=True)


def document(binary, *options, curves=CURVES):
    done = select(binary, "--json", *options, curves=curves)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def last():
    """Candidate -> (final error, cost of all data)."""
    with open(CURVES, newline="") as file:
        return {f"{row['encoder']} x {row['languageModel']}": (float(row["errorFraction"]), float(row["costSeconds"]))
                for row in csv.DictReader(file)}


@pytest.mark.parametrize(
    "strategy", ["mordal", "race", "grid", "random", "successiveHalving", "hyperband", "asha", "ats"]
)
def test_costs_and_decisions_add_up(binary, last, strategy):
    found = document(binary, "--strategy", strategy)
    assert found["gridCost"] == pytest.approx(sum(cost for _, cost in last.values()))
    assert found["cost"] == pytest.approx(sum(decision["cost"] for decision in found["decisions"]))
    assert found["cost"] <= found["gridCost"] * (1 + 1e-9)
    assert sorted(entry["candidate"] for entry in found["ranking"]) == sorted(last)
    tried = {decision["candidate"] for decision in found["decisions"]}
    assert tried.isdisjoint(found["neverTried"]) and len(tried) + len(found["neverTried"]) == len(last)
    assert found == document(binary, "--strategy", strategy)


def test_what_points_are_decides_how_much_is_open(binary, tmp_path):
    def width(*options):
        found = document(binary, "--strategy", "hyperband", "--budget", 0.3, *options)
        return statistics.mean(math.log(entry["upperLoss"] / entry["lowerLoss"]) for entry in found["ranking"]
                               if 0 < entry["observedFraction"] < 1)

    finished, unknown = width("--curve", "finished"), width()
    assert finished < unknown < width("--curve", "snapshot") < width("--curve", "snapshot", "--decay-start", 0.8)
    for options, said in ((["--curve", "both"], "finished or snapshot"), (["--decay-start", 0.5], "--curve snapshot"),
                          (["--curve", "finished", "--decay-start", 0.5], "--curve snapshot"),
                          (["--curve", "snapshot", "--decay-start", 2], "from 0 to 1"),
                          ([POOL, "--curve", "finished"], "say it there as `curve`")):
        done = select(binary, *options)
        assert done.returncode == 64 and said in done.stderr, done.stderr
    pool = {field: value for field, value in json.loads(POOL.read_text()).items() if field != "representations"}

    def told(**fields):
        path = written(tmp_path, {**pool, "task": {**pool["task"], **fields}})
        return document(binary, path, "--budget", 0.05)["ranking"]

    assert told() == told(curve="unknown") != told(curve="finished")


def test_grid_finds_the_best(binary, last):
    found = document(binary, "--strategy", "grid")
    assert found["suggestion"] == min(last, key=last.get)
    assert found["cost"] == pytest.approx(found["gridCost"])


def test_without_a_pool_a_race_stops_at_a_fifteenth(binary, tmp_path):
    sizes = [100 * 2**k for k in range(10)]
    rows = [",".join(["config name", *map(str, sizes), "size", "family"])]
    # Ten that stay as near to each other as a race can tell.
    for n in range(10):
        rows.append(",".join([f"m{n}", *(str((1 + 0.001 * n) * size**-0.1) for size in sizes), "1000", f"f{n}"]))
    curves = tmp_path / "curves.csv"
    curves.write_text("\n".join(rows) + "\n")
    found = document(binary, curves=curves)
    assert found == document(binary, "--strategy", "race", "--budget", 1 / 15, curves=curves)
    assert found["stopReason"] == "gpuSecondsSpent" and 15 * found["cost"] <= found["gridCost"]
    unlimited = document(binary, "--regret-bound", 0, curves=curves)
    assert unlimited["stopReason"] != "gpuSecondsSpent" and unlimited["cost"] > found["cost"]


def test_the_table_has_every_decision_and_the_end(binary):
    found, lines = document(binary, "--strategy", "ats"), select(binary, "--strategy", "ats").stdout.splitlines()
    blank = lines.index("")
    assert lines[0].split()[0] == "trial" and blank == 1 + len(found["decisions"])
    for line, decision in zip(lines[1:blank], found["decisions"]):
        assert line.split()[0] == str(decision["trial"]) and f" {decision['candidate']} " in line
    for line, entry in zip(lines[blank + 2:], found["ranking"]):
        assert line.strip().startswith(entry["candidate"])
    assert f"ended by {found['stopReason']}" in lines[blank + 2 + len(found["ranking"])]


def test_a_long_ranking_is_cut(binary, tmp_path):
    rows = ["config name,100,200,400,size,family"] + [f"m{n},{3 + n},{2 + n},{1 + n},1000,f" for n in range(60)]
    curves = tmp_path / "curves.csv"
    curves.write_text("\n".join(rows) + "\n")
    assert "\nand 10 more\n" in select(binary, curves=curves).stdout


@pytest.mark.parametrize("share", [0.05, 0.2])
def test_a_budget_is_kept(binary, share):
    found = document(binary, "--strategy", "race", "--budget", share)
    # A trial goes on to the next recorded evaluation, which may lie a little beyond what was assigned.
    assert found["cost"] <= 1.05 * share * found["gridCost"]


@pytest.mark.parametrize("options, word", [
    (("--strategy", "best"), "--strategy"), (("--start-fraction", 2), "startFraction"), (("a.json", "more"), "more")])
def test_mistakes_are_named(binary, options, word):
    done = select(binary, *options)
    assert done.returncode == 64 and word in done.stderr and not done.stdout


@pytest.mark.parametrize("strategy", ["race", "mordal", "ats"])
def test_evaluations_on_the_way_cost_nothing(binary, last, strategy):
    found, plain = document(binary, "--strategy", strategy, "--on-the-way"), document(binary, "--strategy", strategy)
    assert found["cost"] == pytest.approx(sum(decision["cost"] for decision in found["decisions"]))
    assert sorted(entry["candidate"] for entry in found["ranking"]) == sorted(last)
    first, same = found["decisions"][0], plain["decisions"][0]
    assert first == same  # a trial costs as much, and ends where it would
    assert [entry["predictedLoss"] for entry in found["ranking"]] != [
        entry["predictedLoss"] for entry in plain["ranking"]
    ]


# With a pool


@pytest.fixture
def pool():
    return json.loads(POOL.read_text())


def written(folder, pool):
    path = folder / "pool.json"
    path.write_text(json.dumps(pool))
    return path


def name(candidate):
    return " x ".join(candidate[part] for part in ("encoder", "projector", "languageModel") if part in candidate)


class Curves:
    """The recorded evaluations, as a launcher would have met them."""

    def __init__(self):
        self.points = {}
        with open(CURVES, newline="") as file:
            for row in csv.DictReader(file):
                point = float(row["fraction"]), float(row["errorFraction"]), float(row["costSeconds"])
                self.points.setdefault(f"{row['encoder']} x {row['languageModel']}", []).append(point)

    def at(self, candidate, fraction):
        return min(point for point in self.points[candidate] if point[0] >= fraction * (1 - 1e-9))


def session_of(server, pool, **search):
    """A session that gets what the pool file says, and answers trials from the curves: (decisions, session)."""
    params = {key: value for key, value in pool.items() if key != "representations"}
    server.result("session/open", {"session": "s"})
    server.result("pool/submit", {"session": "s", **params, "search": {**pool.get("search", {}), **search}})
    for entry in pool["representations"]:
        path = str(EXPERIMENT / entry["npyPath"])
        server.result("pool/attachRepresentation", {"session": "s", **entry, "npyPath": path})
    server.result("pool/clusters", {"session": "s"})
    curves, decisions, elapsed = Curves(), [], 0.0
    while "trial" in (offer := server.result("trial/next", {"session": "s", "elapsedSeconds": elapsed})):
        candidate, begun = name(offer["candidate"]), offer["fromFraction"]
        spent = curves.at(candidate, begun)[2] if begun else 0.0
        fraction, error, cost = curves.at(candidate, offer["toFraction"])
        elapsed += cost - spent
        server.result("trial/update", {
            "session": "s", "trial": offer["trial"], "step": 0, "dataFraction": fraction, "score": error,
            "gpuSeconds": cost - spent, "elapsedSeconds": elapsed, "checkpoint": True})
        decisions.append((candidate, offer["phase"], begun, fraction))
    return decisions


@pytest.mark.parametrize("strategy", ["mordal", "race", "hyperband", "asha"])
def test_a_pool_is_searched_as_in_a_session(binary, spawn, pool, strategy):
    server = spawn(roots=[str(EXPERIMENT)])
    decisions = session_of(server, pool, strategy=strategy)
    found = document(binary, POOL, "--strategy", strategy)
    assert [(d["candidate"], d["phase"], d["fromFraction"], d["toFraction"]) for d in found["decisions"]] == decisions
    answer = server.result("suggestion/get", {"session": "s"})
    assert found["suggestion"] == name(answer["suggestion"]["candidate"])
    assert found["probabilityBest"] == pytest.approx(answer["suggestion"]["probabilityBestFraction"], rel=1e-9)
    assert found["cost"] == pytest.approx(answer["cost"]["gpuSeconds"])
    ranking = server.result("suggestion/ranking", {"session": "s"})["ranking"]
    assert [entry["candidate"] for entry in found["ranking"]] == [name(entry["candidate"]) for entry in ranking]
    for mine, theirs in zip(found["ranking"], ranking):
        assert mine.get("predictedScore") == pytest.approx(theirs.get("predictedScore"), rel=1e-9)
        assert mine.get("predictedLoss") == mine.get("predictedScore")  # an error of at least 0
    clusters = server.result("pool/clusters", {"session": "s"})["clusters"]
    assert [cluster["medoid"] for cluster in found["clusters"]] == [name(cluster["medoid"]) for cluster in clusters]
    assert found["clusterBasis"] == "representations"
    assert sorted(one for cluster in found["clusters"] for one in cluster["candidates"]) == sorted(Curves().points)


def test_representations_lie_beside_the_pool(binary, pool, tmp_path):
    shutil.copytree(EXPERIMENT / "representations", tmp_path / "representations")
    assert document(binary, written(tmp_path, pool)) == document(binary, POOL)


def test_a_pool_that_names_no_strategy_is_raced(binary, spawn, pool, tmp_path):
    shutil.copytree(EXPERIMENT / "representations", tmp_path / "representations")
    del pool["search"]
    found = document(binary, written(tmp_path, pool))
    assert found == document(binary, POOL, "--strategy", "race") != document(binary, POOL, "--strategy", "mordal")
    server = spawn(roots=[str(EXPERIMENT)])
    decisions = session_of(server, pool)
    assert [(d["candidate"], d["phase"], d["fromFraction"], d["toFraction"]) for d in found["decisions"]] == decisions


def test_a_representation_outside_the_folder_is_refused(binary, pool, tmp_path):
    pool["representations"][2]["npyPath"] = str(EXPERIMENT / pool["representations"][2]["npyPath"])
    shutil.copytree(EXPERIMENT / "representations", tmp_path / "representations")
    done = select(binary, written(tmp_path, pool))
    assert done.returncode == 65 and "representations[2].npyPath" in done.stderr and not done.stdout


def test_without_representations_the_fallback_is_named(binary, pool, tmp_path):
    del pool["representations"]
    path = written(tmp_path, pool)
    found = document(binary, path)
    assert found["clusterBasis"] == "none" and len(found["clusters"]) == len(pool["encoders"])
    assert "as there are no representations and no families" in select(binary, path).stdout
    for encoder in pool["encoders"]:
        encoder["family"] = encoder["id"].split("-")[0]
    found = document(binary, written(tmp_path, pool))
    families = {encoder["family"] for encoder in pool["encoders"]}
    assert found["clusterBasis"] == "family" and len(found["clusters"]) == len(families)
    assert "by family, as there are no representations" in select(binary, path).stdout


def test_rules_and_the_rest_of_the_curves_are_told(binary, pool, tmp_path, last):
    del pool["representations"]
    pool["constraints"] = {"deniedPairs": [["efficientnet-lite2", "minilm-l6"]]}
    gone = pool["encoders"].pop()["id"]
    found = document(binary, written(tmp_path, pool), "--strategy", "grid")
    kept = {key: value for key, value in last.items()
            if not key.startswith(gone) and key != "efficientnet-lite2 x minilm-l6"}
    assert found["excluded"] == [{"rule": "pair", "count": 1}]
    assert sorted(found["unusedCurves"]) == sorted(set(last) - set(kept))
    assert sorted(entry["candidate"] for entry in found["ranking"]) == sorted(kept)
    assert found["gridCost"] == pytest.approx(sum(cost for _, cost in kept.values()))
    table = select(binary, written(tmp_path, pool)).stdout
    assert "1 combinations excluded by the rule on pair" in table and "4 curves of no candidate" in table


def test_a_candidate_without_a_curve_is_named(binary, pool, tmp_path):
    del pool["representations"]
    pool["encoders"].append({"id": "unheard-of", "costWeight": 1.0})
    done = select(binary, written(tmp_path, pool))
    assert done.returncode == 65 and "unheard-of x minilm-l6" in done.stderr and not done.stdout


def test_the_command_line_goes_before_the_file(binary, pool, tmp_path):
    plain = document(binary, POOL, "--strategy", "successiveHalving")
    pool["search"] = {"strategy": "successiveHalving", "seed": 3, "survivingClusterCount": 7, "budget": {"trials": 5}}
    shutil.copytree(EXPERIMENT / "representations", tmp_path / "representations")
    path = written(tmp_path, pool)
    assert len(document(binary, path)["decisions"]) == 5
    assert document(binary, path)["stopReason"] == "trialsSpent"
    del pool["search"]["budget"]
    assert document(binary, written(tmp_path, pool)) == plain
    # The strategy's own defaults come with it: a race begins on 1/64 of the data.
    raced = document(binary, path, "--strategy", "race")
    assert raced["decisions"][0]["toFraction"] == 1 / 64
    assert document(binary, path, "--start-fraction", 0.125)["decisions"][0]["toFraction"] == 0.125
    orders = [document(binary, path, "--strategy", "random", "--seed", seed, "--budget", 0.3) for seed in (1, 1, 2)]
    assert orders[0] == orders[1] != orders[2]


def test_scores_joules_and_projectors(binary, tmp_path):
    """A metric where higher is better, a score column, a projector, and budgets of joules and of seconds."""
    rows = [f"e{e},linear,l{l},{r},{0.9 - (0.3 + 0.05 * e + 0.02 * l) * r ** -0.1:.6f},{100 * r},{5000 * r}"
            for e in range(3) for l in range(2) for r in (0.03, 0.06, 0.12, 0.125, 0.25, 0.5, 1)]
    curves = tmp_path / "curves.csv"
    curves.write_text("\n".join(["encoder,projector,languageModel,fraction,score,costSeconds,energyJoules", *rows]))
    pool = {
        "encoders": [{"id": f"e{e}", "parameterCount": 10**9} for e in range(3)],
        "projectors": [{"id": "linear"}],
        "languageModels": [{"id": f"l{l}", "parameterCount": 10**9} for l in range(2)],
        "task": {"name": "t", "metric": {"name": "accuracy", "direction": "maximize"}, "alignmentSampleCount": 1000},
    }
    path = written(tmp_path, pool)
    found = document(binary, path, "--strategy", "grid", curves=curves)
    assert found["suggestion"] == "e0 x linear x l0"
    best = found["ranking"][0]
    assert best["predictedScore"] == pytest.approx(0.6) and best["predictedLoss"] == pytest.approx(0.4)
    for key, most in (("energyJoules", 2000.0), ("elapsedSeconds", 40.0)):
        pool["search"] = {"strategy": "random", "budget": {key: most}}
        limited = document(binary, written(tmp_path, pool), curves=curves)
        assert limited["stopReason"] in ("joulesSpent", "wallSecondsSpent") and len(limited["decisions"]) < 6
    lossy = tmp_path / "lossy.csv"
    lossy.write_text(curves.read_text().replace("0.9", "1.9", 1).replace("0.4", "1.4"))
    done = select(binary, path, curves=lossy)
    assert done.returncode == 65 and "range" in done.stderr


def test_a_wide_file_with_a_pool(binary, pool, tmp_path):
    """Models of one encoder, by the name of their only part that differs; a budget that the curves do not tell is
    refused."""
    curves = tmp_path / "curves.csv"
    curves.write_text("config name,0,100,200,400,800,size,family\n" + "".join(
        f"m{n},9,{4 + n},{3.5 + n},{3 + n},{2.5 + n},{10 + n},f\n" for n in range(4)))
    task = {"name": "t", "metric": {"name": "loss", "direction": "minimize"}, "alignmentSampleCount": 800}
    pool = {"encoders": [{"id": "none", "costWeight": 0}], "task": task,
            "languageModels": [{"id": f"m{n}", "costWeight": 10 + n} for n in range(4)]}
    found = document(binary, written(tmp_path, pool), "--strategy", "grid", curves=curves)
    assert found["suggestion"] == "none x m0" and found["ranking"][0]["predictedLoss"] == pytest.approx(2.5)
    pool["search"] = {"budget": {"elapsedSeconds": 5}}
    done = select(binary, written(tmp_path, pool), curves=curves)
    assert done.returncode == 65 and "elapsedSeconds" in done.stderr


@pytest.mark.parametrize("content, word", [
    ("[]", "object"), ("{", "byte 1"), ('{"encoders": 3}', "encoders"), ("{}", "task"),
    ('{"search": {"startFraction": 3}}', "search.startFraction"),
    ('{"search": {"startFractoin": 0.1}}', "search.startFractoin"), ('{"comment": "ours"}', "comment"),
    ('{"encoders": [{"id": "a"}, {"id": "b", "memory": 3}]}', "encoders[1].memory")])
def test_a_pool_that_cannot_be_read_is_explained(binary, tmp_path, content, word):
    path = tmp_path / "pool.json"
    path.write_text(content)
    done = select(binary, path)
    assert done.returncode == 65 and word in done.stderr and str(path) in done.stderr and not done.stdout
    assert select(binary, tmp_path / "absent.json").returncode == 66


@pytest.mark.parametrize("strategy", ["race", "mordal"])
def test_a_replay_of_the_experiment_leaves_its_files(binary, tmp_path, strategy):
    """It says what the search suggests, and writes the session where it is told to and nowhere else."""
    def files():
        return {path: path.read_bytes() for folder in (EXPERIMENT, EXPERIMENT.parent / "transcripts")
                for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts}

    before, transcript = files(), EXPERIMENT.parent / "transcripts" / f"real-grid-{strategy}.transcript"
    for out in ([], [tmp_path / "session"]):
        done = subprocess.run([sys.executable, "-B", EXPERIMENT / "replay.py", transcript, *out], capture_output=True,
                              text=True, env={**os.environ, "TRIMTAB_BINARY": binary})
        assert done.returncode == 0 and done.stdout.startswith("suggested: "), done.stderr
        assert files() == before
    written = [json.loads(line[4:])["method"] for line in (tmp_path / "session").read_text().splitlines()
               if line.startswith("--> ")]
    assert written[0] == "initialize" and written[-1] == "suggestion/ranking" and written.count("trial/update") > 20
