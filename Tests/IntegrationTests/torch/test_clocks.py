"""The clock controller on real pipeline jobs over gloo, whose stages are as fast as a modelled GPU's clock says."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

import pytest
import torch.distributed as dist
import trimtab
from pipeline_job import Scenario, make_schedule, make_step, run
from trimtab.gpu import ClockPlan, Controller, Recording, Step, attach, share_plans
from trimtab.profile import CounterMeter, Profiler, Profiling

CLOCKS = (1410, 1200, 1005, 810)
BLOCKING_WATTS, FORWARD_SECONDS = 60.0, 0.06
SCENARIOS = {
    "1f1b": (Scenario("1f1b", "1f1b", microbatches=4), {"schedule": "1f1b", "stages": 2}),
    "interleaved1f1b": (
        Scenario("interleaved1f1b", "interleaved1f1b", microbatches=4, chunks=2),
        {"schedule": "interleaved1f1b", "stages": 4, "chunks_per_rank": 2}),
}
# Stages are unequal, so that the light one has time to spare.
WEIGHTS = (0.5, 1.0, 0.5, 1.0)
ITERATIONS = 3


def watts(clock):
    """The power of a busy GPU at a clock."""
    return BLOCKING_WATTS + 240 * (clock / CLOCKS[0]) ** 3


def profile(stages):
    return [trimtab.ProfileRow(stage, kind, clock, seconds := length * WEIGHTS[stage] * CLOCKS[0] / clock,
                               seconds * watts(clock))
            for stage in range(stages) for kind, length in (("forward", FORWARD_SECONDS),
                                                            ("backward", 2 * FORWARD_SECONDS)) for clock in CLOCKS]


class ModelledGPU(Recording):
    """Works faster at a higher clock and draws more; its meter counts the energy of its work."""

    def __init__(self, path):
        super().__init__(path, supported=CLOCKS)
        self.busy_joules = self.busy_seconds = 0.0

    def worker(self, seconds):
        return lambda amount: self.work(amount * seconds)

    def work(self, seconds):
        """Works as long as `seconds` at the highest clock; a clock that changes meanwhile counts from then on."""
        left, last = seconds, time.perf_counter()
        while left > 0:
            clock = self.current() or CLOCKS[0]
            time.sleep(min(left * CLOCKS[0] / clock, 0.002))
            now = time.perf_counter()
            left -= (now - last) * clock / CLOCKS[0]
            self.busy_joules += (now - last) * watts(clock)
            self.busy_seconds += now - last
            last = now


class Checked:
    """An observer that compares the clock at the end of each instruction with the plan's."""

    def __init__(self, gpu, plan):
        self.gpu, self.clocks, self.ran, self.differing = gpu, plan.clocks(), [], 0

    def begin(self, *instruction):
        pass

    def end(self, *instruction):
        self.ran.append(list(instruction))
        self.differing += self.gpu.current() != self.clocks[instruction]


def trained(rank, world, name, plans, folder):
    """Trains with each plan in turn; rank 0 has the plans and the others get theirs from it."""
    scenario = SCENARIOS[name][0]
    results = {}
    for label in ("highest", "planned"):
        gpu = ModelledGPU(Path(folder) / f"{label}.{rank}.jsonl")
        schedule = make_schedule(scenario, rank, world, gpu.worker(FORWARD_SECONDS * WEIGHTS[rank]))
        step = make_step(schedule, scenario.microbatches)
        mine = share_plans(
            {key: ClockPlan.from_json(text) for key, text in plans[label].items()} if rank == 0 else None, rank)
        step()
        checked = Checked(gpu, mine)
        with Controller(mine, gpu) as controller, attach(schedule, checked, controller):
            gpu.busy_joules = gpu.busy_seconds = 0.0
            dist.barrier()
            began = time.perf_counter()
            for _ in range(ITERATIONS):
                step()
            dist.barrier()
            seconds = (time.perf_counter() - began) / ITERATIONS
        report = controller.report()
        results[label] = {
            "busy": gpu.busy_joules / ITERATIONS, "joules": gpu.busy_joules / ITERATIONS + BLOCKING_WATTS * (
                seconds - gpu.busy_seconds / ITERATIONS),
            "ran": checked.ran, "differing": checked.differing, "late": report.late_count,
            "latency": report.latency_seconds, "count": report.request_count}
    (Path(folder) / f"{rank}.json").write_text(json.dumps(results))


@pytest.fixture(scope="module", params=list(SCENARIOS))
def job(request, binary, tmp_path_factory):
    """Plans from the engine, and what training by them gave on each rank."""
    scenario, definition = SCENARIOS[request.param]
    folder = tmp_path_factory.mktemp(request.param)
    with trimtab.Trimtab([binary, "serve"], timeout=60) as client:
        session = client.open_session("job")
        session.define_pipeline("p", microbatches=scenario.microbatches, blocking_power_watts=BLOCKING_WATTS,
                                **definition)
        session.submit_profile("p", rows=profile(definition["stages"]))
        session.characterize("p")
        point = session.query("p", slowdown_fraction=0.03)
        plans = {rank: ClockPlan.of(session.plan("p", plan=point.plan.plan, rank=rank)) for rank in range(2)}
        highest = session.characterize("p").all_max_frequency
    fastest = {rank: ClockPlan(tuple(Step(*step.key, CLOCKS[0]) for step in plan.steps))
               for rank, plan in plans.items()}
    texts = {label: {rank: plan.to_json() for rank, plan in which.items()}
             for label, which in (("highest", fastest), ("planned", plans))}
    run(2, trained, request.param, texts, str(folder))
    results = [json.loads((folder / f"{rank}.json").read_text()) for rank in range(2)]
    return folder, plans, point, highest, results


def test_instructions_and_clocks_come_in_the_order_of_the_plan(job):
    folder, plans, _, _, results = job
    for rank, plan in plans.items():
        assert results[rank]["planned"]["ran"] == [list(step.key) for step in plan.steps] * ITERATIONS
        assert results[rank]["planned"]["late"] == 0
        assert results[rank]["planned"]["differing"] == 0
        wanted = []
        for clock in [step.mhz for step in plan.steps] * ITERATIONS + [plan.steps[0].mhz]:
            if not wanted or wanted[-1] != clock:
                wanted.append(clock)
        lines = (folder / f"planned.{rank}.jsonl").read_text().splitlines()
        assert [json.loads(line)["mhz"] for line in lines] == wanted + [None]
    assert len({step.mhz for plan in plans.values() for step in plan.steps}) > 1


def test_the_metered_energy_is_saved_that_the_plan_says(job):
    _, plans, point, highest, results = job
    totals = defaultdict(float)
    for result in results:
        for label, measured in result.items():
            totals[label, "busy"] += measured["busy"]
            totals[label, "all"] += measured["joules"]
    tables = {(row.stage, row.instruction, row.frequency): row.energy_joules for row in profile(len(WEIGHTS))}
    steps = [step for plan in plans.values() for step in plan.steps]
    predicted = 1 - (sum(tables[step.stage, step.instruction, step.mhz] for step in steps)
                     / sum(tables[step.stage, step.instruction, CLOCKS[0]] for step in steps))
    assert predicted > 0.05
    assert 1 - totals["planned", "busy"] / totals["highest", "busy"] == pytest.approx(predicted, abs=0.02)
    # Waiting included it depends on how busy the machine is: only its sign and size are asserted.
    predicted = 1 - point.plan.energy_joules / highest.energy_joules
    assert 1 - totals["planned", "all"] / totals["highest", "all"] > predicted / 2


def profiled(rank, world, binary, folder):
    """Profiles a job while it trains; rank 0 has the session."""
    scenario = SCENARIOS["1f1b"][0]
    gpu = ModelledGPU(Path(folder) / f"profiled.{rank}.jsonl")
    schedule = make_schedule(scenario, rank, world, gpu.worker(FORWARD_SECONDS * WEIGHTS[rank]))
    step = make_step(schedule, scenario.microbatches)
    client = trimtab.Trimtab([binary, "serve"], timeout=60) if rank == 0 else None
    session = None if client is None else client.open_session("job")
    if session is not None:
        session.define_pipeline("p", schedule="1f1b", stages=world, microbatches=scenario.microbatches,
                                blocking_power_watts=BLOCKING_WATTS)
    meter = CounterMeter(lambda: gpu.busy_joules, sampling_interval_seconds=None)
    profiler = Profiler(gpu, meter, executions=scenario.microbatches)
    profiling = Profiling(profiler, session, "p", clocks=gpu.supported())
    iterations = 0
    with attach(schedule, profiler):
        while not profiling.step():
            step()
            iterations += 1
            assert iterations < 50
    if session is not None:
        rows = [[one.stage, one.instruction, one.mhz, one.seconds, one.joules] for one in profiling.measured]
        plans = session.characterize("p")
        (Path(folder) / "profile.json").write_text(json.dumps({
            "rows": rows, "iterations": iterations, "highest": plans.all_max_frequency.energy_joules}))
    if client is not None:
        client.close()


def test_a_job_is_profiled_while_it_trains(binary, tmp_path):
    run(2, profiled, binary, str(tmp_path))
    found = json.loads((tmp_path / "profile.json").read_text())
    measured = {(stage, kind, clock): (seconds, joules) for stage, kind, clock, seconds, joules in found["rows"]}
    exact = {(row.stage, row.instruction, row.frequency): row for row in profile(2)}
    assert {key[:2] for key in measured} == {key[:2] for key in exact}
    for key, (seconds, joules) in measured.items():
        assert seconds == pytest.approx(exact[key].time_seconds, rel=0.08), key
        assert joules == pytest.approx(exact[key].energy_joules, rel=0.05), key
    for rank in range(2):
        lines = (tmp_path / f"profiled.{rank}.jsonl").read_text().splitlines()
        assert json.loads(lines[-1])["event"] == "reset"


def endless(rank, world, folder):
    """Trains until it is killed; says where its guard is once a few iterations have run."""
    scenario = SCENARIOS["1f1b"][0]
    gpu = ModelledGPU(Path(folder) / f"killed.{rank}.jsonl")
    schedule = make_schedule(scenario, rank, world, gpu.worker(0.005))
    step = make_step(schedule, scenario.microbatches)
    plan = ClockPlan(tuple(Step(rank, kind, microbatch, clock) for microbatch in range(scenario.microbatches)
                           for kind, clock in (("forward", 1200), ("backward", 810))))
    with Controller(plan, gpu) as controller, attach(schedule, controller):
        for _ in range(3):
            step()
        print(controller._guard.pid, flush=True)
        while True:
            step()


def test_a_job_that_is_killed_leaves_no_clock_locked(tmp_path):
    """SIGKILL to the whole process group: ranks and their parent alike."""
    program = f"import test_clocks; test_clocks.run(2, test_clocks.endless, {str(tmp_path)!r})"
    paths = [str(Path(__file__).parent), str(Path(__file__).parents[1]), *sys.path]
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, start_new_session=True,
                          env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)}) as job:
        assert job.stdout is not None
        guards = [os.pidfd_open(int(job.stdout.readline())) for _ in range(2)]
        os.killpg(job.pid, signal.SIGKILL)
        job.wait(60)
        for guard in guards:
            poller = select.poll()
            poller.register(guard, select.POLLIN)
            assert poller.poll(60_000), "a guard has not ended"
            os.close(guard)
    for rank in range(2):
        lines = (tmp_path / f"killed.{rank}.jsonl").read_text().splitlines()
        assert len(lines) > 2
        assert json.loads(lines[-1])["event"] == "reset"
