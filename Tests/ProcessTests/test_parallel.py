"""What surrounds a pipeline: global ranks against an enumeration of Megatron's order, and transfers, data loading and
optimizer steps against the linear program."""

import itertools
import json
import random
import subprocess

import pytest
from conftest import FIXTURES, MODELLED
from measurements import read_profile
from reference import Problem, on_curve, stage_order
from trimtab import GPU, InvalidPipeline, ProfileRow, Trimtab, UnknownRank

STAGES, MICROBATCHES = 3, 2


@pytest.fixture(scope="module")
def client(binary):
    with Trimtab([binary, "serve"], roots=[str(FIXTURES)], timeout=120) as client:
        yield client


def define(client, stages=STAGES, **options):
    session = client.open_session()
    session.define_pipeline("p", schedule="1f1b", stages=stages, microbatches=MICROBATCHES, blocking_power_watts=50.0,
                            **options)
    rows = [ProfileRow(stage, kind, clock, seconds * (1 + stage / 10), joules)
            for stage in range(stages) for kind in ("forward", "backward")
            for clock, seconds, joules in ((1400, 0.1, 30.0), (1000, 0.13, 25.0))]
    session.submit_profile("p", rows=rows)
    return session


def enumerated(order, sizes):
    """Global ranks in order, as {axis: index}: the first axis of the order turns fastest."""
    axes = list(reversed(order.split("-")))
    return [dict(zip(axes, indices)) for indices in itertools.product(*(range(sizes[axis]) for axis in axes))]


@pytest.mark.parametrize("seed", range(12))
def test_global_ranks_are_in_megatrons_order(client, seed):
    draw = random.Random(seed)
    sizes = {"tp": draw.randint(1, 4), "cp": draw.randint(1, 3), "dp": draw.randint(1, 3), "ep": 1, "pp": STAGES}
    axes = ["tp", "cp", "ep", "dp", "pp"]
    if seed:
        draw.shuffle(axes)
    order = "-".join(axes)
    session = define(client, tensor_parallel_width=sizes["tp"], context_parallel_width=sizes["cp"],
                     data_parallel_width=sizes["dp"], rank_order=order if seed else None)
    session.characterize("p", plan_count=2)
    world = enumerated(order, sizes)
    for rank, place in enumerate(world):
        got = session.plan("p", plan=0, global_rank=rank)
        assert [stage.stage for stage in got.stages] == [place["pp"]]
        assert (got.place.rank, got.place.replica, got.place.tensor_index, got.place.context_index) == (
            place["pp"], place["dp"], place["tp"], place["cp"])
        assert got.stages == session.plan("p", plan=0, rank=place["pp"]).stages
    with pytest.raises(UnknownRank):
        session.plan("p", plan=0, global_rank=len(world))
    session.close()


def test_the_groups_in_megatrons_own_example(client):
    """Its documentation: order tp-pp-dp, widths 2-2-2, data-parallel groups [[0, 4], [1, 5], [2, 6], [3, 7]]."""
    session = define(client, stages=2, tensor_parallel_width=2, data_parallel_width=2, rank_order="tp-pp-dp-cp")
    session.characterize("p", plan_count=2)
    groups = {}
    for rank in range(8):
        place = session.plan("p", plan=0, global_rank=rank).place
        groups.setdefault((place.rank, place.tensor_index), []).append(rank)
    assert sorted(groups.values()) == [[0, 4], [1, 5], [2, 6], [3, 7]]
    session.close()


def test_an_explicit_map_places_global_ranks(client):
    places = [(rank, replica) for rank in range(STAGES) for replica in range(2) for _ in range(2)]
    random.Random(1).shuffle(places)
    session = define(client, tensor_parallel_width=2, data_parallel_width=2, rank_map=places)
    session.characterize("p", plan_count=2)
    for rank, (stage, replica) in enumerate(places):
        got = session.plan("p", plan=0, global_rank=rank)
        assert (got.place.rank, got.place.replica, got.place.tensor_index) == (stage, replica, None)
        report = session.report_straggler("p", global_rank=rank, slowdown_fraction=0.25)
        straggler = session.job("p").stragglers[0]
        assert (straggler.replica, straggler.ranks[0].rank) == (replica, stage) and report.straggler_count == 1
        session.report_straggler("p", global_rank=rank, ended=True)
    with pytest.raises(InvalidPipeline):
        define(client, rank_map=places)
    session.close()


def test_energy_and_waiting_count_every_device(client):
    alone, all_of_them = define(client), define(
        client, tensor_parallel_width=2, context_parallel_width=3, data_parallel_width=5)
    one, many = alone.characterize("p", plan_count=4), all_of_them.characterize("p", plan_count=4)
    assert many.all_max_frequency.energy_joules == pytest.approx(30 * one.all_max_frequency.energy_joules)
    until = 2 * one.maximum_time_seconds
    energies = [session.query("p", straggler_time_seconds=until).energy_until_straggler_joules
                for session in (alone, all_of_them)]
    assert energies[1] == pytest.approx(30 * energies[0])
    for session in (alone, all_of_them):
        session.close()


def surrounded(tables, stages, microbatches, power, forward, backward, loading):
    """The reference's problem of a 1F1B iteration with all that can surround it."""
    keys, edges, lags, names = [], [], {}, {}

    def add(name, previous):
        names[name] = index = len(keys)
        keys.append(name[:2])
        if previous is not None:
            edges.append((previous, index))
        return index

    for stage in range(stages):
        previous = None
        for kind, microbatch in stage_order("1f1b", stage, stages, microbatches):
            if kind == "forward" and stage in loading:
                previous = add((stage, "dataLoading", microbatch), previous)
            previous = add((stage, kind, microbatch), previous)
        add((stage, "optimizerStep", None), previous)
    for microbatch, stage in itertools.product(range(microbatches), range(stages - 1)):
        for kind, ends, seconds in (("forward", (stage, stage + 1), forward[stage]),
                                    ("backward", (stage + 1, stage), backward[stage])):
            edge = names[ends[0], kind, microbatch], names[ends[1], kind, microbatch]
            edges.append(edge)
            lags[edge] = seconds
    return Problem(keys, edges, {key: tables[key] for key in set(keys)}, power, stages, names, lags)


@pytest.mark.parametrize("microbatches, loading", [(3, (0,)), (6, (0, 2))])
def test_transfers_and_fixed_instructions_agree_with_the_linear_program(client, microbatches, loading):
    path, stages, power = MODELLED["a100"]
    tables, forward, backward = read_profile(path), [0.01, 0.002, 0.03], [0.02, 0.004, 0.0]
    fixed = {(stage, "dataLoading"): {1410: (0.011, 1.5)} for stage in loading}
    fixed |= {(stage, "optimizerStep"): {1410: (0.02 + stage / 100, 4.0)} for stage in range(stages)}
    problem = surrounded(tables | fixed, stages, microbatches, power, forward, backward, loading)
    session = client.open_session()
    session.define_pipeline("p", schedule="1f1b", stages=stages, microbatches=microbatches, blocking_power_watts=power,
                            data_loading_stages=loading, optimizer_step=True, transfer_seconds=forward,
                            backward_transfer_seconds=backward)
    session.submit_profile("p", csv_path=str(path))
    session.submit_profile("p", rows=[ProfileRow(stage, kind, clock, *measured) for (stage, kind), options
                                      in fixed.items() for clock, measured in options.items()])
    frontier = session.characterize("p", plan_count=16, certify=True)
    assert frontier.certificate.fields["holds"]
    assert frontier.minimum_time_seconds == pytest.approx(problem.fastest(), rel=1e-9)
    curve = session.curve("p")
    points = [(p.iteration_time_seconds, p.energy_joules) for p in curve.lower_bound]
    for share in (0.0, 0.1, 0.4, 1.0):
        deadline = frontier.minimum_time_seconds + share * (frontier.maximum_time_seconds
                                                            - frontier.minimum_time_seconds)
        assert on_curve(points, deadline) == pytest.approx(problem.lower_bound(deadline * (1 + 1e-12)), rel=1e-6)
    for plan in curve.plans[:: max(1, len(curve.plans) // 8)]:
        knobs = [None] * len(problem.keys)
        for stage in session.plan("p", plan=plan.plan).stages:
            for step in stage.instructions:
                knobs[problem.names[stage.stage, step.instruction, step.microbatch]] = step.frequency
        assert (plan.iteration_time_seconds, plan.energy_joules) == pytest.approx(problem.realise(knobs), rel=1e-9)
    session.close()


def test_the_command_line_takes_them_too(client, binary, tmp_path):
    path, stages, power = MODELLED["a100"]
    rows = ["0,dataLoading,1410,0.011,1.5"] + [f"{stage},optimizerStep,1410,0.02,4.0" for stage in range(stages)]
    profile = tmp_path / "profile.csv"
    profile.write_text(path.read_text() + "\n".join(rows) + "\n")
    command = [binary, "frontier", str(profile), "--stages", str(stages), "--microbatches", "4", "--blocking-power",
               str(power), "--json", "--plans", "8", "--context-parallel", "2", "--transfer", "0.01",
               "--backward-transfer", "0.02", "--data-loading", "--optimizer-step"]
    document = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    session = client.open_session()
    session.define_pipeline("p", schedule="1f1b", stages=stages, microbatches=4, blocking_power_watts=power,
                            context_parallel_width=2, data_loading_stages=[0], optimizer_step=True,
                            transfer_seconds=0.01, backward_transfer_seconds=0.02)
    session.submit_profile("p", csv_text=profile.read_text())
    frontier = session.characterize("p", plan_count=8)
    assert document["minimumTimeSeconds"] == frontier.minimum_time_seconds
    assert document["allMaxFrequency"]["energyJoules"] == frontier.all_max_frequency.energy_joules
    session.close()


def test_a_frequency_that_the_stages_gpu_lacks_is_told(client):
    session = client.open_session()
    session.register_gpus([GPU("a", frequencies=(1400, 1000), blocking_power_watts=50.0),
                           GPU("b", frequencies=(1700,), blocking_power_watts=40.0)])
    session.define_pipeline("p", schedule="gpipe", stages=2, microbatches=1, gpus=["a", "b"])
    submitted = session.submit_profile("p", rows=[
        ProfileRow(stage, kind, 1400.0, 0.1, 30.0) for stage in range(2) for kind in ("forward", "backward")])
    told = [(d.stage, d.instruction) for d in submitted.diagnostics if d.kind == "unsupportedFrequency"]
    assert told == [(1, "backward"), (1, "forward")]
    session.close()
