"""The clocks of one rank: what `plan/get` says of it, in the order in which the rank runs its instructions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..trace.actions import INSTRUCTIONS

if TYPE_CHECKING:
    from ..answers import PlanDetail

# What training frameworks run as one instruction that hooks can see. A recomputation is part of their backward.
_SEEN = set(INSTRUCTIONS.values()) - {"recompute"}


@dataclass(frozen=True)
class Step:
    """One instruction of a rank and its clock in MHz; 0 leaves the clock as it is."""

    stage: int
    instruction: str
    microbatch: int
    mhz: int

    @property
    def key(self) -> tuple[int, str, int]:
        return (self.stage, self.instruction, self.microbatch)


@dataclass(frozen=True)
class ClockPlan:
    """The steps of one rank in one iteration, in order."""

    steps: tuple[Step, ...]

    @staticmethod
    def of(detail: PlanDetail) -> ClockPlan:
        """From the answer of `session.plan(pipeline, rank=...)`, which has the stages of that rank alone.

            plan = ClockPlan.of(session.plan("gpt", slowdown_fraction=0.02, rank=3))
        """
        steps: list[tuple[float, Step]] = []
        for stage in detail.stages:
            for one in stage.instructions:
                mhz, start = _clock(one.frequency), one.start_seconds
                if one.overlapped is not None:
                    # The pair is listed under both stages: once is enough.
                    if stage.stage != one.overlapped.forward_stage or one.microbatch is None:
                        continue
                    backward = one.overlapped
                    steps.append((start, Step(stage.stage, "forward", one.microbatch, mhz)))
                    steps.append((start, Step(backward.stage, "backward", backward.microbatch, mhz)))
                elif one.instruction in _SEEN and one.microbatch is not None:
                    kind = "backward" if one.instruction == "recomputeBackward" else one.instruction
                    steps.append((start, Step(stage.stage, kind, one.microbatch, mhz)))
        steps.sort(key=lambda step: step[0])
        return ClockPlan(tuple(step for _, step in steps))

    def __post_init__(self) -> None:
        if len({step.key for step in self.steps}) != len(self.steps):
            raise ValueError("a plan has each instruction of a rank once")

    def clocks(self) -> dict[tuple[int, str, int], int]:
        """The clock of each instruction."""
        return {step.key: step.mhz for step in self.steps}

    def to_json(self) -> str:
        return json.dumps([[step.stage, step.instruction, step.microbatch, step.mhz] for step in self.steps])

    @staticmethod
    def from_json(text: str) -> ClockPlan:
        return ClockPlan(tuple(Step(*row) for row in json.loads(text)))


def _clock(frequency: Any) -> int:
    """The clock of a setting: a number of MHz, or the member `frequency` or `clock` of an object of several knobs."""
    if isinstance(frequency, Mapping):
        frequency = frequency.get("frequency", frequency.get("clock"))
    if isinstance(frequency, bool) or not isinstance(frequency, (int, float)) or frequency != int(frequency):
        raise ValueError(f"a clock is a whole number of MHz, found {frequency!r}; the plan sets another knob")
    return int(frequency)


def share_plans(plans: Mapping[int, ClockPlan] | None, rank: int, *, source: int = 0, group: Any = None) -> ClockPlan:
    """Hands every rank its plan over `torch.distributed`: all ranks call it, and `source` has the plan of each.

        plan = share_plans({r: ClockPlan.of(session.plan("gpt", plan=0, rank=r)) for r in range(8)}
                           if rank == 0 else None, rank)
    """
    import torch.distributed as distributed

    sent = [None if plans is None else {key: plan.to_json() for key, plan in plans.items()}]
    distributed.broadcast_object_list(sent, src=source, group=group)
    shared: Mapping[int, str] | None = sent[0]
    if shared is None or rank not in shared:
        raise ValueError(f"rank {source} has no plan of rank {rank}")
    return ClockPlan.from_json(shared[rank])
