"""Measurement noise against a bootstrap in numpy, and price series against linear and integer programs."""

import random

import numpy
import pytest
from conftest import MODELLED, check_error, define, prepare, prepare_long_work
from measurements import read_profile
from reference import is_outlier, pipeline
from scipy.optimize import LinearConstraint, linprog, milp


def sampled_profile(path, generator, count):
    """(rows with samples, (stage, instruction) -> knob -> those to be believed) from a profile, with 2 % noise."""
    rows, samples = [], {}
    for (stage, instruction), options in read_profile(path).items():
        drawn = {knob: [(seconds * (1 + d), joules * (1 + d) * (1 + w)) for d, w in
                        generator.uniform(-0.02, 0.02, (count, 2))]
                 for knob, (seconds, joules) in options.items()}
        for knob, noisy in drawn.items():
            kept = numpy.array(noisy)[~is_outlier(noisy, drawn.values())]
            samples.setdefault((stage, instruction), {})[knob] = kept
            rows.append({"stage": stage, "instruction": instruction, "frequency": knob,
                         "samples": [{"timeSeconds": t, "energyJoules": e} for t, e in noisy]})
    return rows, samples


def bootstrap(problem, samples, knobs, resamples, generator, executions):
    """(times, energies) of a plan's outcomes, from the definition."""
    outcomes = []
    for _ in range(resamples):
        drawn, chosen = {}, []
        for key, knob in zip(problem.keys, knobs):
            measured = samples[key][knob]
            if executions:
                chosen.append(measured[generator.integers(len(measured))])
            else:
                if (key, knob) not in drawn:
                    drawn[key, knob] = measured[generator.integers(len(measured), size=len(measured))].mean(axis=0)
                chosen.append(drawn[key, knob])
        seconds = problem.longest_path([t for t, _ in chosen])
        joules = sum(e - problem.blocking_power * t for t, e in chosen)
        outcomes.append((seconds, joules + problem.blocking_power * problem.devices * seconds))
    return numpy.array(outcomes).T


def plan_knobs(server, asked, problem, **selector):
    knobs = [None] * len(problem.keys)
    for stage in server.result("plan/get", {**asked, **selector})["stages"]:
        for step in stage["instructions"]:
            knobs[problem.names[stage["stage"], step["instruction"], step["microbatch"]]] = step["frequency"]
    return knobs


@pytest.mark.parametrize("resampling", ["options", "executions"])
def test_the_bootstrap_agrees_with_numpys(server, resampling):
    path, stages, power = MODELLED["a100"]
    generator = numpy.random.default_rng(11)
    rows, samples = sampled_profile(path, generator, 6)
    asked = {"session": "s", "pipeline": "p"}
    server.result("session/open", {"session": "s", "seed": 5})
    server.result("pipeline/define", {**asked, "schedule": "1f1b", "stages": stages, "microbatches": 4,
                                      "blockingPowerWatts": power})
    server.result("profile/submit", {**asked, "rows": rows})
    server.result("frontier/characterize", {**asked, "planCount": 8})
    problem = pipeline(read_profile(path), stages, 4, power)
    knobs = plan_knobs(server, asked, problem, slowdownFraction=0.1)
    plan = server.result("frontier/query", {**asked, "slowdownFraction": 0.1})["plan"]
    deadline = plan["iterationTimeSeconds"] * 1.002
    answer = server.result("plan/uncertainty", {
        **asked, "plan": plan["plan"], "deadlineSeconds": deadline, "resampleCount": 4000, "resampling": resampling})
    assert answer["sampledFraction"] == 1 and answer["plan"] == plan
    times, energies = bootstrap(problem, samples, knobs, 4000, generator, resampling == "executions")
    for field, values in (("iterationTimeSeconds", times), ("energyJoules", energies)):
        ours, (low, high) = answer[field], numpy.quantile(values, [0.025, 0.975])
        width = high - low
        # The ends of either interval are known to a few percent of its width with 4000 resamples.
        assert ours["low"] == pytest.approx(low, abs=0.08 * width)
        assert ours["high"] == pytest.approx(high, abs=0.08 * width)
        assert ours["mean"] == pytest.approx(values.mean(), abs=0.02 * width)
        assert ours["standardDeviation"] == pytest.approx(values.std(ddof=1), rel=0.06)
    assert answer["missFraction"] == pytest.approx((times > deadline).mean(), abs=0.05)
    again = {
        **asked,
        "plan": plan["plan"],
        "deadlineSeconds": deadline,
        "resampleCount": 4000,
        "resampling": resampling,
    }
    assert server.result("plan/uncertainty", again) == answer


def with_switch_costs(server, costs, microbatches):
    """A session like that of `prepare`, whose clocks take time and energy to change."""
    asked = prepare(server, characterize=False, microbatches=microbatches)
    server.result("pipeline/define", {**define("s", microbatches=microbatches)[0][1], **costs})
    server.result("frontier/characterize", {**asked, "planCount": 16})
    return asked


@pytest.mark.parametrize("costs", [{}, {"switchLatencySeconds": 0.003, "switchEnergyJoules": 0.2}], ids=str)
def test_without_samples_nothing_is_uncertain(server, costs):
    asked = with_switch_costs(server, costs, 4)
    answer = server.result("plan/uncertainty", {**asked, "objective": "cheapest", "resampleCount": 10})
    assert answer["sampledFraction"] == 0 and "missFraction" not in answer
    for field in ("iterationTimeSeconds", "energyJoules"):
        spread = answer[field]
        assert spread["low"] == spread["high"] == pytest.approx(answer["plan"][field], rel=1e-12)


def test_a_long_bootstrap_runs_beside_other_requests_and_is_cancelled(server):
    busy = prepare_long_work(server)
    server.result("frontier/characterize", {**busy, "planCount": 2})
    long = server.request("plan/uncertainty", {**busy, "plan": 0, "resampleCount": 100_000, "resampling": "executions"})
    beside = server.request("frontier/query", {**busy, "objective": "fastest"})
    server.send(long, beside)
    assert server.response()["id"] == beside["id"]
    server.send(server.message("$/cancelRequest", {"id": long["id"]}))
    check_error(server.answer(long["id"], timeout=5)["error"], code=-32800)


def points(server, asked):
    curve = server.result("frontier/curve", asked)
    plans = numpy.array([(1 / p["iterationTimeSeconds"], p["averagePowerWatts"]) for p in curve["plans"]])
    bound = numpy.array([(1 / p["iterationTimeSeconds"], p["energyJoules"] / p["iterationTimeSeconds"])
                         for p in curve["lowerBound"]])
    return plans, bound


def least_cost(points, durations, prices, wanted, integral=False):
    """The cheapest shares of each interval for each point; with `integral` one point for each interval."""
    count, kinds = len(durations), len(points)
    cost = numpy.concatenate([p * d * points[:, 1] for d, p in zip(durations, prices)])
    done = numpy.concatenate([d * points[:, 0] for d in durations])
    whole = numpy.kron(numpy.eye(count), numpy.ones(kinds))
    if integral:
        # A gap at which the solver may stop keeps the answer above the optimum, which is all that is asked of it.
        answer = milp(cost, integrality=numpy.ones(count * kinds), bounds=(0, 1),
                      constraints=[LinearConstraint(whole, 1, 1), LinearConstraint(done[None], wanted, numpy.inf)],
                      options={"time_limit": 5, "mip_rel_gap": 1e-4})
        return None if answer.x is None else answer.fun
    answer = linprog(cost, A_ub=-done[None], b_ub=[-wanted], A_eq=whole, b_eq=numpy.ones(count), bounds=(0, 1))
    assert answer.status == 0, answer.message
    return answer.fun


@pytest.fixture(scope="module")
def priced(binary):
    from conftest import Server
    server = Server([binary, "serve"])
    server.initialize(roots=[str(MODELLED["a100"][0].parent)])
    asked = prepare(server, microbatches=6)
    yield server, asked, *points(server, asked)
    server.close()


@pytest.mark.parametrize("seed", range(8))
def test_a_price_series_costs_what_the_linear_program_says(priced, seed):
    server, asked, plans, bound = priced
    generator = random.Random(seed)
    count = generator.choice([1, 2, 6, 24])
    durations = [generator.choice([900.0, 3600.0, generator.uniform(100, 5000)]) for _ in range(count)]
    prices = [generator.choice([0.0, -2e-9, 8e-8, generator.uniform(1e-8, 2e-7)]) for _ in range(count)]
    starts = [1e6 + sum(durations[:n]) for n in range(count)]
    pause = seed % 2 == 1
    if pause:
        still = numpy.array([[0.0, 300.0]])
        plans, bound = numpy.concatenate([plans, still]), numpy.concatenate([bound, still])
    wanted = sum(durations) * (plans[:, 0].min() + generator.random() * (plans[:, 0].max() - plans[:, 0].min()))
    params = {**asked, "prices": [{"startSeconds": s, "pricePerJoule": p} for s, p in zip(starts, prices)],
              "endSeconds": starts[-1] + durations[-1], "iterationCount": wanted, "unit": "EUR",
              **({"mayPause": True, "pausedPowerWatts": 300.0} if pause else {})}
    answer = server.result("plan/series", params)
    scale = sum(abs(p) * d for p, d in zip(prices, durations)) * plans[:, 1].max() + 1e-30
    assert answer["cost"] == pytest.approx(least_cost(plans, durations, prices, wanted), abs=1e-7 * scale)
    assert ("lowerBoundCost" in answer) == (min(prices) >= 0)
    if min(prices) >= 0:
        # The corners past the slowest plan are of no use to plans either.
        slowest = plans[plans[:, 0] > 0, 0].min() * (1 - 1e-12)
        reachable = bound[(bound[:, 0] >= slowest) | (bound[:, 0] == 0)]
        least = least_cost(reachable, durations, prices, wanted)
        assert answer["lowerBoundCost"] == pytest.approx(least, abs=1e-4 * scale)
        assert answer["lowerBoundCost"] <= answer["cost"] + 1e-12 * scale
    assert answer["iterationCount"] >= wanted * (1 - 1e-9) and answer["unit"] == "EUR"
    for field in ("iterationCount", "energyJoules", "cost"):
        assert sum(s[field] for s in answer["segments"]) == pytest.approx(answer[field], rel=1e-9, abs=1e-12)
    edges = [(s["startSeconds"], s["startSeconds"] + s["durationSeconds"]) for s in answer["segments"]]
    assert [b for _, b in edges[:-1]] == pytest.approx([a for a, _ in edges[1:]]) and len(edges) <= count + 1
    if count <= 6:
        whole = least_cost(plans, durations, prices, wanted, integral=True)
        assert whole is None or answer["cost"] <= whole + 1e-9 * scale


def test_a_day_at_one_price_runs_at_one_pace_and_dear_hours_run_slower(priced):
    server, asked, plans, _ = priced
    rate = (plans[:, 0].min() + plans[:, 0].max()) / 2
    day = {**asked, "endSeconds": 86400, "iterationsPerSecond": rate}
    flat = server.result("plan/series", {**day, "prices": [{"startSeconds": 0, "pricePerJoule": 1e-7}]})
    assert len(flat["segments"]) == 2  # the two plans around the rate, one after the other
    assert flat["iterationCount"] == pytest.approx(rate * 86400)
    prices = [{"startSeconds": 3600 * h, "pricePerJoule": (1 + (h * 7) % 24) * 1e-8} for h in range(24)]
    answer = server.result("plan/series", {**day, "prices": prices})
    order = sorted(answer["segments"], key=lambda s: prices[int(s["startSeconds"] // 3600)]["pricePerJoule"])
    powers = [s["averagePowerWatts"] for s in order]
    assert powers == sorted(powers, reverse=True) and powers[0] > powers[-1]
    constant = sum(p["pricePerJoule"] for p in prices) / 24 * flat["energyJoules"]
    assert answer["cost"] < constant
    error = server.error("plan/series", {**day, "prices": prices, "iterationsPerSecond": plans[:, 0].max() * 1.01})
    check_error(error, kind="objectiveOutOfReach")
    assert error["data"]["maximumIterationCount"] == pytest.approx(plans[:, 0].max() * 86400)


@pytest.mark.parametrize("costs", [{}, {"switchLatencySeconds": 0.001, "switchEnergyJoules": 0.5}], ids=str)
def test_each_devices_power_is_capped(server, costs):
    path, stages, power = MODELLED["a100"]
    asked = with_switch_costs(server, costs, 6)
    problem = pipeline(read_profile(path), stages, 6, power)
    curve = server.result("frontier/curve", asked)["plans"]

    def hottest(plan):
        """Mean watts of the device that draws most, from the definition."""
        joules, knobs = [0.0] * stages, plan_knobs(server, asked, problem, plan=plan)
        for key, knob in zip(problem.keys, knobs):
            seconds, energy = problem.tables[key][knob]
            joules[key[0]] += energy - power * seconds
        for stage in range(stages):
            order = [knob for key, knob in zip(problem.keys, knobs) if key[0] == stage]
            changes = sum(a != b for a, b in zip(order, order[1:] + order[:1]))
            joules[stage] += changes * costs.get("switchEnergyJoules", 0.0)
        return max(joules) / curve[plan]["iterationTimeSeconds"] + power

    chosen = range(0, len(curve), max(1, len(curve) // 12))
    for plan in chosen:
        cap = hottest(plan)
        answer = server.result("frontier/query", {**asked, "averageDevicePowerWatts": cap * (1 + 1e-12)})
        found = answer["plan"]["plan"]
        assert found <= plan and answer["averageDevicePowerWatts"] <= cap * (1 + 1e-9)
        assert answer["averageDevicePowerWatts"] == pytest.approx(hottest(found), rel=1e-12)
        if found > 0:
            assert hottest(found - 1) > cap
        job = server.result("frontier/query", {**asked, "averagePowerWatts": cap * stages})
        assert job["plan"]["averagePowerWatts"] <= cap * stages
    squared = server.result("frontier/query", {**asked, "objective": "energyDelaySquaredProduct"})["plan"]
    best = min(curve, key=lambda p: p["energyJoules"] * p["iterationTimeSeconds"] ** 2)
    assert squared["plan"] == best["plan"]
    error = server.error("frontier/query", {**asked, "averageDevicePowerWatts": 1})
    check_error(error, kind="objectiveOutOfReach")
    assert error["data"]["minimumAverageDevicePowerWatts"] > power
