"""Estimated tables against the model's definition in dense matrices of numpy, and what frontiers on them promise."""

import json
import subprocess

import numpy
import pytest
from conftest import check_error
from scipy.optimize import minimize

CLOCKS = numpy.arange(900, 1411, 15)
NOISE = (0.01, 0.03)
DEGREE = 8
# Of the logarithm of the common variance, of the decay, of the logarithm of the roughness; over the noise variance.
BOUNDS = ((-4, 16), (0.02, 0.9), (-8, 8))


def noisy_table(generator, level):
    """(true seconds, true joules, measured seconds, measured joules) at each clock."""
    ratio = CLOCKS / CLOCKS.max()
    seconds = level * (0.25 + 0.75 / ratio)
    joules = seconds * (100 + 350 * ratio ** 3)
    return (seconds, joules, seconds * (1 + NOISE[0] * generator.standard_normal(len(CLOCKS))),
            joules * (1 + NOISE[1] * generator.standard_normal(len(CLOCKS))))


def dense_estimate(values):
    """The law of a single table, by its definition: a normal with restricted likelihood, penalised roughness, dense.

    The variances are found by the pattern search that the engine describes: the likelihood is flat near its top, and
    laws of nearly the same likelihood differ by half a deviation of the noise. Its value is compared with what
    Nelder-Mead reaches.
    """
    logs = numpy.log(values)
    x = numpy.log(CLOCKS)
    x = 2 * (x - x[0]) / (x[-1] - x[0]) - 1
    polynomials = numpy.polynomial.legendre.legvander(x, DEGREE)
    free, bent = polynomials[:, :2], polynomials[:, 2:]
    count = len(x)

    def pieces(parameters):
        common, decay, *roughness = parameters
        signal = numpy.exp(common) * (bent * decay ** numpy.arange(2, DEGREE + 1)) @ bent.T
        signal += sum(numpy.exp(roughness)) * numpy.eye(count)
        inverse = numpy.linalg.inv(signal + numpy.eye(count))
        normal = free.T @ inverse @ free
        projection = inverse - inverse @ free @ numpy.linalg.solve(normal, free.T @ inverse)
        variance = logs @ projection @ logs / (count - 2)
        return signal, inverse, normal, projection, variance

    def cost(parameters):
        if any(not low <= value <= high for value, (low, high) in zip(parameters, BOUNDS)):
            return numpy.inf
        _, inverse, normal, _, variance = pieces(parameters)
        return ((count - 2) * numpy.log(variance) - numpy.linalg.slogdet(inverse)[1] + numpy.linalg.slogdet(normal)[1]
                + 3 * sum(numpy.log1p(numpy.exp(value / 2) * numpy.sqrt(variance) / 0.002) for value in parameters[2:]))

    def improve(parameters, places, step):
        best = cost(parameters)
        while step >= 0.25:
            moved = False
            for place in places:
                for sign in (1, -1):
                    while True:
                        trial = list(parameters)
                        trial[place] = float(numpy.clip(
                            trial[place] + sign * step * (0.075 if place == 1 else 1), *BOUNDS[place]))
                        if trial == parameters or not (found := cost(trial)) < best - 1e-9:
                            break
                        parameters, best, moved = trial, found, True
            step = step if moved else step / 2
        return parameters

    smooth = improve([6.0, 0.3], (0, 1), 2)
    found = improve(improve([*smooth, -4.0], (2,), 4), (0, 1, 2), 0.5)
    least = min(minimize(cost, start, method="Nelder-Mead", options={"maxiter": 600}).fun
                for start in (found, (3, 0.1, -6), (6, 0.3, -6)))
    signal, inverse, normal, projection, variance = pieces(found)
    mean = free @ numpy.linalg.solve(normal, free.T @ inverse @ logs)
    return numpy.exp(mean + signal @ projection @ logs + variance / 2), numpy.sqrt(variance), cost(found) - least


def define_noisy(server, tables, stages):
    asked = {"session": "s", "pipeline": "p"}
    server.result("session/open", {"session": "s", "seed": 1})
    server.result("pipeline/define", {**asked, "schedule": "1f1b", "stages": stages, "microbatches": 6,
                                      "blockingPowerWatts": 60})
    server.result("profile/submit", {**asked, "rows": [
        {"stage": stage, "instruction": kind, "frequency": int(clock), "timeSeconds": time, "energyJoules": energy}
        for (stage, kind), (_, _, times, energies) in tables.items()
        for clock, time, energy in zip(CLOCKS, times.tolist(), energies.tolist())]})
    return asked


@pytest.mark.parametrize("seed", range(4))
def test_a_single_table_is_estimated_as_dense_matrices_say(server, seed):
    generator = numpy.random.default_rng(seed)
    tables = {(0, "forward"): noisy_table(generator, 0.05), (0, "backward"): noisy_table(generator, 0.1)}
    asked = define_noisy(server, tables, 1)
    answer = server.result("frontier/characterize", {**asked, "estimate": "smoothed", "planCount": 12, "certify": True})
    assert answer["estimate"] == "smoothed" and answer["certificate"]["holds"]
    oracle = {key: [dense_estimate(values) for values in table[2:]] for key, table in tables.items()}
    for family in answer["noise"]["instructions"]:
        seconds, joules = oracle[0, family["instruction"]]
        assert family["timeNoiseFraction"] == pytest.approx(seconds[1], rel=1e-8)
        assert family["energyNoiseFraction"] == pytest.approx(joules[1], rel=1e-8)
        # Of twice the log likelihood; the largest that was seen is 0.46.
        assert max(seconds[2], joules[2]) < 1
        assert not family["outliers"] and "plateauFrequency" not in family
    differences = {}
    for plan in server.result("frontier/curve", asked)["plans"]:
        for step in server.result("plan/get", {**asked, "plan": plan["plan"]})["stages"][0]["instructions"]:
            place = int(numpy.flatnonzero(step["frequency"] == CLOCKS)[0])
            seconds, joules = oracle[0, step["instruction"]]
            differences[step["instruction"], place] = (
                (step["timeSeconds"] / seconds[0][place] - 1) / NOISE[0],
                (step["energyJoules"] / joules[0][place] - 1) / NOISE[1])
    # In standard deviations of the noise; the largest that was seen is 4e-13.
    assert len(differences) > 10 and numpy.abs(list(differences.values())).max() < 1e-8


@pytest.mark.parametrize("seed", range(3))
def test_plans_on_estimates_keep_what_they_promise(server, seed):
    generator = numpy.random.default_rng(seed)
    tables = {(stage, kind): noisy_table(generator, level) for stage in range(3)
              for kind, level in (("forward", 0.05), ("backward", 0.1))}
    asked = define_noisy(server, tables, 3)
    noise = server.result("frontier/characterize", {**asked, "planCount": 12})["noise"]
    assert noise["timeNoiseFraction"] == pytest.approx(NOISE[0], rel=0.5)
    assert noise["energyNoiseFraction"] == pytest.approx(NOISE[1], rel=0.5)
    assert 0 < noise["expectedExcessFraction"] < 0.1 and noise["instructions"] == []
    measured = server.result("frontier/query", {**asked, "objective": "fastest"})
    assert "expected" not in measured["plan"] and "missFraction" not in measured
    check_error(server.error("frontier/query", {**asked, "deadlineSeconds": 3.0, "missFraction": 0.05}),
                kind="notCharacterized")
    server.result("frontier/characterize", {**asked, "planCount": 12, "estimate": "smoothed"})
    curve = server.result("frontier/curve", asked)["plans"]
    for deadline in [curve[0]["iterationTimeSeconds"] * (1.02 + 0.03 * n) for n in range(4)]:
        plain = server.result("frontier/query", {**asked, "deadlineSeconds": deadline})
        for resampling in ("options", "executions"):
            limits = [server.result("frontier/query", {
                **asked, "deadlineSeconds": deadline, "missFraction": fraction, "resampling": resampling})
                for fraction in (0.01, 0.05, 0.3)]
            assert all(point["missFraction"] <= fraction for point, fraction in zip(limits, (0.01, 0.05, 0.3)))
            energies = [point["plan"]["energyJoules"] for point in limits]
            assert energies == sorted(energies, reverse=True)
        assert plain["plan"]["expected"]["iterationTimeSeconds"]["low"] <= plain["plan"]["iterationTimeSeconds"] * 1.01
    error = server.error("frontier/query", {**asked, "deadlineSeconds": curve[0]["iterationTimeSeconds"] * 0.99,
                                            "missFraction": 0.01})
    check_error(error, kind="deadlineBelowMinimum")
    least = error["data"]["minimumTimeSeconds"]
    kept = server.result("frontier/query", {**asked, "deadlineSeconds": least, "missFraction": 0.01})
    assert kept["missFraction"] <= 0.01


def test_exact_tables_stay_as_they_are(server):
    generator = numpy.random.default_rng(0)
    tables = {(stage, kind): noisy_table(generator, level) for stage in range(2)
              for kind, level in (("forward", 0.05), ("backward", 0.1))}
    asked = define_noisy(server, {key: (*table[:2], *table[:2]) for key, table in tables.items()}, 2)
    answer = server.result("frontier/characterize", {**asked, "planCount": 8})
    assert "noise" not in answer and answer["estimate"] == "measured"
    before = server.result("frontier/curve", asked)["plans"]
    server.result("frontier/characterize", {**asked, "planCount": 8, "estimate": "smoothed"})
    after = server.result("frontier/curve", asked)["plans"]
    for old, new in zip(before, after, strict=True):
        expected = new.pop("expected")
        assert new == old and expected["energyJoules"]["low"] == expected["energyJoules"]["high"]
        assert expected["asMeasured"]["energyJoules"] == old["energyJoules"]


def write_profile(path, stages):
    generator = numpy.random.default_rng(0)
    lines = ["stage,instruction,frequency,time,energy"]
    for stage in range(stages):
        for kind, level in (("forward", 0.05), ("backward", 0.1)):
            _, _, times, energies = noisy_table(generator, level)
            lines += [f"{stage},{kind},{clock},{time!r},{energy!r}"
                      for clock, time, energy in zip(CLOCKS.tolist(), times.tolist(), energies.tolist())]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_the_command_line_plans_on_estimates(binary, tmp_path):
    profile = write_profile(tmp_path / "profile.csv", 2)

    def run(*arguments):
        return subprocess.run(
            [str(binary), "frontier", str(profile), "--blocking-power", "60", "--schedule", "1f1b", "--stages", "2",
             "--microbatches", "4", "--plans", "8", *arguments], capture_output=True, text=True, timeout=60)

    measured, smoothed = run("--json"), run("--json", "--estimate", "smoothed")
    assert "the tables look noisy" in measured.stderr and "--estimate smoothed" in measured.stderr
    assert smoothed.returncode == 0 and "noisy" not in smoothed.stderr
    before, after = json.loads(measured.stdout), json.loads(smoothed.stdout)
    assert before["noise"]["expectedExcessFraction"] > 0 and not before["noise"]["instructions"]
    assert [family["instruction"] for family in after["noise"]["instructions"]] == ["backward", "forward"]
    assert all("expected" not in plan for plan in before["plans"])
    for plan in after["plans"]:
        energy = plan["expected"]["energyJoules"]
        assert energy["low"] <= energy["mean"] <= energy["high"]
    assert "estimated tables; plan 0 is expected to take" in run("--estimate", "smoothed").stdout
    refused = run("--estimate", "guessed")
    assert refused.returncode != 0 and "--estimate: " in refused.stderr and "smoothed" in refused.stderr


def test_a_bound_alone_is_of_the_estimated_tables_too(binary, tmp_path):
    profile = write_profile(tmp_path / "profile.csv", 1)
    bounds = []
    for extra in (["--bound-only"], ["--bound-only", "--estimate", "smoothed"], ["--estimate", "smoothed"]):
        found = subprocess.run(
            [str(binary), "frontier", str(profile), "--blocking-power", "60", "--schedule", "1f1b", "--stages", "1",
             "--microbatches", "3", "--json", *extra], capture_output=True, text=True, timeout=60, check=True)
        bounds.append(json.loads(found.stdout)["lowerBound"])
    assert bounds[0] != bounds[1] == bounds[2]
