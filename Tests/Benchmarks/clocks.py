"""What the clock controller costs the training thread at each instruction: its hooks, its queue, its other thread."""

import statistics
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

from trimtab.gpu import ClockPlan, Controller, Recording, Step, attach

ROUNDS, MICROBATCHES = 15, 32
INSTRUCTION_SECONDS, LATENCY_SECONDS = 0.003, 0.002


class Stage:
    """A stage whose instructions leave the processor alone, as those of a GPU do."""

    stage_index, has_backward = 0, True

    def forward_one_chunk(self, fwd_chunk_id, *_):
        time.sleep(INSTRUCTION_SECONDS)

    def backward_one_chunk(self, bwd_chunk_id, *_):
        time.sleep(INSTRUCTION_SECONDS)

    def backward_weight_one_chunk(self, bwd_chunk_id, *_):
        pass


class Before:
    """Takes the time when the controller is called, and `After` when it has returned."""

    def __init__(self):
        self.called, self.spent = 0.0, []

    def begin(self, *_):
        self.called = time.perf_counter()

    end = begin


class After:
    def __init__(self, before):
        self.before = before

    def begin(self, *_):
        self.before.spent.append(time.perf_counter() - self.before.called)

    end = begin


def _seconds(stage):
    """CPU time of this thread for one instruction, the median of the rounds."""
    rounds = []
    for _ in range(ROUNDS):
        began = time.thread_time()
        for microbatch in range(MICROBATCHES):
            stage.forward_one_chunk(microbatch)
            stage.backward_one_chunk(microbatch)
        rounds.append((time.thread_time() - began) / (2 * MICROBATCHES))
    return statistics.median(rounds)


def clocks(report, full):
    plan = ClockPlan(tuple(
        Step(0, kind, microbatch, 1200 if kind == "forward" else 1410)
        for microbatch in range(MICROBATCHES) for kind in ("forward", "backward")))
    bare, before = _seconds(Stage()), Before()
    with tempfile.TemporaryDirectory() as folder:
        backend = Recording(Path(folder) / "clocks.jsonl", latency_seconds=LATENCY_SECONDS)
        stage, timed = Stage(), Stage()
        with Controller(plan, backend) as controller:
            with attach(SimpleNamespace(_stage=stage), controller):
                seconds = _seconds(stage)
            requested = controller.report().request_count / (2 * MICROBATCHES * ROUNDS)
            with attach(SimpleNamespace(_stage=timed), before, controller, After(before)):
                _seconds(timed)
    most = statistics.quantiles(before.spent, n=100)[98]
    report.add("clock controller, one instruction: CPU time of the training thread", 1e6 * (seconds - bare), "us",
               aim="< 50", note=f"instructions of 3 ms; {100 * requested:.0f} % have a clock set, which takes 2 ms")
    report.add("clock controller, one instruction: time in its two calls", 2e6 * statistics.median(before.spent), "us",
               aim="< 50", note=f"wall time, twice the median; 99 of 100 calls below {1e6 * most:.0f} us")
