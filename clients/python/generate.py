"""Writes `trimtab/declared.py` from protocol-spec/model.json: the words and objects that params may be."""

from __future__ import annotations

import json
import re
import textwrap
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
MODEL = HERE.parents[1] / "protocol-spec" / "model.json"
OUTPUT = HERE / "trimtab" / "declared.py"

# Python name: the param that has these words, or these fields.
WORDS = {
    "CurveKind": "pool/submit task.curve",
    "Direction": "pool/submit task.metric.direction", "Diverged": "trial/update score",
    "Effort": "frontier/characterize effort",
    "ElementType": "pool/attachRepresentation elementType",
    "ErrorTransform": "pool/submit task.metric.errorTransform", "EvidenceKind": "evidence/submit sources.kind",
    "Estimate": "frontier/characterize estimate", "Estimator": "pool/clusters estimator",
    "Kernel": "pool/clusters kernel", "Linkage": "pool/clusters linkage", "Objective": "frontier/query objective",
    "NoFloor": "search/revise metrics.floor",
    "ParetoObjective": "suggestion/pareto objectives", "PowerMeasure": "power/allocate power",
    "PushGroup": "session/watch pushes",
    "Resampling": "plan/uncertainty resampling", "Schedule": "pipeline/define schedule",
    "Strategy": "pool/submit search.strategy", "TrialFailure": "trial/fail kind",
    "UnknownFields": "initialize unknownFields",
}
OBJECTS = {
    "Budget": "pool/submit search.budget", "PoolConstraints": "pool/submit constraints",
    "PowerGroup": "power/allocate groups", "PowerJob": "power/allocate jobs",
    "PowerPlacement": "power/allocate jobs.placements",
    "SearchSettings": "pool/submit search", "TrainedBy": "suggestion/pipeline pipelines",
}
SCALARS = {"string": "str", "number": "float", "integer": "int", "boolean": "bool"}


def snake(name: str) -> str:
    """The Python spelling of a wire name."""
    return re.sub(r"(?<=[a-z0-9])([A-Z]+)", lambda match: "_" + match[1].lower(), name)


def fields_of(model: dict[str, Any], place: str) -> list[dict[str, Any]]:
    """The fields inside `place`, such as `pool/submit search`."""
    method, _, path = place.partition(" ")
    fields: list[dict[str, Any]] = next(one["params"] for one in model["methods"] if one["method"] == method)
    for name in path.split(".") if path else ():
        fields = next(one["fields"] for one in fields if one["name"] == name)
    return fields


def words_of(model: dict[str, Any], place: str) -> list[str]:
    path, _, name = place.rpartition("." if "." in place else " ")
    words: list[str] = next(one["values"] for one in fields_of(model, path) if one["name"] == name)
    return words


def python_type(field: dict[str, Any], place: str) -> str:
    depth = str(field["type"]).count("list of ")
    known = next((name for names in (WORDS, OBJECTS) for name, where in names.items() if where == place), None)
    inner = known or SCALARS[re.sub("^(list of )+", "", field["type"])]
    return "Sequence[" * depth + inner + "]" * depth


def text(model: dict[str, Any]) -> str:
    """The module's text."""
    lines = [
        '"""What params may be, by name. Generated from protocol-spec/model.json by generate.py; do not edit."""',
        "",
        "from __future__ import annotations",
        "",
        "from collections.abc import Sequence",
        "from typing import TYPE_CHECKING, Literal, TypedDict",
        "",
        "if TYPE_CHECKING:",
        "    from typing_extensions import NotRequired, Required",
        "",
    ]
    for name, place in WORDS.items():
        words = ", ".join(f'"{word}"' for word in words_of(model, place))
        line = f"{name} = Literal[{words}]"
        wrapped = textwrap.wrap(f"{words},", 120, initial_indent="    ", subsequent_indent="    ")
        lines += [line] if len(line) <= 120 else [f"{name} = Literal[", *wrapped, "]"]
    for name, place in OBJECTS.items():
        lines += [
            "",
            "",
            f"class {name}(TypedDict):",
            f'    """`{place.partition(" ")[2]}` of {place.partition(" ")[0]}."""',
            "",
        ]
        for field in fields_of(model, place):
            within = place + ("." if "." in place or " " in place else " ") + field["name"]
            need = "Required" if field["required"] else "NotRequired"
            lines.append(f"    {snake(field['name'])}: {need}[{python_type(field, within)}]")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    OUTPUT.write_text(text(json.loads(MODEL.read_text())))
