"""Plans with switches and timelines against a simulation that shares nothing with the engine (see `reference.py`)."""

import itertools
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from conftest import FIXTURES, MODELLED, shared_data
from measurements import read_profile
from reference import pipeline
from trimtab import GPU, ProfileRow, Trimtab

COSTS = [(0.001, 0.0), (0.01, 0.0), (0.005, 0.3), (0.0, 1.0)]
MICROBATCHES = 5


@pytest.fixture(scope="module")
def client(binary):
    with Trimtab([binary, "serve"], roots=[str(FIXTURES), str(shared_data())], timeout=300) as client:
        yield client


def characterized(client, latency, joules, path=MODELLED["a100"][0], stages=MODELLED["a100"][1],
                  power=MODELLED["a100"][2], microbatches=MICROBATCHES, plans=16):
    session = client.open_session()
    costs = {} if latency is None else {"switch_latency_seconds": latency, "switch_energy_joules": joules}
    session.define_pipeline("p", schedule="1f1b", stages=stages, microbatches=microbatches, blocking_power_watts=power,
                            **costs)
    session.submit_profile("p", csv_path=str(path))
    session.characterize("p", plan_count=plans, certify=True)
    return session, pipeline(read_profile(path), stages, microbatches, power)


@pytest.fixture(scope="module", params=COSTS, ids=str)
def switching(request, client):
    session, problem = characterized(client, *request.param)
    yield session, problem, *request.param
    session.close()


def knobs(problem, detail):
    chosen = [None] * len(problem.keys)
    for stage in detail.stages:
        for row in stage.instructions:
            chosen[problem.names[stage.stage, row.instruction, row.microbatch]] = row.frequency
    return chosen


def test_plans_realise_what_they_claim_switches_included(switching):
    session, problem, latency, joules = switching
    plans = session.curve("p").plans
    assert plans
    for listed in plans:
        detail = session.plan("p", plan=listed.plan)
        seconds, energy, count = problem.realise_switching(knobs(problem, detail), latency, joules)
        assert listed.iteration_time_seconds == pytest.approx(seconds, rel=1e-9)
        assert listed.energy_joules == pytest.approx(energy, rel=1e-9)
        assert detail.plan.switch_count == count
    for faster, slower in itertools.pairwise(plans):
        assert faster.iteration_time_seconds < slower.iteration_time_seconds
        assert faster.energy_joules > slower.energy_joules


def test_plans_that_know_nothing_of_switches_are_never_better(client, switching):
    session, problem, latency, joules = switching
    unaware, _ = characterized(client, None, None)
    for listed in unaware.curve("p").plans:
        detail = unaware.plan("p", plan=listed.plan)
        seconds, energy, count = problem.realise_switching(knobs(problem, detail), latency, joules)
        assert detail.plan.switch_count == count
        best = session.query("p", deadline_seconds=seconds * (1 + 1e-12)).plan
        assert best.energy_joules <= energy * (1 + 1e-12)
    unaware.close()


def test_free_switches_change_nothing(client):
    (unaware, _), (free, _) = characterized(client, None, None), characterized(client, 0, 0)
    assert unaware.curve("p") == free.curve("p")
    for listed in unaware.curve("p").plans:
        told, known = unaware.plan("p", plan=listed.plan), free.plan("p", plan=listed.plan)
        # Only that no latency was given is said of one and not of the other.
        assert told.plan.switch_latency_unset and not known.plan.switch_latency_unset
        assert replace(told, plan=replace(told.plan, switch_latency_unset=False)) == known


def test_costs_of_registered_gpus_count(client):
    path, stages, power = MODELLED["a100"]
    given, _ = characterized(client, 0.004, 0.2)
    session = client.open_session()
    session.register_gpus([GPU(f"g{rank}", blocking_power_watts=power, switch_latency_seconds=0.004,
                               switch_energy_joules=0.2) for rank in range(stages)])
    assert session.list_gpus()[0].switch_latency_seconds == 0.004
    session.define_pipeline("p", schedule="1f1b", stages=stages, microbatches=MICROBATCHES,
                            gpus=[f"g{rank}" for rank in range(stages)])
    session.submit_profile("p", csv_path=str(path))
    session.characterize("p", plan_count=16)
    assert session.curve("p") == given.curve("p")


def test_equal_clocks_written_differently_are_one_setting(client):
    session = client.open_session()
    session.define_pipeline("p", schedule="1f1b", stages=1, microbatches=2, blocking_power_watts=50,
                            switch_latency_seconds=0.5, switch_energy_joules=5)
    session.submit_profile("p", rows=[ProfileRow(0, "forward", 1410, 1.0, 300.0),
                                      ProfileRow(0, "backward", 1410.0, 2.0, 600.0)])
    session.characterize("p")
    only = session.query("p", objective="fastest").plan
    assert (only.switch_count, only.iteration_time_seconds, only.energy_joules) == (0, 6.0, 1800.0)


def test_timelines_tell_what_every_second_goes_to(switching):
    session, problem, latency, joules = switching
    for objective in ("fastest", "energyDelayProduct", "cheapest"):
        line = session.timeline("p", objective=objective)
        whole = line.plan.iteration_time_seconds
        assert line.plan == session.query("p", objective=objective).plan
        assert sum(rank.energy_joules for rank in line.ranks) == pytest.approx(line.plan.energy_joules, rel=1e-9)
        assert line.totals.energy_joules == pytest.approx(line.plan.energy_joules, rel=1e-9)
        assert line.totals.switch_count == line.plan.switch_count == sum(len(rank.switches) for rank in line.ranks)
        chosen, rows = [None] * len(problem.keys), {}
        for rank in line.ranks:
            # Instructions, changes and waits follow each other without gap or overlap.
            pieces = [(x.start_seconds, x.end_seconds) for x in (*rank.instructions, *rank.switches, *rank.waits)]
            assert sum(end - start for start, end in pieces) == pytest.approx(whole, rel=1e-9)
            at = 0.0
            # A change without latency has no length and may differ from its neighbour's start in the last digit.
            for start, end in sorted(pieces, key=lambda piece: (round(piece[0], 9), round(piece[1], 9))):
                assert start == pytest.approx(at, abs=1e-9)
                at = end
            assert at == pytest.approx(whole, rel=1e-9)
            for change in rank.switches:
                assert change.end_seconds - change.start_seconds == pytest.approx(latency, abs=1e-9)
                assert change.from_frequency != change.to_frequency
            for row in rank.instructions:
                index = problem.names[row.stage, row.instruction, row.microbatch]
                chosen[index], rows[index] = row.frequency, row
                assert row.power_watts == pytest.approx(row.energy_joules / row.time_seconds)
        assert problem.realise_switching(chosen, latency, joules)[0] == pytest.approx(whole, rel=1e-9)
        check_slack(problem, chosen, latency, rows, whole)


def check_slack(problem, chosen, latency, rows, whole):
    """An instruction that runs later by its slack leaves the time as it is, and by more makes it longer."""
    assert any(row.is_critical for row in rows.values())
    for index, row in rows.items():
        assert row.is_critical == (row.slack_seconds == 0)
        for more, lasts in ((row.slack_seconds, whole), (row.slack_seconds + 0.01, whole + 0.01)):
            assert lateness(problem, chosen, latency, index, more) == pytest.approx(lasts, rel=1e-9)


def lateness(problem, chosen, latency, index, more):
    key, knob = problem.keys[index], chosen[index]
    original = problem.keys[index]
    alias = (original[0], f"{original[1]} later")
    problem.tables[alias] = {knob: (problem.tables[key][knob][0] + more, problem.tables[key][knob][1])}
    problem.keys[index] = alias
    try:
        return problem.realise_switching(chosen, latency, 0.0)[0]
    finally:
        problem.keys[index] = original
        del problem.tables[alias]


def test_pictures_hold_a_row_for_each_rank_twice(client):
    session, _ = characterized(client, 0.01, 0.0)
    svg = session.timeline("p", objective="fastest", picture=True).svg
    texts = [element.text for element in ElementTree.fromstring(svg).iter() if element.tag.endswith("text")]
    for rank in range(MODELLED["a100"][1]):
        assert texts.count(f"rank {rank}") == 2
    assert session.timeline("p", objective="fastest").svg is None


def test_an_overlapped_pair_shows_both_halves(client):
    session = client.open_session()
    defined = session.define_pipeline("p", schedule="dualpipev", stages=4, microbatches=5, blocking_power_watts=60)
    rows = [ProfileRow(table.stage, table.instruction, clock, seconds, joules) for table in defined.tables
            for clock, seconds, joules in ((1410, 0.05, 15.0), (1200, 0.055, 13.5))]
    session.submit_profile("p", rows=rows)
    session.characterize("p", plan_count=2)
    line = session.timeline("p", objective="fastest")
    halves = [("backward", row.overlapped.stage, row.overlapped.microbatch)
              for rank in line.ranks for row in rank.instructions if row.overlapped]
    forwards = [("forward", row.stage, row.microbatch)
                for rank in line.ranks for row in rank.instructions if row.overlapped]
    assert halves and len(set(halves)) == len(halves) == len(set(forwards))
    detail = session.plan("p", objective="fastest")
    for stage in detail.stages:
        # Each microbatch passes each stage forwards once and backwards once, alone or in a pair.
        forward, backward = [], []
        for row in stage.instructions:
            if row.overlapped:
                assert stage.stage in (row.overlapped.stage, row.overlapped.forward_stage)
            if row.instruction == "forward" or (row.overlapped and row.overlapped.forward_stage == stage.stage):
                forward.append(row.microbatch)
            if row.overlapped and row.overlapped.stage == stage.stage:
                backward.append(row.overlapped.microbatch)
            elif row.instruction in ("backward", "inputGradient"):
                backward.append(row.microbatch)
        assert sorted(forward) == sorted(backward) == list(range(5))


def test_an_exported_session_keeps_its_costs(client):
    session, _ = characterized(client, [0.001, 0.002, 0.003, 0.004], 0.1, microbatches=2, plans=2)
    defined = next(r["params"] for r in session.export().requests if r["method"] == "pipeline/define")
    assert defined["switchLatencySeconds"] == [0.001, 0.002, 0.003, 0.004]
    assert defined["switchEnergyJoules"] == [0.1] * 4
