"""Jobs as they are now: encoders and a decoder of different widths against the linear program and an enumeration of
global ranks, a part of the model on two ranks, Megatron's layout strings against their grammar, and communication
against an execution of each rank's list."""

import dataclasses
import itertools
import random
import re
from collections import defaultdict

import pytest
from conftest import FIXTURES
from reference import Problem, on_curve
from scipy.optimize import linprog
from trimtab import DeadlineBelowMinimum, InvalidPipeline, NotCharacterized, ProfileRow, Request, Trimtab

ENCODERS, DECODER, MICROBATCHES, WAITING = (2, 1), 3, 4, 60.0
STAGES = sum(ENCODERS) + DECODER
WIDTHS = [2] * sum(ENCODERS) + [8] * DECODER


@pytest.fixture(scope="module")
def client(binary):
    with Trimtab([binary, "serve"], roots=[str(FIXTURES)], timeout=120) as client:
        yield client


def following(stage):
    """The stage that takes the output of one; None after the last."""
    ends = list(itertools.accumulate(ENCODERS))
    if stage + 1 in ends:
        return ends[-1]
    return stage + 1 if stage + 1 < STAGES else None


def distance(stage):
    return 0 if following(stage) is None else 1 + distance(following(stage))


def options(stage):
    """{(kind): {clock: (seconds, joules)}} of one device."""
    scale = 0.4 + 0.13 * stage
    return {kind: {clock: (work * scale * slower, work * scale * watts * slower)
                   for clock, slower, watts in ((1400, 1.0, 300.0), (1100, 1.2, 215.0), (800, 1.6, 150.0))}
            for kind, work in (("forward", 0.1), ("backward", 0.2))}


def vlm(widths):
    """The pipeline for the reference. Its instructions have one device each, so what w devices draw beyond waiting is
    written into the energies: w (e - P t) = (w e + (1 - w) P t) - P t."""
    keys, edges, names = [], [], {}
    for stage in range(STAGES):
        ahead = min(distance(stage), MICROBATCHES)
        order = [("forward", m) for m in range(ahead)]
        for m in range(MICROBATCHES - ahead):
            order += [("forward", ahead + m), ("backward", m)]
        order += [("backward", m) for m in range(MICROBATCHES - ahead, MICROBATCHES)]
        for place, (kind, microbatch) in enumerate(order):
            names[stage, kind, microbatch] = len(keys)
            if place:
                edges.append((len(keys) - 1, len(keys)))
            keys.append((stage, kind))
    for stage, m in itertools.product(range(STAGES), range(MICROBATCHES)):
        after = following(stage)
        if after is not None:
            edges.append((names[stage, "forward", m], names[after, "forward", m]))
            edges.append((names[after, "backward", m], names[stage, "backward", m]))
    tables = {(stage, kind): {clock: (t, widths[stage] * e + (1 - widths[stage]) * WAITING * t)
                              for clock, (t, e) in table.items()}
              for stage in range(STAGES) for kind, table in options(stage).items()}
    return Problem(keys, edges, tables, WAITING, sum(widths), names)


def define(client, widths, **others):
    session = client.open_session()
    session.define_pipeline("vlm", schedule="encoders1f1b", stages=STAGES, microbatches=MICROBATCHES,
                            encoder_stages=ENCODERS, blocking_power_watts=WAITING, tensor_parallel_width=widths,
                            **others)
    session.submit_profile("vlm", rows=[
        ProfileRow(stage, kind, clock, t, e) for stage in range(STAGES)
        for kind, table in options(stage).items() for clock, (t, e) in table.items()])
    return session


@pytest.mark.parametrize("widths", [WIDTHS, [3, 1, 2, 5, 5, 4], [4] * STAGES], ids=str)
def test_a_model_of_two_encoders_and_a_decoder_is_planned_and_certified(client, widths):
    replicas = 2
    session, problem = define(client, widths, data_parallel_width=replicas), vlm(widths)
    frontier = session.characterize("vlm", certify=True)
    assert frontier.certificate.fields["holds"] and frontier.plan_count > 3
    points = [(p.iteration_time_seconds, p.energy_joules) for p in session.curve("vlm").lower_bound]
    for share in (0.0, 0.1, 0.3, 0.6, 1.0):
        deadline = frontier.minimum_time_seconds + share * (
            frontier.maximum_time_seconds - frontier.minimum_time_seconds)
        expected = replicas * problem.lower_bound(deadline * (1 + 1e-12))
        assert on_curve(points, deadline) == pytest.approx(expected, rel=1e-6)
    for number in range(0, frontier.plan_count, 3):
        plan = session.plan("vlm", plan=number)
        knobs = [None] * len(problem.keys)
        for stage in plan.stages:
            for step in stage.instructions:
                knobs[problem.names[stage.stage, step.instruction, step.microbatch]] = step.frequency
        seconds, joules = problem.realise(knobs)
        assert plan.plan.iteration_time_seconds == pytest.approx(seconds, rel=1e-9)
        assert plan.plan.energy_joules == pytest.approx(replicas * joules, rel=1e-9)
    session.close()


def test_global_ranks_count_block_after_block(client):
    """Encoders first, as Megatron puts them: each block in the order tp-dp-pp."""
    replicas = 2
    session = define(client, WIDTHS, data_parallel_width=replicas)
    session.characterize("vlm", plan_count=2)
    world = [(first + rank, replica, tensor)
             for first, count, width in ((0, sum(ENCODERS), 2), (sum(ENCODERS), DECODER, 8))
             for rank, replica, tensor in itertools.product(range(count), range(replicas), range(width))]
    assert len(world) == replicas * sum(WIDTHS)
    for number, place in enumerate(world):
        got = session.plan("vlm", plan=0, global_rank=number)
        assert (got.place.rank, got.place.replica, got.place.tensor_index) == place
        assert [stage.stage for stage in got.stages] == [place[0]]
    session.close()


def test_widths_count_the_devices_of_a_rank_map(client):
    places = [(rank, 0) for rank in range(STAGES) for _ in range(WIDTHS[rank])]
    random.Random(3).shuffle(places)
    session = define(client, WIDTHS, rank_map=places)
    session.characterize("vlm", plan_count=2)
    for number, (rank, _) in enumerate(places):
        assert session.plan("vlm", plan=0, global_rank=number).place.rank == rank
    session.close()
    with pytest.raises(InvalidPipeline, match="rankMap"):
        define(client, WIDTHS, rank_map=[(rank, 0) for rank in range(STAGES) for _ in range(4)])


def test_a_wrong_number_of_widths_is_refused(client):
    with pytest.raises(InvalidPipeline, match="tensorParallelWidth"):
        define(client, [2, 8])


def test_the_model_is_drawn(client):
    session = define(client, WIDTHS)
    session.characterize("vlm", plan_count=4)
    timeline = session.timeline("vlm", objective="fastest", picture=True)
    assert len(timeline.ranks) == STAGES
    assert timeline.svg.startswith("<svg") and timeline.svg.count("<rect") > 2 * STAGES * MICROBATCHES
    session.close()


def test_an_export_makes_the_same_pipelines(client):
    session = define(client, WIDTHS, layout="E|t|t|t*2|t*2|tL")
    requests = [r for r in session.export().requests if r["method"] == "pipeline/define"]
    other = client.open_session()
    wanted = session.pipeline("vlm")
    params = dict(requests[0]["params"], session=other.name)
    client.call(Request("pipeline/define", params))
    assert other.pipeline("vlm") == dataclasses.replace(wanted, generation=0, stale=False)
    assert wanted.definition["tensorParallelWidth"] == WIDTHS
    session.close()
    other.close()


def test_copies_of_a_part_share_its_measurements(client):
    """DualPipe on two ranks: four stages of which the last two are copies, and need no measurements of their own."""
    session = client.open_session()
    defined = session.define_pipeline("d", schedule="dualpipe", stages=4, microbatches=4, blocking_power_watts=60.0)
    assert {table.stage for table in defined.tables} == {0, 1}
    rows = [ProfileRow(table.stage, table.instruction, clock, (0.1 + 0.02 * table.stage) * slower, joules)
            for table in defined.tables for clock, slower, joules in ((1400, 1.0, 40.0), (1000, 1.3, 32.0))]
    submitted = session.submit_profile("d", rows=rows)
    assert submitted.missing == ()
    assert session.characterize("d", certify=True).certificate.fields["holds"]
    plan = session.plan("d", plan=0)
    assert [stage.stage for stage in plan.stages] == [0, 1, 2, 3]
    seconds = defaultdict(set)
    for stage in plan.stages:
        for step in stage.instructions:
            if step.instruction == "forward":
                seconds[stage.stage % 2].add((step.frequency, step.time_seconds))
    assert all(len({t for _, t in of_part}) <= 2 for of_part in seconds.values())
    # Measured by itself, a copy has a table of its own.
    session.submit_profile("d", rows=[ProfileRow(2, "forward", 1400, 0.5, 90.0)])
    session.characterize("d")
    steps = [step for stage in session.plan("d", plan=0).stages if stage.stage == 2 for step in stage.instructions]
    assert {step.time_seconds for step in steps if step.instruction == "forward"} == {0.5}
    session.close()


def unrolled(layout):
    """The stages of a layout string by its grammar: groups, then single characters; commas mean nothing."""
    text = layout.replace(",", "")
    for pattern in (r"\(([^)]+)\)\*(\d+)", r"(.)\*(\d+)"):
        text = re.sub(pattern, lambda match: match[1] * int(match[2]), text)
    return text.split("|")


@pytest.mark.parametrize("layout", [
    "Et*3|(tt|)*29,m|L", "Et*3|(tt|)*29m|L", "Et*3|(tt|)*29|L", "Et|(tt|)*30L", "Et|t|(tt|)*29tL", "Ett|(tt|)*6L",
    "E|(t|)*10m|m|m|LL|LL", "E||t|L", "Et*16|t*16|t*16|t*12,m,L"])
def test_layout_strings_round_trip(client, layout):
    stages = unrolled(layout)
    session = client.open_session()
    chunks = 2 if len(stages) > 8 else 1
    defined = session.define_pipeline(
        "p", schedule="interleaved1f1b", chunks_per_rank=chunks, stages=len(stages),
        microbatches=2 * len(stages) // chunks, blocking_power_watts=60.0, layout=layout)
    assert {table.stage for table in defined.tables} == {s for s, layers in enumerate(stages) if layers}
    written = session.pipeline("p").definition["layout"]
    assert unrolled(written) == stages
    session.close()


def test_an_empty_stage_takes_no_time(client):
    """Four stages of which one holds nothing last as long as the other three with its transfers added up."""
    def fastest(stages, transfers, **others):
        session = client.open_session()
        defined = session.define_pipeline("p", schedule="gpipe", stages=stages, microbatches=3,
                                          blocking_power_watts=[0.0] * stages, transfer_seconds=transfers, **others)
        session.submit_profile("p", rows=[
            ProfileRow(table.stage, table.instruction, clock, seconds, joules) for table in defined.tables
            for clock, seconds, joules in ((1400, 0.1, 30.0), (1000, 0.13, 25.0))])
        frontier = session.characterize("p", certify=True, estimate="smoothed")
        assert frontier.certificate.fields["holds"]
        session.timeline("p", plan=0, picture=True)
        result = [(p.iteration_time_seconds, p.energy_joules) for p in session.curve("p").lower_bound]
        session.close()
        return result

    with_empty = fastest(4, [0.01, 0.02, 0.03], layout="Et||t|tL")
    without = fastest(3, [0.03, 0.03])
    assert with_empty == [(pytest.approx(t, rel=1e-9), pytest.approx(e, rel=1e-9)) for t, e in without]
    assert fastest(4, [0.01, 0.02, 0.03], empty_stages=[1]) == with_empty


@pytest.mark.parametrize("wrong, field", [
    ({"layout": "Et|t|L"}, "layout"), ({"layout": "Et|x|t|L"}, "layout"), ({"layout": "|||"}, "emptyStages"),
    ({"empty_stages": [4]}, r"emptyStages\[0\]"), ({"encoder_stages": [1]}, "encoderStages"),
])
def test_what_contradicts_itself_is_refused(client, wrong, field):
    session = client.open_session()
    with pytest.raises(InvalidPipeline, match=field):
        session.define_pipeline("p", schedule="1f1b", stages=4, microbatches=2, blocking_power_watts=60.0, **wrong)
    session.close()


def lowered(stages, microbatches, draw):
    """PyTorch's compute_comms form of 1F1B: each forward but the last stage's is sent at once, and each receive is
    posted before what it feeds, now and then earlier."""
    rows = []
    for stage in range(stages):
        warm = min(stages - 1 - stage, microbatches)
        order = [("F", m) for m in range(warm)]
        for m in range(microbatches - warm):
            order += [("F", warm + m), ("B", m)]
        order += [("B", m) for m in range(microbatches - warm, microbatches)]
        cells = [f"{stage}UNSHARD"]
        for kind, m in order:
            if (kind == "F" and stage) or (kind == "B" and stage + 1 < stages):
                place = len(cells) - (draw.random() < 0.3 and len(cells) > 1 and kind == "F")
                cells.insert(place, f"{stage}RECV_{kind}{m}")
            cells.append(f"{stage}{kind}{m}")
            if (kind == "F" and stage + 1 < stages) or (kind == "B" and stage):
                cells.append(f"{stage}SEND_{kind}{m}")
        rows.append([*cells, f"{stage}REDUCE_GRAD", f"{stage}RESHARD"])
    return rows


NAMES = {"F": "forward", "B": "backward", "SEND_F": "sendForward", "RECV_F": "receiveForward", "SEND_B": "sendBackward",
         "RECV_B": "receiveBackward", "UNSHARD": "unshard", "RESHARD": "reshard", "REDUCE_GRAD": "reduceGradient"}


def executed(rows, seconds, transfer):
    """The iteration's time: each rank runs its cells in order and waits in a receive until what was sent arrives.
    None where all wait."""
    clock, place, done = [0.0] * len(rows), [0] * len(rows), {}
    moved = True
    while moved:
        moved = False
        for rank, row in enumerate(rows):
            while place[rank] < len(row):
                kind, microbatch = re.sub(r"\d", "", row[place[rank]]), re.split(r"[A-Z_]+", row[place[rank]])[1]
                source = {"RECV_F": f"{rank - 1}SEND_F{microbatch}",
                          "RECV_B": f"{rank + 1}SEND_B{microbatch}"}.get(kind)
                if source is not None and source not in done:
                    break
                start = clock[rank] if source is None else max(clock[rank], done[source] + transfer)
                clock[rank] = done[row[place[rank]]] = start + seconds.get((rank, NAMES[kind]), 0.0)
                place[rank] += 1
                moved = True
    return max(clock) if all(p == len(row) for p, row in zip(place, rows)) else None


@pytest.mark.parametrize("seed", range(12))
def test_communication_occupies_and_blocks_where_it_is_posted(client, seed):
    draw = random.Random(seed)
    stages, microbatches, transfer = draw.randint(2, 4), draw.randint(2, 6), draw.choice([0.0, 0.013])
    rows = lowered(stages, microbatches, draw)
    text = "".join(",".join(row) + "\n" for row in rows)
    seconds = {(stage, kind): draw.uniform(0.05, 0.2) for stage in range(stages) for kind in ("forward", "backward")}
    for stage in range(stages):
        for kind in draw.sample(["sendForward", "receiveBackward", "unshard", "reduceGradient"], 2):
            if any(NAMES[re.sub(r"\d", "", cell)] == kind for cell in rows[stage]):
                seconds[stage, kind] = draw.uniform(0.01, 0.05)
    time = executed(rows, seconds, transfer)
    session = client.open_session()
    options = {"stages": stages, "schedule_csv": text, "keep_communication": True, "blocking_power_watts": 50.0,
               "transfer_seconds": transfer}
    if time is None:
        with pytest.raises(InvalidPipeline, match="an order that ends"):
            session.define_pipeline("p", **options)
        session.close()
        return
    defined = session.define_pipeline("p", **options)
    assert {table.instruction for table in defined.tables} == {"forward", "backward"}
    assert session.pipeline("p").schedule_csv == text
    watts = 200.0
    submitted = session.submit_profile("p", rows=[ProfileRow(stage, kind, 1400, t, watts * t)
                                                  for (stage, kind), t in seconds.items()])
    assert submitted.missing == ()
    frontier = session.characterize("p", certify=True)
    assert frontier.certificate.fields["holds"]
    assert frontier.minimum_time_seconds == pytest.approx(time, rel=1e-9)
    counts = defaultdict(int)
    for rank, row in enumerate(rows):
        for cell in row:
            counts[rank, NAMES[re.sub(r"\d", "", cell)]] += 1
    busy = sum(t * counts[key] for key, t in seconds.items())
    energy = watts * busy + 50.0 * (stages * time - busy)
    assert session.query("p", objective="fastest").plan.energy_joules == pytest.approx(energy, rel=1e-9)
    # The same when it is defined again from what the server wrote.
    again = client.open_session()
    again_params = dict(session.pipeline("p").definition)
    client.call(Request("pipeline/define", {**again_params, "session": again.name}))
    assert again.pipeline("p") == dataclasses.replace(session.pipeline("p"), generation=0)
    again.close()
    session.close()


def test_changes_of_clocks_pass_what_takes_no_time(client):
    """Between two instructions at different clocks there is one change, whatever moves no time lies between."""
    def planned(text, keep):
        session = client.open_session()
        session.define_pipeline("p", stages=2, schedule_csv=text, keep_communication=keep, blocking_power_watts=50.0,
                                switch_latency_seconds=0.01, switch_energy_joules=1.0)
        session.submit_profile("p", rows=[
            ProfileRow(stage, kind, clock, 0.1 * slower, joules)
            for stage in range(2) for kind, clocks in (("forward", (1400, 1000)), ("backward", (1300, 1000)))
            for clock, slower, joules in zip(clocks, (1.0, 1.25), (30.0, 22.0))])
        frontier = session.characterize("p", certify=True)
        assert frontier.certificate.fields["holds"]
        plan = session.query("p", objective="fastest").plan
        timeline = session.timeline("p", objective="fastest", picture=True)
        assert sum(len(rank.switches) for rank in timeline.ranks) == plan.switch_count
        assert timeline.totals.energy_joules == pytest.approx(plan.energy_joules, rel=1e-9)
        session.close()
        return frontier.plan_count, plan.iteration_time_seconds, plan.energy_joules, plan.switch_count

    lowered_text = ("0UNSHARD,0F0,0SEND_F0,0F1,0SEND_F1,0RECV_B0,0B0,0RECV_B1,0B1,0RESHARD\n"
                    "1RECV_F0,1F0,1B0,1SEND_B0,1RECV_F1,1F1,1B1,1SEND_B1\n")
    assert planned(lowered_text, True) == pytest.approx(planned("0F0,0F1,0B0,0B1\n1F0,1B0,1F1,1B1\n", None), rel=1e-9)


def test_iterations_that_take_turns_share_one_price(client):
    """Three kinds of iterations: the best of all combinations of listed plans, and the linear program's bound."""
    session = client.open_session()
    weights = {"short": 5.0, "long": 2.0, "checkpoint": 0.5}
    reference = {}
    for name, microbatches, scale in (("short", 2, 1.0), ("long", 2, 1.7), ("checkpoint", 3, 1.1)):
        session.define_pipeline(name, schedule="1f1b", stages=2, microbatches=microbatches, blocking_power_watts=60.0)
        session.submit_profile(name, rows=[
            ProfileRow(stage, kind, clock, scale * t, scale * e) for stage in range(2)
            for kind, table in options(stage).items() for clock, (t, e) in table.items()])
        session.characterize(name)
        curve = session.curve(name)
        reference[name] = (curve.plans, [(p.iteration_time_seconds, p.energy_joules) for p in curve.lower_bound])
    share = {name: weight / sum(weights.values()) for name, weight in weights.items()}
    sums = [(sum(share[n] * p.iteration_time_seconds for n, p in zip(weights, chosen)),
             sum(share[n] * p.energy_joules for n, p in zip(weights, chosen)))
            for chosen in itertools.product(*(reference[name][0] for name in weights))]
    fastest = min(seconds for seconds, _ in sums)
    for slowdown in (0.0, 0.03, 0.1, 0.25, 1.0):
        got = session.variants(weights, slowdown_fraction=slowdown)
        best = min(joules for seconds, joules in sums if seconds <= fastest * (1 + slowdown) * (1 + 1e-12))
        assert got.mean_energy_joules == pytest.approx(best, rel=1e-9)
        assert got.mean_time_seconds <= fastest * (1 + slowdown) * (1 + 1e-9)
        assert sum(v.share_fraction * v.plan.energy_joules for v in got.variants) == pytest.approx(best, rel=1e-9)
        # The bound by a linear program: a mixture of the corners of each kind.
        corners = [(share[n] * t, share[n] * e, k) for k, n in enumerate(weights) for t, e in reference[n][1]]
        found = linprog([e for _, e, _ in corners], A_ub=[[t for t, _, _ in corners]], b_ub=[got.mean_time_seconds],
                        A_eq=[[float(k == kind) for _, _, k in corners] for kind in range(len(weights))],
                        b_eq=[1.0] * len(weights))
        assert got.lower_bound_joules == pytest.approx(found.fun, rel=1e-6)
        assert got.gap_fraction == pytest.approx(best / got.lower_bound_joules - 1, abs=1e-9)
    with pytest.raises(DeadlineBelowMinimum):
        session.variants(weights, deadline_seconds=0.9 * fastest)
    with pytest.raises(NotCharacterized):
        session.define_pipeline("new", schedule="1f1b", stages=2, microbatches=2, blocking_power_watts=60.0)
        session.variants({"short": 1.0, "new": 1.0}, slowdown_fraction=0.1)
    session.close()


def test_the_instructions_of_a_collective_begin_together(client):
    """An all-reduce of two ranks, one of which is ready long before the other."""
    session = client.open_session()
    instructions = [{"id": "f0", "stage": 0, "instruction": "forward"},
                    {"id": "f1", "stage": 1, "instruction": "forward"},
                    {"id": "r0", "stage": 0, "instruction": "reduce", "collective": "embedding"},
                    {"id": "r1", "stage": 1, "instruction": "reduce", "collective": "embedding"},
                    {"id": "o0", "stage": 0, "instruction": "step"}]
    session.define_pipeline("p", stages=2, blocking_power_watts=50.0, instructions=instructions,
                            dependencies=[("f0", "r0"), ("f1", "r1", 0.01), ("r0", "o0")])
    session.submit_profile("p", rows=[
        ProfileRow(0, "forward", 1400, 0.1, 30.0), ProfileRow(0, "forward", 900, 0.16, 21.0),
        ProfileRow(1, "forward", 1400, 0.3, 90.0), ProfileRow(1, "forward", 900, 0.45, 70.0),
        ProfileRow(0, "reduce", 1400, 0.05, 9.0), ProfileRow(1, "reduce", 1400, 0.05, 9.0),
        ProfileRow(0, "step", 1400, 0.02, 3.0)])
    frontier = session.characterize("p", certify=True)
    assert frontier.certificate.fields["holds"]
    # 0.3 s, the transfer, the reduction and the step; rank 0's forward may be slow at once.
    assert frontier.minimum_time_seconds == pytest.approx(0.38)
    steps = {step.instruction + str(stage.stage): step
             for stage in session.plan("p", plan=0).stages for step in stage.instructions}
    assert steps["reduce0"].start_seconds == steps["reduce1"].start_seconds == pytest.approx(0.31)
    assert steps["forward0"].frequency == 900
    again = client.open_session()
    client.call(Request("pipeline/define", {**session.pipeline("p").definition, "session": again.name}))
    assert again.pipeline("p") == dataclasses.replace(session.pipeline("p"), generation=0)
    with pytest.raises(InvalidPipeline, match="dependencies"):
        session.define_pipeline("q", stages=2, blocking_power_watts=50.0, instructions=instructions,
                                dependencies=[("f0", "r0"), ("r0", "r1")])
    session.close()
    again.close()
