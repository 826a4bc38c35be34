"""Zeus 0.16's own, unmodified client trains a real pipeline job with Trimtab's schedule; its GPUs are the stub's."""

import os
import re
import subprocess
import sys

import pytest
from pipeline_job import Scenario, make_schedule, make_step, run
from trimtab.gpu import attach
from trimtab.zeus import Measurement, read_schedules, write_profile

CLOCKS = (1410, 1200, 1005, 810, 600)
MICROBATCHES, ITERATIONS = 4, 2


def profile():
    rows = []
    for stage, weight in ((0, 0.5), (1, 1.0)):
        for kind, length in (("forward", 0.05), ("backward", 0.1)):
            for clock in CLOCKS:
                seconds = weight * length * CLOCKS[0] / clock
                rows.append(Measurement(stage, kind, clock, seconds, seconds * (60 + 240 * (clock / CLOCKS[0]) ** 3)))
    return rows


@pytest.fixture
def server(binary, tmp_path):
    """The URL of a `trimtab-pfo-server`, and its state directory."""
    file, state = tmp_path / "profile.csv", tmp_path / "state"
    file.write_text(write_profile(profile(), zeus=True))
    command = [sys.executable, "-m", "trimtab.zeus.server", "--port", "0", "--state", str(state),
               "--profile", str(file), "--microbatches", str(MICROBATCHES), "--blocking-power", "60",
               "--slowdown", "0.03"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True,
                          env={**os.environ, "TRIMTAB_BINARY": binary}) as process:
        assert process.stdout is not None
        listening = re.search(r"http://\S+", process.stdout.readline())
        assert listening is not None
        yield listening.group(), state
        process.terminate()


class Callbacks:
    """Calls Zeus's optimizer as a framework does."""

    def __init__(self, optimizer):
        self.optimizer = optimizer

    def begin(self, stage, instruction, microbatch):
        self.optimizer.on_instruction_begin(instruction)

    def end(self, stage, instruction, microbatch):
        self.optimizer.on_instruction_end(instruction)


def trained(rank, world, url):
    import torch

    # What a CPU build of PyTorch lacks; nothing of Zeus is replaced.
    torch.cuda.is_available = lambda: True
    torch.cuda.set_device = lambda device: None
    torch.cuda.synchronize = lambda device=None: None
    from zeus.optimizer.pipeline_frequency import PipelineFrequencyOptimizer

    scenario = Scenario("zeus", "1f1b", microbatches=MICROBATCHES)
    schedule = make_schedule(scenario, rank, world, lambda amount: None)
    step = make_step(schedule, MICROBATCHES)
    step()
    optimizer = PipelineFrequencyOptimizer(
        rank=rank, dp_rank=0, pp_rank=rank, tp_rank=0, device_id=rank, dp_degree=1, pp_degree=world, tp_degree=1,
        world_size=world, server_url=url, job_metadata="test")
    with attach(schedule, Callbacks(optimizer)):
        for _ in range(ITERATIONS):
            optimizer.on_step_begin()
            step()
            optimizer.on_step_end()  # raises if an instruction is missing or too many
    optimizer.frequency_controller.end()
    optimizer.frequency_controller._proc.join(60)


def test_zeus_sets_the_clocks_of_our_schedule_on_every_rank(server, gpus):
    url, state = server
    run(2, trained, url)
    (job,) = (state / "jobs").iterdir()
    plan = read_schedules((job / "0.sched.json").read_text())
    assert len({clock for frequencies in plan for _, clock in frequencies}) > 1
    changes = [line.split() for line in gpus[1].read_text().splitlines()]
    for rank, frequencies in enumerate(plan):
        assert len(frequencies) == 2 * MICROBATCHES
        wanted = [CLOCKS[0]]  # Zeus begins at the highest, and sets only what changes
        for clock in [clock for _, clock in frequencies] * ITERATIONS:
            if wanted[-1] != clock:
                wanted.append(clock)
        assert [int(clock) for what, gpu, clock in changes if what == "lock" and int(gpu) == rank] == wanted
        assert changes[-1][0] in ("reset", "memoryReset")
