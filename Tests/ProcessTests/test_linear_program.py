"""The lower bound and the plans against computations that share nothing with the engine (see `reference.py`)."""

import itertools
from typing import Any

import pytest
from conftest import FIXTURES, MODELLED, shared_data
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from measurements import read_profile
from reference import Problem, on_curve, pipeline
from trimtab import ProfileRow, Trimtab

DEADLINES = (0.0, 0.01, 0.04, 0.1, 0.2, 0.4, 0.7, 1.0)  # share of the way from the shortest to the longest time
CASES = [("measured", "a100", 12), ("measured", "a100", 24), ("measured", "a40", 12), ("measured", "a40", 24),
         ("modelled", "h100", 3), ("modelled", "h100", 8), ("modelled", "a100", 6), ("modelled", "a100", 16)]


@pytest.fixture(scope="module")
def client(binary):
    with Trimtab([binary, "serve"], roots=[str(FIXTURES), str(shared_data())], timeout=120) as client:
        yield client


def solve(client, path, stages, power, microbatches, schedule="1f1b"):
    """(session, characterization, the same problem for the reference)."""
    session = client.open_session()
    session.define_pipeline("p", schedule=schedule, stages=stages, microbatches=microbatches,
                            blocking_power_watts=power)
    session.submit_profile("p", csv_path=str(path))
    return session, session.characterize("p"), pipeline(read_profile(path), stages, microbatches, power, schedule)


@pytest.fixture(scope="module", params=CASES, ids=lambda case: "-".join(map(str, case)))
def solved(request, client):
    origin, gpu, microbatches = request.param
    profiles = MODELLED if origin == "modelled" else request.getfixturevalue("measured_profiles")
    path, stages, power = profiles[gpu]
    session, frontier, problem = solve(client, path, stages, power, microbatches)
    yield session, frontier, problem
    session.close()


def check_lower_bound(session, frontier, problem, deadlines=DEADLINES):
    points = [(p.iteration_time_seconds, p.energy_joules) for p in session.curve("p").lower_bound]
    shortest, longest = frontier.minimum_time_seconds, frontier.maximum_time_seconds
    assert shortest == pytest.approx(problem.fastest(), rel=1e-9)
    assert min(points)[0] == pytest.approx(shortest, rel=1e-9)
    assert max(points)[0] == pytest.approx(longest, rel=1e-9)
    for share in deadlines:
        deadline = shortest + share * (longest - shortest)
        expected = problem.lower_bound(deadline * (1 + 1e-12))
        assert on_curve(points, deadline) == pytest.approx(expected, rel=1e-6), f"at {share} of the range"
        if deadline <= frontier.cheapest_time_seconds:
            asked = session.query("p", deadline_seconds=deadline).lower_bound
            assert asked.energy_joules == pytest.approx(expected, rel=1e-6)


def test_the_lower_bound_is_the_linear_programs_at_eight_deadlines(solved):
    check_lower_bound(*solved)


def test_a_bracketed_bound_is_as_close_below_the_linear_programs_as_it_says(solved):
    session, _, problem = solved
    frontier = session.characterize("p", breakpoint_budget=0, tolerance_fraction=0.002)
    assert not frontier.exact and 0 < frontier.bracket_fraction <= 0.002
    points = [(p.iteration_time_seconds, p.energy_joules) for p in session.curve("p").lower_bound]
    shortest, cheapest = frontier.minimum_time_seconds, frontier.cheapest_time_seconds
    assert shortest == pytest.approx(problem.fastest(), rel=1e-9)
    for share in DEADLINES:
        deadline = shortest + share * (cheapest - shortest)
        found, expected = on_curve(points, deadline), problem.lower_bound(deadline * (1 + 1e-12))
        assert found <= expected * (1 + 1e-6)
        assert found >= expected * (1 - frontier.bracket_fraction) * (1 - 1e-6)
    session.characterize("p")


def test_gpipe_agrees_too(client):
    check_lower_bound(*solve(client, *MODELLED["a100"], 5, schedule="gpipe"))


def test_all_max_frequency_is_the_highest_clock_everywhere(solved):
    _, frontier, problem = solved
    seconds, joules = problem.all_max_frequency()
    assert frontier.all_max_frequency.iteration_time_seconds == pytest.approx(seconds, rel=1e-9)
    assert frontier.all_max_frequency.energy_joules == pytest.approx(joules, rel=1e-9)


def test_plans_realise_the_time_and_energy_they_claim_and_none_beats_the_bound(solved):
    session, _, problem = solved
    curve = session.curve("p")
    points = [(p.iteration_time_seconds, p.energy_joules) for p in curve.lower_bound]
    step = max(1, len(curve.plans) // 16)
    for listed in (*curve.plans[::step], curve.plans[-1]):
        detail = session.plan("p", plan=listed.plan)
        assert detail.plan.energy_joules == listed.energy_joules
        seconds, joules = realise(problem, detail)
        assert listed.iteration_time_seconds == pytest.approx(seconds, rel=1e-9)
        assert listed.energy_joules == pytest.approx(joules, rel=1e-9)
        assert detail.plan.average_power_watts == pytest.approx(joules / seconds, rel=1e-9)
        if seconds <= max(points)[0]:
            bound = on_curve(points, seconds)
            assert joules >= bound * (1 - 1e-9)
            assert listed.gap_fraction == pytest.approx(joules / bound - 1, abs=1e-7)
        price = price_right_of(points, listed.iteration_time_seconds, problem)
        assert detail.price_watts == pytest.approx(price, rel=1e-6)


def price_right_of(points, seconds, problem):
    """Watts saved right of a time: the slope between the corners around it, told from the listed energies."""
    points = sorted(points)
    for (t0, e0), (t1, e1) in itertools.pairwise(points):
        if t0 <= seconds < t1:
            return (e0 - e1) / (t1 - t0)
    return -problem.blocking_power * problem.devices


def test_no_listed_plan_is_dominated(solved):
    session, _, _ = solved
    plans = sorted((p.iteration_time_seconds, p.energy_joules) for p in session.curve("p").plans)
    for (t0, e0), (t1, e1) in itertools.pairwise(plans):
        assert t0 < t1 and e0 > e1


def test_the_plan_for_a_deadline_meets_it(solved):
    session, frontier, problem = solved
    for share in DEADLINES:
        deadline = frontier.minimum_time_seconds
        deadline += share * (frontier.cheapest_time_seconds - deadline)
        seconds, joules = realise(problem, session.plan("p", deadline_seconds=deadline))
        asked = session.query("p", deadline_seconds=deadline)
        assert seconds <= deadline * (1 + 1e-12)
        assert (seconds, joules) == pytest.approx(
            (asked.plan.iteration_time_seconds, asked.plan.energy_joules), rel=1e-9)


def realise(problem, detail):
    """The plan simulated from its clocks alone; the start times it states must be the simulated ones."""
    knobs: list[Any] = [None] * len(problem.keys)
    stated: list[Any] = [None] * len(problem.keys)
    for stage in detail.stages:
        for step in stage.instructions:
            index = int(step.id) if step.id else problem.names[stage.stage, step.instruction, step.microbatch]
            assert knobs[index] is None, "an instruction is planned twice"
            knobs[index], stated[index] = step.frequency, step
            assert (step.time_seconds, step.energy_joules) == problem.tables[problem.keys[index]][step.frequency]
    durations = [step.time_seconds for step in stated]
    starts = problem.starts(durations)
    total = problem.longest_path(durations)
    for index, (step, start) in enumerate(zip(stated, starts)):
        assert step.start_seconds >= start - 1e-9 * total
        for successor in problem.successors.get(index, ()):
            lag = problem.lags.get((index, successor), 0.0)
            assert step.start_seconds + step.time_seconds + lag <= stated[successor].start_seconds + 1e-9 * total
    return problem.realise(knobs)


@pytest.mark.parametrize("gpu, microbatches, seconds, joules", [
    ("a100", 12, "2.836511", "6160.42"), ("a40", 96, "41.28238", "80725.77")])
def test_the_published_measurements_give_the_known_shortest_time(
        client, measured_profiles, gpu, microbatches, seconds, joules):
    path, stages, power = measured_profiles[gpu]
    session, frontier, _ = solve(client, path, stages, power, microbatches)
    fastest = min(session.curve("p").lower_bound, key=lambda point: point.iteration_time_seconds)
    assert frontier.minimum_time_seconds == pytest.approx(float(seconds), rel=5e-7)
    assert fastest.energy_joules == pytest.approx(float(joules), rel=1e-6)


# Small random graphs: explicit instructions and precedences, random option tables.

@st.composite
def problems(draw):
    """A random acyclic graph of up to nine instructions on up to three devices, each device's own in a chain; what
    passes between devices may take its time."""
    devices, count = draw(st.integers(1, 3)), draw(st.integers(1, 9))
    number = st.integers(1, 60)
    kinds = draw(st.integers(1, 2))
    keys = [(draw(st.integers(0, devices - 1)), f"k{draw(st.integers(0, kinds - 1))}") for _ in range(count)]
    edges = {(a, b) for a in range(count) for b in range(a + 1, count) if draw(st.integers(0, 3)) == 0}
    last = {}
    for index, (device, _) in enumerate(keys):
        if device in last:
            edges.add((last[device], index))
        last[device] = index
    tables = {}
    for key in sorted(set(keys)):
        options = draw(st.lists(st.tuples(number, number), min_size=2, max_size=4, unique_by=lambda o: o[0]))
        tables[key] = {1000 + i: (t / 100, 5.0 + e) for i, (t, e) in enumerate(sorted(options, reverse=True))}
    lags = {(a, b): draw(st.integers(0, 40)) / 100 for a, b in sorted(edges) if keys[a][0] != keys[b][0]}
    return Problem(keys, sorted(edges), tables, draw(st.sampled_from([0.0, 12.5, 80.0])), devices, lags=lags)


@settings(max_examples=60, deadline=None, derandomize=True,
          suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(problem=problems())
def test_random_graphs_agree_with_the_linear_program(client, problem):
    session = client.open_session()
    session.define_pipeline(
        "p", stages=problem.devices, blocking_power_watts=problem.blocking_power,
        instructions=[{"id": str(i), "stage": s, "instruction": k} for i, (s, k) in enumerate(problem.keys)],
        dependencies=[
            (str(a), str(b), problem.lags[a, b]) if (a, b) in problem.lags else (str(a), str(b))
            for a, b in problem.edges])
    session.submit_profile("p", rows=[
        ProfileRow(stage, kind, knob, t, e)
        for (stage, kind), options in problem.tables.items() for knob, (t, e) in options.items()])
    check_lower_bound(session, session.characterize("p"), problem, deadlines=(0.0, 0.13, 0.5, 0.88, 1.0))
    plans = session.curve("p").plans
    for plan in plans:
        outcome = realise(problem, session.plan("p", plan=plan.plan))
        assert (plan.iteration_time_seconds, plan.energy_joules) == pytest.approx(outcome, rel=1e-9)
    assert plans[0].iteration_time_seconds == pytest.approx(problem.fastest(), rel=1e-9)
    session.close()
