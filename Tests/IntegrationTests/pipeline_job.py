"""A real pipeline job on CPUs over gloo, whose stages last as long as the scenario says.

A stage computes a small linear layer and then waits, as a process does whose GPU computes, so that four ranks on two
cores do not disturb each other. Ranks are processes; every scenario of a job runs in the same ones.
"""

import json
import os
import queue
import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
import torch.distributed as dist
import torch.multiprocessing
from torch.distributed.pipelining import PipelineStage, schedules
from torch.profiler import ProfilerActivity, profile
from trimtab.gpu import attach

WIDTH = 64
SCHEDULES = {"1f1b": schedules.Schedule1F1B, "gpipe": schedules.ScheduleGPipe,
             "interleaved1f1b": schedules.ScheduleInterleaved1F1B, "dualpipev": schedules.ScheduleDualPipeV}


@dataclass(frozen=True)
class Scenario:
    """`delays`: seconds by which messages from one rank to another are later. `slow`: by rank, the share by which its
    instructions last longer."""

    name: str
    schedule: str
    microbatches: int = 5
    chunks: int = 1
    forward_seconds: float = 0.05
    iterations: int = 3
    label: bool = False
    delays: list[tuple[int, int, float]] = field(default_factory=list)
    slow: dict[int, float] = field(default_factory=dict)


class _Work(torch.autograd.Function):
    """Works forward, and twice as much backward."""

    @staticmethod
    def forward(ctx, x, work):
        ctx.work = work
        work(1)
        return x.clone()

    @staticmethod
    def backward(ctx, gradient):
        ctx.work(2)
        return gradient, None


class Block(torch.nn.Module):
    """`work(amount)` returns when so much is done; a forward is 1."""

    def __init__(self, work):
        super().__init__()
        self.linear, self.work = torch.nn.Linear(WIDTH, WIDTH), work

    def forward(self, x):
        return _Work.apply(self.linear(x), self.work)


class Stamps:
    """An observer with a clock of its own: when each instruction began and ended."""

    def __init__(self):
        self.seen, self._began = [], 0

    def begin(self, stage, instruction, microbatch):
        self._began = time.time_ns()

    def end(self, stage, instruction, microbatch):
        self.seen.append([stage, instruction, microbatch, self._began, time.time_ns()])


class _Late:
    """A message that a thread sends later; waited for like any other."""

    def __init__(self):
        self.sent, self.work = threading.Event(), None

    def wait(self, *_):
        assert self.sent.wait(60)
        return self.work.wait()


@contextmanager
def late_messages(delays):
    """Messages to these ranks set off `delays[rank]` seconds late, without holding up their sender."""
    waiting, original = queue.SimpleQueue(), schedules._batch_p2p

    def send():
        while (item := waiting.get()) is not None:
            due, operation, late = item
            time.sleep(max(due - time.monotonic(), 0))
            late.work = dist.isend(operation.tensor, operation.peer)
            late.sent.set()

    def batch(operations, desc=None):
        at_once, works = [], []
        for operation in operations:
            if operation.op is dist.isend and operation.peer in delays:
                works.append(_Late())
                waiting.put((time.monotonic() + delays[operation.peer], operation, works[-1]))
            else:
                at_once.append(operation)
        return works + original(at_once, desc)

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    schedules._batch_p2p = batch
    try:
        yield
    finally:
        schedules._batch_p2p = original
        waiting.put(None)
        thread.join()


def make_schedule(scenario, rank, world, work):
    """The schedule on one rank; stages lie in a loop over the ranks, of DualPipeV in a V."""
    device, total = torch.device("cpu"), scenario.chunks * world
    torch.manual_seed(rank)
    if scenario.schedule == "dualpipev":
        places = [rank, total - 1 - rank]
    else:
        places = [rank + world * chunk for chunk in range(scenario.chunks)]
    stages = [PipelineStage(Block(work), place, total, device) for place in places]
    return SCHEDULES[scenario.schedule](
        stages if len(stages) > 1 else stages[0], scenario.microbatches,
        loss_fn=lambda output, target: ((output - target) ** 2).mean())


def make_step(schedule, microbatches):
    inputs, target = torch.randn(2 * microbatches, WIDTH), torch.zeros(2 * microbatches, WIDTH)
    stages = getattr(schedule, "_stages", None) or [schedule._stage]
    arguments = (inputs,) if any(stage.is_first for stage in stages) else ()
    options = {"target": target} if any(stage.is_last for stage in stages) else {}
    return lambda: schedule.step(*arguments, **options)


def traced(scenario, rank, world, folder):
    """Runs a scenario; leaves `NAME.RANK.json`, the trace, and `NAME.RANK.stamps`."""
    seconds = scenario.forward_seconds * (1 + scenario.slow.get(rank, 0))
    schedule = make_schedule(scenario, rank, world, lambda amount: time.sleep(amount * seconds))
    step = make_step(schedule, scenario.microbatches)
    step()  # what is set up once
    stamps = Stamps()
    delays = {receiver: late for sender, receiver, late in scenario.delays if sender == rank}
    with (late_messages(delays), attach(schedule, stamps, label=scenario.label),
          profile(activities=[ProfilerActivity.CPU]) as profiler):
        for _ in range(scenario.iterations):
            dist.barrier()
            step()
    profiler.export_chrome_trace(str(folder / f"{scenario.name}.{rank}.json"))
    (folder / f"{scenario.name}.{rank}.stamps").write_text(json.dumps(stamps.seen))


def _rank(rank, world, port, work, arguments):
    torch.set_num_threads(1)
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port), GLOO_SOCKET_IFNAME="lo")
    dist.init_process_group("gloo", rank=rank, world_size=world)
    try:
        work(rank, world, *arguments)
        dist.barrier()
    finally:
        dist.destroy_process_group()


def run(world, work, *arguments):
    """Runs `work(rank, world, *arguments)` in `world` processes that form a process group."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    torch.multiprocessing.spawn(_rank, args=(world, port, work, arguments), nprocs=world)


def _all_traced(rank, world, scenarios, folder):
    for scenario in scenarios:
        traced(Scenario(**scenario), rank, world, Path(folder))


def trace_all(world, scenarios, folder):
    """Runs every scenario in one job, and gives for each the files of the traces and the stamps by rank."""
    run(world, _all_traced, [asdict(scenario) for scenario in scenarios], str(folder))
    found = {}
    for scenario in scenarios:
        files = [folder / f"{scenario.name}.{rank}.json" for rank in range(world)]
        found[scenario.name] = files, [json.loads(file.with_suffix(".stamps").read_text()) for file in files]
    return found
