"""Any plan is evaluated as it runs, and a frontier follows what iterations really take."""

import random

import pytest
from conftest import FIXTURES, MODELLED
from measurements import read_profile
from trimtab import InvalidPlan, MeasuredIteration, PlanSetting, TracedInstruction, Trimtab

PATH, STAGES, POWER = MODELLED["a100"]
MICROBATCHES = 6
TABLES = read_profile(PATH)


@pytest.fixture(scope="module")
def client(binary):
    with Trimtab([binary, "serve"], roots=[str(FIXTURES)]) as client:
        yield client


def characterized(client, **definition):
    session = client.open_session()
    session.define_pipeline("p", schedule="1f1b", stages=STAGES, microbatches=MICROBATCHES,
                            blocking_power_watts=POWER, **definition)
    session.submit_profile("p", csv_path=str(PATH))
    session.characterize("p", plan_count=8)
    return session


def random_plan(draw):
    clocks = sorted(TABLES[0, "forward"])
    return [PlanSetting(draw.choice(clocks), stage=stage, instruction=kind)
            for stage in range(STAGES) for kind in ("forward", "backward")]


def iteration_time(plan, transfer):
    """1F1B by hand: each rank runs its instructions in order, each as soon as its input is there."""
    seconds = {(s.stage, s.instruction): TABLES[s.stage, s.instruction][s.frequency][0] for s in plan}
    orders = []
    for rank in range(STAGES):
        warm = min(STAGES - 1 - rank, MICROBATCHES)
        order = [("forward", m) for m in range(warm)]
        for m in range(MICROBATCHES - warm):
            order += [("forward", warm + m), ("backward", m)]
        orders.append(order + [("backward", m) for m in range(MICROBATCHES - warm, MICROBATCHES)])
    ends, places = {}, [0] * STAGES
    while any(place < len(order) for place, order in zip(places, orders)):
        for rank, order in enumerate(orders):
            while places[rank] < len(order):
                kind, m = order[places[rank]]
                needs = (rank - 1, kind, m) if kind == "forward" else (rank + 1, kind, m)
                if 0 <= needs[0] < STAGES and needs not in ends:
                    break
                before = ends[(rank, *order[places[rank] - 1])] if places[rank] else 0.0
                start = max(before, ends.get(needs, -transfer) + transfer)
                ends[rank, kind, m] = start + seconds[rank, kind]
                places[rank] += 1
    return max(ends.values())


def test_any_plan_is_evaluated_as_it_runs(client):
    session, draw = characterized(client), random.Random(3)
    listed = session.curve("p").plans
    for _ in range(20):
        plan = random_plan(draw)
        answer = session.evaluate("p", plan)
        assert answer.plan.iteration_time_seconds == pytest.approx(iteration_time(plan, 0), rel=1e-9)
        assert answer.plan.gap_fraction >= 0
        within = [p for p in listed if p.iteration_time_seconds <= answer.plan.iteration_time_seconds * (1 + 1e-9)]
        cheapest = min((p.energy_joules for p in within), default=float("inf"))
        assert (answer.better is not None) == (cheapest < answer.plan.energy_joules * (1 - 1e-9))
    shown = session.evaluate("p", plan, timeline=True, picture=True)
    assert shown.ranks is not None and len(shown.ranks) == STAGES
    assert shown.svg is not None and shown.svg.startswith("<svg")
    session.close()


def test_a_plan_that_cannot_be_run_is_refused(client):
    session, plan = characterized(client), random_plan(random.Random(1))
    for wrong in (plan[1:], [*plan, PlanSetting(7, stage=0, instruction="forward", microbatch=0)],
                  [PlanSetting(plan[0].frequency, id="f0")]):
        with pytest.raises(InvalidPlan) as refusal:
            session.evaluate("p", wrong)
        assert refusal.value.data["path"].startswith("settings")
    session.close()


@pytest.mark.parametrize("source", ["times", "trace"])
def test_a_frontier_follows_what_iterations_take(client, source):
    transfer, draw = 0.004, random.Random(8)
    session, machine = characterized(client), characterized(client, transfer_seconds=0.004)
    for _ in range(6):
        plan = random_plan(draw)
        run = machine.evaluate("p", plan, timeline=True)
        assert run.plan.iteration_time_seconds == pytest.approx(iteration_time(plan, transfer), rel=1e-9)
        iterations = []
        for _ in range(4):
            noise = 1 + draw.gauss(0, 0.001)
            if source == "times":
                iterations.append(MeasuredIteration(
                    iteration_time_seconds=run.plan.iteration_time_seconds * noise,
                    busy_times_seconds=[rank.busy_seconds * noise for rank in run.ranks]))
            else:
                iterations.append(MeasuredIteration(trace=[
                    TracedInstruction(one.start_seconds * noise, one.end_seconds * noise, stage=one.stage,
                                      instruction=one.instruction, microbatch=one.microbatch)
                    for rank in run.ranks for one in rank.instructions]))
        review = session.report_iterations("p", iterations, settings=plan)
    assert review.verdict == "corrected" and review.adopted and review.iteration_count == 24
    assert [misfit.kind for misfit in review.misfits] == ["transferLatency"]
    assert review.misfits[0].seconds == pytest.approx(transfer, rel=0.2)
    assert abs(review.iteration_time.corrected_fraction) < 0.001 < review.iteration_time.model_fraction
    assert session.query("p", objective="fastest").stale
    session.characterize("p", plan_count=8)
    for _ in range(10):
        plan = random_plan(draw)
        corrected = session.evaluate("p", plan).plan.iteration_time_seconds
        assert corrected == pytest.approx(iteration_time(plan, transfer), rel=0.004)
    session.close()
    machine.close()


def test_an_exported_session_is_corrected_too(client):
    session, plan = characterized(client), random_plan(random.Random(5))
    times = [iteration_time(plan, 0.004) * (1 + share) for share in (0.001, -0.001, 0.0005)]
    session.report_iterations("p", [MeasuredIteration(iteration_time_seconds=one) for one in times], settings=plan)
    session.characterize("p", plan_count=8)
    wanted = session.evaluate("p", plan).plan.iteration_time_seconds
    copy = client.open_session("copy")
    for request in session.export().requests[1:]:
        client.call(client.request.call(request["method"], {**request["params"], "session": "copy"}))
    assert copy.evaluate("p", plan).plan.iteration_time_seconds == wanted
    assert wanted == pytest.approx(sum(times) / 3, rel=1e-3)
