"""Hooks that say when an instruction begins and ends on this rank.

`attach` wraps the forward and backward of the stages of a `torch.distributed.pipelining` schedule. The wrapping is at
the stages, and not by `register_custom_function`, because that replaces an action without handing over the default,
and because Schedule1F1B and ScheduleGPipe do not run in the runtime that knows it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, Protocol

from ..trace.actions import label as label_of

if TYPE_CHECKING:
    from .plan import ClockPlan


class Observer(Protocol):
    """Hears of each instruction of this rank, in the thread that runs it: a controller of clocks, a profiler."""

    def begin(self, stage: int, instruction: str, microbatch: int) -> None: ...

    def end(self, stage: int, instruction: str, microbatch: int) -> None: ...


class Attachment:
    """Hooks that are in place until `detach`, or the end of a `with` block."""

    def __init__(self) -> None:
        self._undo: list[Callable[[], None]] = []

    def replace(self, owner: Any, name: str, new: Any) -> None:
        """Sets an attribute until `detach`."""
        own = owner.__dict__
        had, old = name in own, own.get(name)
        setattr(owner, name, new)
        self._undo.append((lambda: setattr(owner, name, old)) if had else (lambda: delattr(owner, name)))

    def detach(self) -> None:
        """Puts everything back as it was."""
        while self._undo:
            self._undo.pop()()

    def __enter__(self) -> Attachment:
        return self

    def __exit__(self, *_: object) -> None:
        self.detach()


def attach(schedule: Any, *observers: Observer, label: bool = False) -> Attachment:
    """Has `observers` hear of every instruction of a `torch.distributed.pipelining` schedule, of any class.

    With `label` the trace of `torch.profiler` gets a label around each, for `trimtab.from_trace`.

        with attach(schedule, controller, label=True):
            schedule.step(inputs)
    """
    stages = getattr(schedule, "_stages", None) or [schedule._stage]
    labelled = _record_function() if label else None
    attachment = Attachment()
    for stage in stages:
        _wrap(attachment, stage, observers, labelled)
    return attachment


def _record_function() -> Callable[[str], AbstractContextManager[Any]]:
    from torch.profiler import record_function

    return lambda name: record_function(name)


def _wrap(
    attachment: Attachment, stage: Any, observers: tuple[Observer, ...],
    labelled: Callable[[str], AbstractContextManager[Any]] | None,
) -> None:
    index = stage.stage_index

    def observed(method: Callable[..., Any], kind: str, microbatch: int, arguments: Any, options: Any) -> Any:
        with nullcontext() if labelled is None else labelled(label_of(kind, index, microbatch)):
            for observer in observers:
                observer.begin(index, kind, microbatch)
            try:
                return method(microbatch, *arguments, **options)
            finally:
                for observer in observers:
                    observer.end(index, kind, microbatch)

    forward, backward, weight = (
        stage.forward_one_chunk, stage.backward_one_chunk, stage.backward_weight_one_chunk)

    def forward_one_chunk(fwd_chunk_id: int, *arguments: Any, **options: Any) -> Any:
        return observed(forward, "forward", fwd_chunk_id, arguments, options)

    def backward_one_chunk(
        bwd_chunk_id: int, loss: Any = None, full_backward: bool = True, *arguments: Any, **options: Any
    ) -> Any:
        if not stage.has_backward:
            return backward(bwd_chunk_id, loss, full_backward, *arguments, **options)
        kind = "backward" if full_backward else "inputGradient"
        return observed(backward, kind, bwd_chunk_id, (loss, full_backward, *arguments), options)

    def backward_weight_one_chunk(bwd_chunk_id: int, *arguments: Any, **options: Any) -> Any:
        if not stage.has_backward:
            return weight(bwd_chunk_id, *arguments, **options)
        return observed(weight, "weightGradient", bwd_chunk_id, arguments, options)

    attachment.replace(stage, "forward_one_chunk", forward_one_chunk)
    attachment.replace(stage, "backward_one_chunk", backward_one_chunk)
    attachment.replace(stage, "backward_weight_one_chunk", backward_weight_one_chunk)


class PlanOrderError(RuntimeError):
    """A framework ran another instruction than the plan has next."""


class _Cursor:
    """Where a framework is in the plan that does not say which microbatch it runs."""

    def __init__(self, plan: ClockPlan, observers: tuple[Observer, ...]) -> None:
        self._plan, self._observers, self._position = plan, observers, 0

    def run(self, kind: str, work: Callable[[], Any]) -> Any:
        step = self._plan.steps[self._position]
        if step.instruction != kind:
            raise PlanOrderError(
                f"the plan has {step.instruction} of microbatch {step.microbatch} on stage {step.stage} next, and the "
                f"framework runs a {kind}; define the pipeline with the framework's schedule")
        self._position = (self._position + 1) % len(self._plan.steps)
        for observer in self._observers:
            observer.begin(*step.key)
        try:
            return work()
        finally:
            for observer in self._observers:
                observer.end(*step.key)


def _evaluates() -> bool:
    """Whether gradients are off: an evaluation, of which the plan says nothing."""
    import torch

    return not torch.is_grad_enabled()


def attach_megatron(schedules: Any, plan: ClockPlan, *observers: Observer) -> Attachment:
    """Hooks for Megatron-LM: `schedules` is the module `megatron.core.pipeline_parallel.schedules`, whose
    `forward_step` and `backward_step` its schedules call for every microbatch. Instructions are distinguished by the
    plan's order. Tested against a stand-in; not run on a GPU."""
    cursor, attachment = _Cursor(plan, observers), Attachment()
    for name, kind in (("forward_step", "forward"), ("backward_step", "backward")):
        attachment.replace(schedules, name, _counted(cursor, kind, getattr(schedules, name)))
    return attachment


def attach_deepspeed(engine: Any, plan: ClockPlan, *observers: Observer) -> Attachment:
    """Hooks for DeepSpeed: `engine` is the `PipelineEngine`, whose map of instructions is replaced by one that counts
    forward and backward passes. Tested against a stand-in; not run on a GPU."""
    cursor, attachment = _Cursor(plan, observers), Attachment()
    kinds = {"ForwardPass": "forward", "BackwardPass": "backward"}
    instructions = {
        command: _counted(cursor, kinds[command.__name__], method) if command.__name__ in kinds else method
        for command, method in engine._INSTRUCTION_MAP.items()}
    attachment.replace(engine, "_INSTRUCTION_MAP", instructions)
    return attachment


def _counted(cursor: _Cursor, kind: str, method: Callable[..., Any]) -> Callable[..., Any]:
    def counted(*arguments: Any, **options: Any) -> Any:
        if kind == "forward" and _evaluates():
            return method(*arguments, **options)
        return cursor.run(kind, lambda: method(*arguments, **options))

    return counted
