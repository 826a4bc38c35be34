"""The labels of pipeline actions in a trace.

PyTorch's pipelining runtime labels each action as `PP:3F7`, which is the forward of microbatch 7 on stage 3, with the
wait for its input inside. `trimtab.gpu`'s hook writes `trimtab:3F7` around the computation alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

RUNTIME_PREFIX = "PP:"
HOOK_PREFIX = "trimtab:"

# By PyTorch's letter, the name that `pipeline/define` has for the kind of instruction.
INSTRUCTIONS = {
    "F": "forward",
    "B": "backward",
    "I": "inputGradient",
    "W": "weightGradient",
    "R": "recompute",
    "FB": "recomputeBackward",
}
_LETTERS = {name: letter for letter, name in INSTRUCTIONS.items()}
_ACTION = re.compile(r"(\d+)(FB|F|B|I|W|R|SEND_F|SEND_B|RECV_F|RECV_B|UNSHARD|RESHARD|REDUCE_GRAD)(\d*)$")
_OVERLAPPED = re.compile(r"\((\d+)F(\d+);(\d+)B(\d+)\)OVERLAP_F_B$")


@dataclass(frozen=True)
class Action:
    """One cell of a schedule. `kind` is an instruction's name, or PyTorch's word for what is none (`RECV_F`).

    Of a forward that is overlapped with a backward, `stage` and `microbatch` are the forward's.
    """

    kind: str
    stage: int
    microbatch: int | None = None
    backward_stage: int | None = None
    backward_microbatch: int | None = None

    @property
    def is_instruction(self) -> bool:
        return self.kind in _LETTERS or self.backward_stage is not None

    @property
    def cell(self) -> str:
        """The action as a cell of PyTorch's schedule CSV."""
        if self.backward_stage is not None:
            return f"({self.stage}F{self.microbatch};{self.backward_stage}B{self.backward_microbatch})OVERLAP_F_B"
        microbatch = "" if self.microbatch is None else str(self.microbatch)
        return f"{self.stage}{_LETTERS.get(self.kind, self.kind)}{microbatch}"

    def producers(self, last_stage: int) -> tuple[tuple[str, int, int], ...]:
        """What must have ended on the neighbouring stage: direction (`F` or `B`), stage, microbatch."""
        found: list[tuple[str, int, int]] = []
        if self.microbatch is None:
            return ()
        if (self.kind == "forward" or self.backward_stage is not None) and self.stage > 0:
            found.append(("F", self.stage - 1, self.microbatch))
        stage, microbatch = self.stage, self.microbatch
        if self.backward_stage is not None and self.backward_microbatch is not None:
            stage, microbatch = self.backward_stage, self.backward_microbatch
        elif self.kind not in ("backward", "inputGradient", "recomputeBackward"):
            return tuple(found)
        if stage < last_stage:
            found.append(("B", stage + 1, microbatch))
        return tuple(found)

    def products(self) -> tuple[tuple[str, int, int], ...]:
        """What it makes that a neighbouring stage waits for: direction, stage, microbatch."""
        if self.microbatch is None:
            return ()
        if self.backward_stage is not None and self.backward_microbatch is not None:
            return (("F", self.stage, self.microbatch), ("B", self.backward_stage, self.backward_microbatch))
        if self.kind == "forward":
            return (("F", self.stage, self.microbatch),)
        if self.kind in ("backward", "inputGradient", "recomputeBackward"):
            return (("B", self.stage, self.microbatch),)
        return ()


def parse_cell(text: str) -> Action | None:
    """A cell of a schedule, such as `3F7` or `(0F7;7B3)OVERLAP_F_B`; None if it is none."""
    match = _ACTION.match(text)
    if match:
        stage, kind, microbatch = match.groups()
        return Action(INSTRUCTIONS.get(kind, kind), int(stage), int(microbatch) if microbatch else None)
    match = _OVERLAPPED.match(text)
    if match:
        stage, microbatch, backward_stage, backward_microbatch = map(int, match.groups())
        return Action(f"forwardWithBackwardOf{backward_stage}", stage, microbatch, backward_stage, backward_microbatch)
    return None


def label(kind: str, stage: int, microbatch: int) -> str:
    """The hook's label of an instruction: `label("forward", 3, 7)` is `trimtab:3F7`."""
    return f"{HOOK_PREFIX}{stage}{_LETTERS[kind]}{microbatch}"
