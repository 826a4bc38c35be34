"""How long one message holds the loop at most, for every method at its limit. Aim: under 20 ms each.

A hold is the CPU time that the loop's thread spends between two looks at its input, as `serve --log-holds` reports it:
so long other messages wait. Beside it stands all CPU time of that thread from before the message is written until its
answer has been read and the loop has done what it has to do afterwards; a long answer leaves in pieces, between which
the loop looks at other messages.
"""

from __future__ import annotations

import base64
import itertools
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

from trimtab import Request, RPCError, Trimtab

AIM_SECONDS = 0.02
# Shorter holds count as none.
REPORTED_MILLISECONDS = 0.5
WITHOUT_SESSION = {"session/list", "rpc.discover"}
GPUS = [f"datacentre-1/node-{n:05}/{n % 8}" for n in range(65_536)]


class Holds:
    """The longest hold of each case, by method and what it does."""

    def __init__(self) -> None:
        self.cases: dict[tuple[str, str], tuple[float, float]] = {}
        self.failures: list[str] = []

    def add(self, method: str, hold: float, total: float, note: str) -> None:
        old = self.cases.get((method, note), (0.0, 0.0))
        self.cases[method, note] = max(hold, old[0]), max(total, old[1])

    def rows(self) -> list[tuple[str, str, float, float]]:
        """The longest case of each method, and every other above the aim; the longest first."""
        ordered = sorted(self.cases.items(), key=lambda case: (-case[1][0], -case[1][1]))
        seen: set[str] = set()
        rows = []
        for (method, note), (hold, total) in ordered:
            if method not in seen or hold > AIM_SECONDS:
                rows.append((method, note, hold, total))
            seen.add(method)
        return rows


class Probe:
    """One server, and the CPU time of its loop's thread (the process's first)."""

    def __init__(self, holds: Holds, client: Trimtab) -> None:
        self.holds, self.client, self._session = holds, client, "s"
        pid = client.process.pid
        self._schedule = Path(f"/proc/{pid}/task/{pid}/schedstat")
        self._log = Path(f"/proc/{pid}/fd/2").open("rb")

    def seconds(self) -> float:
        return int(self._schedule.read_text().split()[0]) / 1e9

    def longest_hold(self) -> float:
        """The longest since it was asked last; 0 where none took the reported time."""
        holds = [int(line.split()[1]) for line in self._log.read().splitlines() if line.startswith(b"hold: ")]
        return max(holds, default=0) / 1e6

    @contextmanager
    def measuring(self, method: str, note: str, count: int = 1) -> Iterator[None]:
        """Counts what the body has the loop do as `count` messages of one kind."""
        self.longest_hold()
        before = self.seconds()
        yield
        # Answered in a later turn, so that the one before has been reported.
        self.client.pipeline_requests([Request("bench/fence", {})])
        self.holds.add(method, self.longest_hold(), (self.seconds() - before) / count, note)

    def call(self, method: str, note: str, **params: Any) -> Any:
        """Sends one request and waits for its answer. What the loop does after the answer (releasing) counts too:
        the request behind it is answered once that is done."""
        named = {} if method in WITHOUT_SESSION else {"session": self._session}
        request = Request(method, {**named, **params})
        with self.measuring(method, note):
            answer = self.client.pipeline_requests([request, Request("bench/fence", {})])[0]
        if isinstance(answer, RPCError):
            self.holds.failures.append(f"{method}, {note}: {answer}"[:300])
        return answer

    def many(self, method: str, note: str, params: Callable[[int], dict[str, Any]], count: int) -> None:
        """Sends requests one after the other; only the last hundred are timed, when there is most to hold."""
        early = [Request(method, {"session": self._session, **params(n)}) for n in range(count - 100)]
        for start in range(0, len(early), 5000):
            self.client.pipeline_requests(early[start:start + 5000])
        for n in range(count - 100, count):
            self.call(method, note, **params(n))


def gpus(probe: Probe) -> None:
    every = [{"id": name, "blockingPowerWatts": 80.0, "node": name[:-2], "frequencies": list(range(1000, 1032))}
             for name in GPUS]
    probe.call("gpu/register", "65 536 at once", gpus=every)
    probe.call("gpu/list", "65 536")
    probe.call("session/export", "65 536 GPUs")
    probe.call("pipeline/define", "4096 ranks of 65 536 GPUs", pipeline="p", schedule="1f1b", stages=4096,
               microbatches=8, gpus=GPUS[:4096])
    probe.call("gpu/retire", "65 536 at once, a pipeline on 4096 of them", ids=GPUS)
    probe.many("gpu/register", "one of 16 000", lambda n: {"gpus": [{"id": GPUS[n]}]}, 16_000)
    probe.many("gpu/retire", "one of 16 000", lambda n: {"ids": [GPUS[n]]}, 16_000)


def sessions(probe: Probe) -> None:
    opened = [Request("session/open", {"session": f"session-{n}"}) for n in range(30_000)]
    probe.client.pipeline_requests(opened)
    for n in range(100):
        probe.call("session/open", "after 30 000", session=f"late-{n}")
    probe.call("session/list", "30 100")
    probe.call("rpc.discover", "the first, which makes the document")
    probe.call("rpc.discover", "the next")
    for n in range(100):
        probe.call("session/close", "one of 30 000", session=f"session-{n}")


def definitions(probe: Probe) -> None:
    scheduled = {"schedule": "1f1b", "blockingPowerWatts": 80.0}
    probe.call("pipeline/define", "zbv, 4000 stages x 3 microbatches", pipeline="zbv", schedule="zbv", stages=4000,
               microbatches=3, blockingPowerWatts=80.0)
    for schedule, stages, microbatches in (
            ("1f1b", 4096, 8), ("1f1b", 1, 32_768), ("1f1b", 64, 512), ("gpipe", 4096, 8), ("interleaved1f1b", 4096, 8),
            ("zbh1", 2048, 10), ("zbh1", 64, 340), ("dualpipev", 64, 500), ("zbv", 128, 170),
            ("earlyRecomputation1f1b", 64, 340)):
        probe.call("pipeline/define", f"{schedule}, {stages} stages x {microbatches} microbatches", pipeline=schedule,
                   schedule=schedule, stages=stages, microbatches=microbatches, blockingPowerWatts=80.0)
        probe.call("pipeline/get", f"{schedule}, {stages} stages x {microbatches} microbatches", pipeline=schedule)
    instructions = [{"id": f"instruction-{n}", "stage": n % 4096, "instruction": "step"} for n in range(65_536)]
    chain = [[f"instruction-{n}", f"instruction-{n + step}"] for step in (1, 2, 3, 4) for n in range(65_536 - step)]
    probe.call("pipeline/define", "65 536 instructions, 262 134 dependencies", pipeline="graph", stages=4096,
               instructions=instructions, dependencies=chain, blockingPowerWatts=80.0)
    probe.call("pipeline/get", "65 536 instructions, 262 134 dependencies", pipeline="graph")
    text = probe.client.call(Request("pipeline/get", {"session": "s", "pipeline": "1f1b"}))["scheduleCSV"]
    probe.call("pipeline/define", f"scheduleCSV of {len(text) >> 10} KiB", pipeline="csv", stages=64,
               scheduleCSV=text, blockingPowerWatts=80.0)
    probe.call(
        "pipeline/replicate", "65 535 replicas", pipeline="csv", replicas=[f"replica-{n}" for n in range(65_535)]
    )
    probe.call("session/export", "65 536-instruction pipelines")
    probe.call("session/list", "65 545 pipelines")
    probe.many("pipeline/define", "one of 10 000", lambda n: {
        "pipeline": f"small-{n}", "stages": 2, "microbatches": 2, **scheduled}, 10_000)
    probe.call("session/close", "with 75 000 pipelines")


def row(stage: int, frequency: int, **more: Any) -> dict[str, Any]:
    figures = {"timeSeconds": 100.0 / frequency, "energyJoules": frequency / 10}
    return {"stage": stage, "instruction": "forward", "frequency": frequency, **(more or figures)}


def profiles(probe: Probe) -> None:
    probe.call("pipeline/define", "4096 x 8", pipeline="p", schedule="1f1b", stages=4096, microbatches=8,
               blockingPowerWatts=80.0)
    rows = [row(n % 4096, 1000 + n // 4096) for n in range(65_536)]
    probe.call("profile/submit", "65 536 rows", pipeline="p", rows=rows)
    probe.call("profile/submit", "the same rows again", pipeline="p", rows=rows)
    probe.call("profile/submit", "65 536 rows withdrawn", pipeline="p", withdraw=[
        {key: one[key] for key in ("stage", "instruction", "frequency")} for one in rows])
    samples = [{"timeSeconds": 0.1 + n / 1e6, "energyJoules": 100.0 + n} for n in range(256)]
    probe.call("profile/submit", "131 072 samples", pipeline="p", rows=[
        row(n, 1000, samples=samples) for n in range(512)])
    probe.call("profile/submit", "samples withdrawn", pipeline="p", withdraw=[
        {"stage": n, "instruction": "forward"} for n in range(512)])
    lines = [f"{n % 4096},backward,{1000 + n // 4096},{100 / (1000 + n):.17f},{n + 1}" for n in range(65_536)]
    text = "stage,instruction,frequency,time,energy\n" + "\n".join(lines)
    probe.call("profile/submit", "csvText of 65 536 rows", pipeline="p", csvText=text)
    probe.call("profile/submit", "csvText of 16 MiB", pipeline="p", csvText=text + "\n" * ((16 << 20) - len(text)))
    probe.call("session/export", "a full profile")
    probe.call("session/close", "a full profile")


def plans(probe: Probe) -> None:
    """The largest iteration, with as small a search as may be asked for: what counts here is the loop's part."""
    probe.call("pipeline/define", "64 x 512", pipeline="p", schedule="1f1b", stages=64, microbatches=512,
               blockingPowerWatts=80.0, job="training", dataParallelWidth=64)
    probe.call("profile/submit", "64 stages", pipeline="p", rows=[
        {**row(stage, frequency), "instruction": kind} for stage in range(64) for kind in ("forward", "backward")
        for frequency in (1000, 1200, 1400)])
    probe.call("frontier/characterize", "65 536 instructions", pipeline="p", planCount=2, breakpointBudget=0,
               toleranceFraction=1.0)
    probe.call("frontier/query", "65 536 instructions", pipeline="p", slowdownFraction=0.1)
    probe.call("frontier/curve", "65 536 instructions, with picture", pipeline="p", picture=True)
    probe.call("frontier/savings", "4096 slowdowns", pipeline="p", slowdownFractions=[n / 4096 for n in range(4096)])
    probe.call("plan/get", "65 536 instructions", pipeline="p", plan=0)
    probe.call("plan/timeline", "65 536 instructions", pipeline="p", plan=0)
    probe.call("plan/timeline", "65 536 instructions, with picture", pipeline="p", plan=0, picture=True)
    settings = [{"stage": stage, "instruction": kind, "microbatch": microbatch, "frequency": 1400}
                for stage in range(64) for kind in ("forward", "backward") for microbatch in range(512)]
    probe.call("plan/evaluate", "65 536 settings, with timeline and picture", pipeline="p", settings=settings,
               timeline=True, picture=True)
    trace = [{"stage": setting["stage"], "instruction": setting["instruction"], "microbatch": setting["microbatch"],
              "startSeconds": float(n), "endSeconds": n + 0.5} for n, setting in enumerate(settings)]
    probe.call("iteration/report", "a trace of 65 536", pipeline="p", plan=0, iterations=[{"trace": trace}])
    probe.call("plan/uncertainty", "65 536 instructions", pipeline="p", plan=0, resampleCount=10)
    prices = [{"startSeconds": float(n), "pricePerJoule": 1e-7 * (1 + n % 7)} for n in range(2048)]
    probe.call("plan/series", "2048 prices", pipeline="p", prices=prices, endSeconds=1e9, iterationCount=1000)
    probe.call("straggler/report", "64 ranks", pipeline="p", rankSlowdownFractions=[0.1] * 64)
    probe.call("pipeline/get", "65 536 instructions", pipeline="p")
    probe.call(
        "pipeline/define",
        "65 536 instructions with a frontier, again",
        pipeline="p",
        schedule="1f1b",
        stages=64,
        microbatches=512,
        blockingPowerWatts=80.0,
    )
    many_points(probe)


def small_pipeline(probe: Probe, name: str = "q", **options: Any) -> None:
    probe.call("pipeline/define", "8 x 12", pipeline=name, schedule="1f1b", stages=8, microbatches=12,
               blockingPowerWatts=80.0)
    probe.call("profile/submit", "8 stages", pipeline=name, rows=[
        {**row(stage, frequency), "instruction": kind, "timeSeconds": (1 + 0.1 * stage) * 100.0 / frequency}
        for stage in range(8) for kind in ("forward", "backward") for frequency in range(1000, 1400, 7)])
    probe.call("frontier/characterize", "8 x 12", pipeline=name, **options)


def variants(probe: Probe) -> None:
    """As many kinds of iterations as may take turns, each with as long a list of plans as may be asked for."""
    names = [f"variant-{n}" for n in range(64)]
    for name in names:
        small_pipeline(probe, name, effort="quick", planCount=4096)
    probe.call("plan/variants", "64 pipelines of 4096 plans", slowdownFraction=0.05,
               variants=[{"pipeline": name, "weight": 1.0 + n} for n, name in enumerate(names)])


def many_points(probe: Probe) -> None:
    """A small iteration with as long a list of plans as may be asked for."""
    small_pipeline(probe)
    probe.call("frontier/characterize", "4096 plans", pipeline="q", planCount=4096)
    probe.call("frontier/curve", "4096 plans asked for", pipeline="q")
    probe.call("frontier/curve", "4096 plans asked for, with picture", pipeline="q", picture=True)
    probe.call("frontier/savings", "4096 slowdowns, 4096 plans", pipeline="q",
               slowdownFractions=[n / 4096 for n in range(4096)])
    prices = [{"startSeconds": float(n), "pricePerJoule": 1e-7 * (1 + n % 7)} for n in range(2048)]
    probe.call("plan/series", "2048 prices, 4096 plans", pipeline="q", prices=prices, endSeconds=1e9,
               iterationCount=1000)
    probe.call("plan/uncertainty", "100 000 resamples", pipeline="q", plan=0, resampleCount=100_000)
    probe.call("profile/next", "256 measurements", pipeline="q", count=256, sufficientRegretFraction=0)
    probe.call("profile/next", "256 clocks", pipeline="q", sufficientRegretFraction=0,
               frequencies=list(range(1000, 1256)))
    replicas = [f"replica-{n}" for n in range(65_535)]
    probe.call("pipeline/replicate", "65 535 replicas with a frontier", pipeline="q", replicas=replicas)
    probe.call("job/get", "65 536 pipelines", job="q")
    probe.call("power/shed", "65 536 pipelines, every pace", job="q", curve=True)
    probe.call("power/allocate", "65 536 jobs", budgetWatts=1e30,
               jobs=[{"job": "q", "weight": 1 + n % 100} for n in range(65_536)])
    probe.call("power/allocate", "128 jobs, 2048 budgets", endSeconds=1e9, jobs=[{"job": "q", "count": 9}] * 128,
               budgets=[{"startSeconds": n, "budgetWatts": 1e30 - n} for n in range(2048)])
    probe.call("straggler/report", "65 536 pipelines change", pipeline="replica-7", slowdownFraction=0.2)
    probe.call("straggler/report", "its end", pipeline="replica-7", ended=True)
    probe.call("session/export", "65 536 pipelines")
    report = Request("straggler/report", {"session": "s", "pipeline": "replica-7", "slowdownFraction": 0.3})
    with probe.measuring("straggler/report", "65 536 pipelines, the same again, of 20", count=20):
        probe.client.pipeline_requests([report] * 20)
    probe.call("session/close", "65 536 pipelines")


def part(kind: str, count: int) -> list[dict[str, Any]]:
    return [{"id": f"{kind}{n}", "parameterCount": 10**9 + n, "family": f"{kind}{n // 5}", "layerCount": 24}
            for n in range(count)]


TASK = {"name": "t", "metric": {"name": "loss", "direction": "minimize"}, "alignmentSampleCount": 10**6}


def pools(probe: Probe) -> None:
    probe.call("pool/submit", "256 x 256 candidates", encoders=part("e", 256), languageModels=part("l", 256), task=TASK)
    probe.call("evidence/submit", "64 sources of 65 536 candidates", sources=[
        {"name": f"task {n}", "kind": "relatedTask",
         "scores": [{"encoder": f"e{m}", "score": (m * (n + 7)) % 257 / 257} for m in range(256)]} for n in range(64)])
    trials = [probe.call("trial/next", "65 536 candidates", worker=f"w{n}") for n in range(100)]
    for step, trial in itertools.product((1, 2), trials):
        probe.call("trial/update", "65 536 candidates", trial=trial["trial"], step=step,
                   dataFraction=trial["toFraction"] * step / 2, score=1.0 + trial["trial"] / 100, gpuSeconds=1.0)
        probe.call("suggestion/get", "65 536 candidates")
    probe.call(
        "suggestion/get", "65 536 candidates, all evidence and untried", evidenceLimit=65_536, untriedLimit=65_536
    )
    probe.call("suggestion/ranking", "65 536 candidates", limit=65_536)
    probe.call("suggestion/pareto", "65 536 candidates", objectives=["score", "parameterCount"])
    trial = probe.call("trial/next", "65 536 candidates", worker="late")
    probe.call("trial/fail", "65 536 candidates", trial=trial["trial"], kind="lost")
    probe.call("pool/clusters", "256 x 256", kernel="linear")
    probe.call("trial/list", "101 trials", limit=10_000)
    one = {"encoder": "e200", "languageModel": "l200"}
    probe.call("candidate/pin", "65 536 candidates", **one)
    probe.call("candidate/advance", "65 536 candidates", **one, toFraction=0.5)
    probe.call("candidate/ban", "65 536 candidates", encoder="e201", languageModel="l201")
    probe.call("candidate/withdraw", "65 536 candidates", encoder="e202", languageModel="l202")
    probe.call("search/revise", "65 536 candidates", constraints={
        "deniedPairs": [[f"e{n // 256}", f"l{n % 256}"] for n in range(0, 65_536, 2)]}, budget={"trials": 100_000})
    small_pipeline(probe)
    pairs = [{"encoder": f"e{n // 256}", "languageModel": f"l{n % 256}", "pipeline": "q", "samplesPerIteration": 1024}
             for n in range(65_536)]
    probe.call("suggestion/pipeline", "65 536 candidates", pipelines=pairs)
    probe.call("session/export", "65 536 candidates")
    probe.call("session/close", "65 536 candidates")


def reports(probe: Probe) -> None:
    """One trial with 400 000 reports."""
    probe.call("pool/submit", "one candidate", encoders=part("e", 1), languageModels=part("l", 1), task=TASK,
               search={"strategy": "grid"})
    trial = probe.call("trial/next", "one candidate")["trial"]
    count = 400_000
    for start in range(0, count, 20_000):
        probe.client.pipeline_requests([
            Request("trial/update", {"session": "s", "trial": trial, "step": n, "dataFraction": (n + 1) / (2 * count),
                                     "score": 1.0 + 1 / (n + 1), "gpuSeconds": float(n)})
            for n in range(start, start + 20_000)])
    probe.call("trial/update", "after 400 000 reports", trial=trial, step=count, dataFraction=0.6, score=1.0)
    probe.call("suggestion/get", "400 000 reports", evidenceLimit=65_536)
    probe.call("session/export", "400 000 reports")
    revision = probe.call("session/list", "one session")["sessions"][0]["revision"]
    probe.call("session/watch", "4000 pushes that it missed", fromRevision=revision - 4000)
    probe.call("trial/fail", "after 400 000 reports", trial=trial, kind="lost")
    probe.call("session/close", "400 000 reports")


def representations(probe: Probe) -> None:
    probe.call("pool/submit", "64 x 2", encoders=part("e", 64), languageModels=part("l", 2), task=TASK)
    data = base64.b64encode(array("f", Random(1).choices(range(1 << 16), k=9 << 20)).tobytes()).decode()
    probe.call("pool/attachRepresentation", "48 MiB of base64", encoder="e0", base64=data, elementType="float32",
               shape=[9216, 1024])
    rows = [[float(n % 97) + m / 64 for m in range(113)] for n in range(9216)]
    probe.call("pool/attachRepresentation", "1 041 408 numbers as rows", encoder="e1", rows=rows)
    probe.call("pool/clusters", "9216 samples", batchSize=1024, estimator="minibatch")
    probe.call("session/export", "48 MiB of base64")
    probe.call("session/close", "48 MiB of base64")


def combinations(probe: Probe) -> None:
    """Many candidates of few parts: what there is to read says nothing about them."""
    probe.call("pool/submit", "40 x 40 x 40 candidates", encoders=part("e", 40), projectors=part("p", 40),
               languageModels=part("l", 40), task=TASK)


def together(probe: Probe) -> None:
    """A batch of 1000, and large answers asked for in one write: how long until the first leaves is the loop's
    affair."""
    probe.call("pipeline/define", "64 x 512", pipeline="p", schedule="1f1b", stages=64, microbatches=512,
               blockingPowerWatts=80.0)
    with probe.measuring("pipeline/get", "65 536 instructions, one of 20 in one write", count=20):
        probe.client.pipeline_requests([Request("pipeline/get", {"session": "s", "pipeline": "p"})] * 20)


PARTS = (
    gpus, sessions, definitions, profiles, plans, variants, pools, reports, representations, combinations, together)


@contextmanager
def server(binary: Path, holds: Holds) -> Iterator[Probe]:
    with Trimtab([str(binary), "serve", "--log-holds", str(REPORTED_MILLISECONDS)], timeout=300) as client:
        client.open_session("s")
        yield Probe(holds, client)


def measure(report: Any, binary: Path) -> None:
    holds = Holds()
    for one in PARTS:
        with server(binary, holds) as probe:
            one(probe)
    for method, note, hold, total in holds.rows():
        report.add(f"hold of the loop, {method}", 1e3 * hold, "CPU ms", aim=f"< {1e3 * AIM_SECONDS:.0f}",
                   note=f"{note}; in all {1e3 * total:.1f}")
    with server(binary, holds) as probe:
        known = set(probe.client.server["capabilities"]["methods"]) - {"initialize", "shutdown"}
    holds.failures += [f"{method} is driven by no case" for method in sorted(known - {case[0] for case in holds.cases})]
    for failure in holds.failures:
        report.add("  refused", "", "", note=failure)
