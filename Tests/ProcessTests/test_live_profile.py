"""Profiles that change while a job runs: samples, withdrawals, and frontiers that follow."""

import random

import numpy
import pytest
from conftest import (
    AWAIT_SECONDS,
    FIXTURES,
    MODELLED,
    check_error,
    define,
    prepare,
    prepare_long_work,
    unchanged,
)
from measurements import read_profile
from reference import is_outlier, on_curve, pipeline
from trimtab import ProfileRow, Sample, Trimtab, Withdrawal


def one_instruction(server, session="s"):
    """A pipeline of a single instruction, whose fastest plan shows what its measurement was combined to."""
    server.result("session/open", {"session": session, "seed": 1})
    asked = {"session": session, "pipeline": "p"}
    server.result("pipeline/define", {**asked, "stages": 1, "blockingPowerWatts": 10, "dependencies": [],
                                      "instructions": [{"id": "a", "stage": 0, "instruction": "step"}]})
    return asked


def combined(server, asked):
    """What the engine was given for the only measurement: (seconds, joules)."""
    server.result("frontier/characterize", asked)
    step = server.result("plan/get", {**asked, "plan": 0})["stages"][0]["instructions"][0]
    return step["timeSeconds"], step["energyJoules"]


def noisy(generator, count, seconds=0.1, watts=300.0):
    """Samples with noise in time and power, and now and then one that is far off."""
    samples = []
    for _ in range(count):
        time, power = seconds * generator.gauss(1, 0.01), watts * generator.gauss(1, 0.01)
        if generator.random() < 0.1:
            time *= generator.uniform(1.2, 3)
        if generator.random() < 0.1:
            power *= generator.uniform(0.3, 0.8)
        samples.append((time, time * power))
    return samples


@pytest.mark.parametrize("way", ["samples", "rows", "csv", "keepSamples"])
@pytest.mark.parametrize("seed", range(6))
def test_samples_are_combined_as_numpy_says(server, way, seed):
    generator = random.Random(seed)
    samples = noisy(generator, generator.randint(1, 40))
    asked, option = one_instruction(server), {"stage": 0, "instruction": "step", "frequency": 1410}
    wire = [{"timeSeconds": t, "energyJoules": e} for t, e in samples]
    if way == "samples":
        answer = server.result("profile/submit", {**asked, "rows": [{**option, "samples": wire}]})
    elif way == "rows":
        answer = server.result("profile/submit", {**asked, "rows": [{**option, **sample} for sample in wire]})
    elif way == "csv":
        lines = [f"0,step,1410,{t!r},{e!r}" for t, e in samples]
        answer = server.result("profile/submit", {
            **asked, "csvText": "\n".join(["stage,instruction,frequency,time,energy", *lines])})
    else:
        for sample in wire:
            answer = server.result("profile/submit", {**asked, "keepSamples": True, "rows": [{**option, **sample}]})
    far = is_outlier(samples)
    expected, left_out = numpy.array(samples)[~far].mean(axis=0), list(numpy.flatnonzero(far))
    assert answer["sampleCount"] == len(samples) and answer["rowCount"] == 1
    assert [outlier["sample"] for outlier in answer["outliers"]] == left_out
    assert ("outliers" in [d["kind"] for d in answer["diagnostics"]]) == bool(left_out)
    assert combined(server, asked) == pytest.approx(tuple(expected), rel=1e-12)


def test_new_samples_replace_old_ones_unless_they_are_kept_and_only_the_last_count(server):
    asked, option = one_instruction(server), {"stage": 0, "instruction": "step", "frequency": "a"}

    def submit(seconds, **how):
        rows = [{**option, "timeSeconds": t, "energyJoules": 100.0} for t in seconds]
        return server.result("profile/submit", {**asked, "rows": rows, **how})["sampleCount"]

    assert submit([1.0, 1.01]) == 2
    assert submit([1.02], keepSamples=True) == 3
    assert combined(server, asked)[0] == pytest.approx(1.01)
    assert submit([2.0]) == 1
    assert combined(server, asked)[0] == 2.0
    assert submit([3.0] * 300, keepSamples=True) == 256  # a device that has changed is not averaged with what it was
    assert combined(server, asked)[0] == 3.0


def test_more_samples_than_a_profile_may_hold_are_refused(server):
    asked = one_instruction(server)
    lines = [f"0,step,{knob},{0.1 + sample * 1e-5:.5f},30" for knob in range(512) for sample in range(256)]
    text = "\n".join(["stage,instruction,frequency,time,energy", *lines])
    assert server.result("profile/submit", {**asked, "csvText": text})["sampleCount"] == 131_072
    with unchanged(server, "s"):
        check_error(
            server.error("profile/submit", {**asked, "csvText": text + "\n0,step,512,1,30"}), kind="invalidProfile"
        )


def test_withdrawn_measurements_are_gone(server):
    asked = prepare(server)
    table = {"stage": 1, "instruction": "forward"}
    rows = server.result("session/export", {"session": "s"})["requests"]
    fastest = min((r for r in rows[-2]["params"]["rows"] if (r["stage"], r["instruction"]) == (1, "forward")),
                  key=lambda r: r["timeSeconds"])
    assert fastest["frequency"] in knobs_of(server, asked, **table)
    answer = server.result("profile/submit", {**asked, "withdraw": [{**table, "frequency": fastest["frequency"]}]})
    assert answer["rowCount"] == 319 and answer["missing"] == [] and answer["recomputes"] is False
    server.result("frontier/characterize", asked)
    assert fastest["frequency"] not in knobs_of(server, asked, **table)
    assert server.result("profile/submit", {**asked, "withdraw": [table]})["missing"] == [table]
    check_error(server.error("frontier/characterize", asked), kind="incompleteProfile")
    error = server.error("profile/submit", {**asked, "withdraw": [{"stage": 1, "instruction": "backward"}, table]})
    check_error(error, kind="invalidProfile", path="withdraw[1]")
    assert server.result("session/export", {"session": "s"})["requests"][-2]["params"]["rows"]  # nothing was withdrawn


def knobs_of(server, asked, stage, instruction):
    """The settings of one kind of instruction in the fastest plan."""
    steps = server.result("plan/get", {**asked, "objective": "fastest"})["stages"][stage]["instructions"]
    return [step["frequency"] for step in steps if step["instruction"] == instruction]


@pytest.mark.parametrize("kind, row, how", [
    ("belowBlockingPower", {"timeSeconds": 1.0, "energyJoules": 5.0}, {}),
    ("abovePowerLimit", {"timeSeconds": 1.0, "energyJoules": 430.0}, {}),
    ("shortMeasurement", {"timeSeconds": 0.4, "energyJoules": 40.0}, {"samplingIntervalSeconds": 0.1}),
    ("sensorDisagrees", {"timeSeconds": 1.0, "energyJoules": 100.0, "sensorPowerWatts": 130.0}, {}),
], ids=lambda value: value if isinstance(value, str) else "")
def test_figures_that_cannot_be_right_are_flagged_or_refused(server, kind, row, how):
    asked = one_instruction(server)
    server.result("pipeline/define", {
        **asked, "stages": 1, "blockingPowerWatts": 10, "powerLimitWatts": 400, "dependencies": [],
        "instructions": [{"id": "a", "stage": 0, "instruction": "step"}]})
    sound = {"stage": 0, "instruction": "step", "frequency": 900, "timeSeconds": 2.0, "energyJoules": 200.0}
    rows = [sound, {**sound, **row, "frequency": 1410}]
    error = server.error("profile/submit", {**asked, **how, "rows": rows, "refuseImplausible": True})
    check_error(error, kind="invalidProfile", path="rows")
    assert kind in error["data"]["found"]
    diagnostics = server.result("profile/submit", {**asked, **how, "rows": rows})["diagnostics"]
    assert [(d["kind"], d["frequency"]) for d in diagnostics] == [(kind, 1410)]


def test_energy_that_falls_while_time_and_power_rise(server):
    asked = one_instruction(server)
    rows = [
        {"stage": 0, "instruction": "step", "frequency": f, "timeSeconds": t, "energyJoules": e, "sensorPowerWatts": p}
        for f, t, e, p in ((3, 1.0, 200.0, 195.0), (2, 1.1, 190.0, 199.0), (1, 1.2, 204, 170))
    ]
    diagnostics = server.result("profile/submit", {**asked, "rows": rows})["diagnostics"]
    assert [(d["kind"], d["frequency"]) for d in diagnostics] == [("energyFalls", 2)]


# Frontiers that follow


def revised(session, factor, stage=2):
    """A request that makes one stage's forward instructions that much slower."""
    rows = [{"stage": stage, "instruction": "forward", "frequency": knob, "timeSeconds": factor * t, "energyJoules": e}
            for knob, (t, e) in read_profile(MODELLED["a100"][0])[stage, "forward"].items()]
    return {"session": session, "pipeline": "p", "rows": rows}


def follow(server, session="s", effort="standard", **options):
    asked = prepare(server, session, characterize=False, **options)
    server.result("frontier/characterize", {**asked, "effort": effort, "follow": True})
    assert next_change(server)[1]["generation"] == 1
    return asked


def next_change(server):
    while True:
        message = server.receive(AWAIT_SECONDS)
        if message.get("method") in ("frontier/changed", "frontier/failed"):
            return message["method"], message["params"]


def next_searched(server):
    """The next frontier with plans of its own, and the number of provisional ones before it."""
    provisional = 0
    while True:
        method, params = next_change(server)
        if method == "frontier/failed" or not params["provisional"]:
            return method, params, provisional
        provisional += 1


def test_a_followed_frontier_is_replaced_and_equals_one_from_scratch(server):
    asked = follow(server)
    query = {**asked, "objective": "fastest"}
    before = server.result("frontier/query", query)
    next_change_of_own = server.request("profile/submit", revised("s", 1.2))
    again = server.request("frontier/query", query)
    server.send(next_change_of_own, again)
    assert server.answer(next_change_of_own["id"])["result"]["recomputes"] is True
    meanwhile = server.answer(again["id"])["result"]
    assert meanwhile == {**before, "stale": True}  # asked in one write, so before anything could be computed
    # First the existing plans under the new bound, then those of a search.
    method, changed, provisional = next_searched(server)
    assert (method, changed["generation"], changed["stale"], provisional) == ("frontier/changed", 3, False, 1)
    curve = server.result("frontier/curve", asked)
    assert curve["generation"] == 3 and curve["stale"] is False

    fresh = {**asked, "session": "t"}
    server.result("session/open", {"session": "t"})
    for method, params in define("t"):
        server.result(method, params)
    server.result("profile/submit", revised("t", 1.2))
    server.result("frontier/characterize", fresh)
    assert {**server.result("frontier/curve", fresh), "generation": 3} == curve


def test_the_plans_of_before_are_held_against_the_new_bound_at_once(server):
    asked = follow(server, microbatches=96)  # the search takes long enough to look at what comes before it
    submit = server.request("profile/submit", revised("s", 1.1))
    server.send(submit)
    method, changed = next_change(server)
    assert (method, changed["generation"], changed["provisional"]) == ("frontier/changed", 2, True)
    curve = server.result("frontier/curve", asked)
    assert curve["generation"] == 2, "the search was faster than two requests"
    problem = pipeline(read_profile(MODELLED["a100"][0]), 4, 96, MODELLED["a100"][2])
    for knob, (seconds, joules) in problem.tables[2, "forward"].items():
        problem.tables[2, "forward"][knob] = 1.1 * seconds, joules
    bound = [(point["iterationTimeSeconds"], point["energyJoules"]) for point in curve["lowerBound"]]
    (fastest, _), *_, (slowest, _) = sorted(bound)
    for deadline in numpy.linspace(fastest, slowest, 4):
        least = on_curve(bound, deadline)
        assert least == pytest.approx(problem.lower_bound(deadline), rel=1e-6)
    assert curve["plans"][0]["iterationTimeSeconds"] == pytest.approx(fastest, rel=1e-9)
    for plan in curve["plans"]:
        least = on_curve(bound, plan["iterationTimeSeconds"])
        assert plan["gapFraction"] == pytest.approx(plan["energyJoules"] / least - 1, abs=1e-9)
        assert 0 <= plan["gapFraction"] < 0.05


def test_many_changes_at_once_cost_at_most_one_running_and_one_waiting(server):
    asked = follow(server, effort="quick", microbatches=96)  # takes long beside what the requests take
    factors = [1 + n / 40 for n in range(1, 31)]
    server.send(*(server.request("profile/submit", revised("s", factor)) for factor in factors))
    generations, searches = [], 0
    while True:
        method, changed = next_change(server)
        assert method == "frontier/changed"
        generations.append(changed["generation"])
        searches += not changed["provisional"]
        if not changed["stale"] and not changed["provisional"]:
            break
    assert generations == list(range(2, 2 + len(generations))) and searches <= 3 and len(generations) <= 6
    curve = server.result("frontier/curve", asked)
    assert curve["stale"] is False
    # The newest won.
    fresh = {**asked, "session": "t"}
    server.result("session/open", {"session": "t"})
    for method, params in define("t", microbatches=96):
        server.result(method, params)
    server.result("profile/submit", revised("t", factors[-1]))
    server.result("frontier/characterize", {**fresh, "effort": "quick"})
    assert server.result("frontier/curve", fresh)["lowerBound"] == curve["lowerBound"]


def test_a_profile_without_change_or_incomplete_is_not_followed(server):
    asked = follow(server)
    same = server.result("profile/submit", {**asked, "csvPath": str(MODELLED["a100"][0])})
    assert (
        same["recomputes"] is False
        and server.result("frontier/query", {**asked, "objective": "fastest"})["stale"] is False
    )
    table = {"stage": 0, "instruction": "forward"}
    gone = server.result("profile/submit", {**asked, "withdraw": [table]})
    assert (gone["recomputes"], gone["missing"]) == (False, [table])
    back = server.result("profile/submit", {**asked, "csvPath": str(MODELLED["a100"][0])})
    assert back["recomputes"] is True and next_change(server)[1]["generation"] == 2


def test_a_job_moves_to_the_frontier_that_followed(server):
    """Replicas share a profile, and each gets the plan that the new frontier has for it."""
    asked = follow(server)
    server.result("pipeline/replicate", {**asked, "replicas": ["q", "r"]})
    server.result("straggler/report", {"session": "s", "pipeline": "r", "slowdownFraction": 0.2})
    assert server.result("profile/submit", revised("s", 1.1))["recomputes"] is True
    told = {}
    while len(told) < 3:
        message = server.receive(AWAIT_SECONDS)
        if message.get("method") == "plan/changed" and message["params"]["generation"] == 3:
            told[message["params"]["pipeline"]] = message["params"]
    slowest = told["r"]["slowestTimeSeconds"]
    for name in "pq":
        best = server.result("frontier/query", {**asked, "stragglerTimeSeconds": slowest})["plan"]
        assert (told[name]["plan"], told[name]["cause"]) == (best["plan"], "frontier")
    with unchanged(server, "s"):
        check_error(server.error("profile/submit", {**revised("s", 1.3), "pipeline": "q"}), kind="invalidProfile")


def test_closing_a_session_ends_what_it_computes_in_the_background(server):
    busy = prepare_long_work(server)
    work = server.request("frontier/characterize", {**busy, "planCount": 2, "follow": True})
    server.send(work)
    server.answer(work["id"], timeout=600)
    row = {"stage": 0, "instruction": "forward", "frequency": 1, "timeSeconds": 1.0, "energyJoules": 1.0}
    for session in range(3):
        assert server.result("profile/submit", {**busy, "rows": [{**row, "frequency": session}]})["recomputes"] is True
    server.result("session/close", {"session": busy["session"]})
    # The same names again: nothing that was computed for the closed session may show up here.
    server.result("session/open", {"session": busy["session"]})
    for method, params in define(busy["session"]):
        server.result(method, params)
    assert server.result("frontier/characterize", busy)["generation"] == 1
    assert server.result("frontier/curve", busy)["stale"] is False


def test_the_end_of_input_does_not_wait_for_the_background(server):
    busy = prepare(server, characterize=False, profile="h100", microbatches=96)
    server.result("frontier/characterize", {**busy, "planCount": 2, "follow": True})
    row = {"stage": 0, "instruction": "forward", "frequency": 1, "timeSeconds": 1.0, "energyJoules": 1.0}
    assert server.result("profile/submit", {**busy, "rows": [row]})["recomputes"] is True
    code, left = server.finish()
    assert code == 0 and left == []


@pytest.mark.parametrize("seed", range(5))
def test_whatever_comes_in_between_the_last_frontier_is_that_of_the_last_profile(server, spawn, seed):
    """Revisions, withdrawals, characterizations (some cancelled) and definitions, none waited for."""
    generator, asked = random.Random(seed), {"session": "s", "pipeline": "p"}
    prepare(server, characterize=False)
    requests = []
    for _ in range(60):
        table = {"stage": generator.randrange(4), "instruction": "forward"}
        kind = generator.choice(["revise"] * 6 + ["withdraw", "characterize", "characterize", "cancel", "define"])
        if kind == "revise":
            requests.append(server.request("profile/submit", revised("s", generator.uniform(0.8, 1.2), table["stage"])))
        elif kind == "withdraw":
            requests.append(server.request("profile/submit", {**asked, "withdraw": [table]}))
        elif kind == "define":
            requests.append(server.request("pipeline/define", define("s", microbatches=generator.randint(1, 6))[0][1]))
        else:
            request = server.request(
                "frontier/characterize", {**asked, "planCount": 4, "follow": generator.random() < 0.8}
            )
            requests.append(request)
            if kind == "cancel":
                requests.append(server.message("$/cancelRequest", {"id": request["id"]}))
    server.send(*requests)
    answered = {server.response()["id"] for request in requests if "id" in request}
    assert answered == {request["id"] for request in requests if "id" in request}
    for stage in range(4):
        server.result("profile/submit", revised("s", 1.0, stage))
    server.result("frontier/characterize", {**asked, "planCount": 4, "follow": True})
    assert server.result("profile/submit", revised("s", 1.1 + seed / 100))["recomputes"] is True
    while next_searched(server)[1]["stale"]:
        pass
    export = server.result("session/export", {"session": "s"})
    copy = spawn(roots=[str(FIXTURES)])
    for request in export["requests"]:
        copy.result(request["method"], request["params"])
    ours, theirs = server.result("frontier/curve", asked), copy.result("frontier/curve", asked)
    assert {**ours, "generation": 0} == {**theirs, "generation": 0}


def test_the_client_sends_samples_and_reads_what_comes_back(binary):
    heard = []
    with Trimtab([binary, "serve"], roots=[str(FIXTURES)], timeout=AWAIT_SECONDS,
                 on_notification=lambda method, params: heard.append((method, params))) as client:
        session = client.open_session("s", seed=3)
        session.define_pipeline("p", schedule="1f1b", stages=1, microbatches=2, blocking_power_watts=60,
                                power_limit_watts=400)
        samples = tuple(Sample(0.1 * (1 + d), 30 * (1 + d)) for d in (0, 0.002, -0.002, 0.004, 0.5))
        rows = [ProfileRow(0, "forward", 1410, samples=samples), ProfileRow(0, "forward", 1200, 0.12, 27.0),
                ProfileRow(0, "backward", {"clock": 1410}, 0.2, 90.0, sensor_power_watts=440.0)]
        answer = session.submit_profile("p", rows=rows, sampling_interval_seconds=0.03)
        assert {d.kind for d in answer.diagnostics} == {
            "singleOption",
            "outliers",
            "abovePowerLimit",
            "shortMeasurement",
        }
        assert [(o.sample, o.frequency) for o in answer.outliers] == [(4, 1410)]
        session.characterize("p", follow=True)
        noise = session.uncertainty("p", plan=0, deadline_seconds=0.6, resample_count=100)
        assert (
            0 < noise.sampled_fraction <= 0.5 and noise.iteration_time_seconds.low < noise.iteration_time_seconds.high
        )
        assert noise.deadline_seconds == 0.6 and noise.miss_fraction is not None and 0 <= noise.miss_fraction <= 1
        series = session.series("p", prices=[(0, 1e-7), (3600, 2e-7)], end_seconds=7200, iterations_per_second=1.2)
        assert series.segments[0].plan is not None and series.lower_bound_cost is not None
        assert series.lower_bound_cost <= series.cost * (1 + 1e-9)
        detail = session.pipeline("p")
        assert detail.follow and detail.schedule_csv == "0F0,0B0,0F1,0B1\n"
        assert session.submit_profile("p", withdraw=[Withdrawal(0, "forward", 1200)]).recomputes
        session.query("p", average_device_power_watts=500)
    assert ("frontier/changed", 1) in [(method, params["generation"]) for method, params in heard]
