"""`python -m trimtab launch trimtab.toml`: a search written down in one file.

The file may say a pipeline and its profile, too, as `protocol-spec/manifest.md` of the repository describes: a launcher
computes their frontier before its first trial, for editors and notebooks to show. Where the `trimtab` program is at
hand, its `check` says what is wrong with a manifest.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, Optional

from ..answers import GPU, SuggestionReport
from ..errors import TrimtabError
from ..frames import command_line
from .job import TABLES
from .options import known_fields

EXAMPLE = """\
# A search for the best pair of models. Run it with `python -m trimtab launch trimtab.toml`; run it again to go on.
# Paths, and the command, start in this file's folder.

command = "python train.py"    # {encoder}, {language_model}, {projector} and {trial} in it are filled in
state = "search"               # the folder that keeps the search, checkpoints and logs
gpus = 4                       # or "all", ["0", "1"], or [{ id = "0", memory_bytes = 80_000_000_000 }]
# checkpoints = "needed"       # delete those that the search needs no more; "all" keeps them
steps = 17_400                 # of a training on all data, unless the script says it: trimtab.trial(steps=...)

[pool]
encoders = ["clip", { id = "siglip", parameter_count = 400_000_000, family = "siglip" }]
language_models = ["qwen", "phi"]
# projectors = ["mlp"]         # where there is a choice
# constraints = { maximum_parameter_count = 9_000_000_000 }

[pool.task]
name = "vqa"
alignment_sample_count = 558_000   # samples of all data
metric = { name = "accuracy", direction = "maximize" }

[search]                       # all optional: see protocol-spec/methods/pool/submit.md
strategy = "race"
# budget = { gpu_seconds = 360_000.0 }

[limits]                       # in seconds, all optional
# trial = 86_400.0             # the longest that a trial may run
# report = 3_600.0             # the longest between two reports
grace = 60.0                   # to save and end after a decision

# [environment]                # for the trials, beside this one's
# TOKENIZERS_PARALLELISM = "false"
"""
NAMES = ("trimtab.toml", "trimtab.json")
FIELDS = ("name", "command", "state", "gpus", "steps", "pool", "search", "limits", "environment", "seed", "table",
          "checkpoints")
OTHERS = ("model", *TABLES, "objective")
REFUSED = (1, 2)  # exit statuses of `trimtab check`; a program without that command gives another


def load(path: Path) -> dict[str, Any]:
    """The arguments of `launch` from a manifest in TOML, or in JSON where the name ends so; of a manifest with a
    training job and nothing to search those of `open_job`.

    Raises ValueError that says what is wrong with it, as `trimtab check` does where the program is at hand.
    """
    _check(path)
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        manifest: dict[str, Any] = json.loads(text)
    else:
        manifest = _toml().loads(text)
    if not isinstance(manifest, dict):
        raise ValueError(f"{path} has no table at its top")
    job = {name: manifest[name] for name in TABLES if name in manifest}
    manifest = {name: value if name == "environment" else _in_snake_case(value) for name, value in manifest.items()}
    known_fields(manifest, (*FIELDS, *OTHERS), str(path))
    for name in OTHERS:
        manifest.pop(name, None)
    if "pipeline" in job and "profile" in job:
        manifest["job"] = job
    # Of a training job alone there is nothing to search, and its frontier is all that is wanted.
    is_job_alone = "job" in manifest and not {"pool", "search", "command"} & manifest.keys()
    for name in ("state",) if is_job_alone else ("command", "state", "pool"):
        if name not in manifest:
            raise ValueError(f"{path} does not say {name!r}; `python -m trimtab launch --example` prints a manifest")
    if is_job_alone:
        return manifest
    search = manifest.pop("search", {})
    manifest["pool"] = {**manifest["pool"], "search": {**manifest["pool"].get("search", {}), **search}}
    if isinstance(manifest.get("gpus"), list):
        manifest["gpus"] = [_gpu(one) for one in manifest["gpus"]]
    return manifest


def _check(path: Path) -> None:
    """Raises ValueError with what `trimtab check` says of a manifest; without a binary only its folder is checked."""
    other = next((name for name in NAMES if path.name in NAMES and name != path.name), None)
    if other is not None and path.with_name(other).exists():
        raise ValueError(f"{path}: its folder has {other}, too; remove one")
    try:
        program = command_line(None)[0]
    except FileNotFoundError:
        if os.environ.get("TRIMTAB_BINARY"):
            raise  # it was meant to be there
        return
    done = subprocess.run([program, "check", "--no-files", str(path)], capture_output=True, text=True, check=False,
                          stdin=subprocess.DEVNULL)
    if done.returncode in REFUSED:
        raise ValueError((done.stdout or done.stderr.removeprefix("trimtab: ")).rstrip())


def _in_snake_case(value: Any) -> Any:
    """Keys in camel case, as they are on the wire, are taken for the manifest's own, of which `trimtab check` warns."""
    if isinstance(value, Mapping):
        return {re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower(): _in_snake_case(inner)
                for name, inner in value.items()}
    return [_in_snake_case(inner) for inner in value] if isinstance(value, list) else value


def _gpu(one: Any) -> Any:
    if not isinstance(one, Mapping):
        return one
    known_fields(one, GPU, "a GPU")
    return GPU(**one)


def _toml() -> Any:
    """Python's reader of TOML, or the package from which it comes."""
    from importlib import import_module

    for name in ("tomllib", "tomli"):
        try:
            return import_module(name)
        except ModuleNotFoundError:
            continue
    raise ModuleNotFoundError("Python 3.10 reads no TOML: pip install 'trimtab[launch]', or write the manifest in JSON")


def main(arguments: Sequence[str]) -> int:
    """The command line; the exit code."""
    parser = argparse.ArgumentParser(prog="trimtab launch", description=__doc__)
    parser.add_argument("manifest", nargs="?", type=Path, help="such as trimtab.toml; see --example")
    parser.add_argument("--example", action="store_true", help="print a manifest to begin with")
    parser.add_argument("--table", action=argparse.BooleanOptionalAction, default=None,
                        help="a live table (needs rich), by default where stderr is a terminal")
    options = parser.parse_args(arguments)
    if options.example:
        print(EXAMPLE, end="")
        return 0
    if options.manifest is None:
        parser.error("a manifest is needed, such as trimtab.toml")
    try:
        given = load(options.manifest)
    except (OSError, ValueError, ModuleNotFoundError) as error:
        print(f"trimtab: {error}", file=sys.stderr)
        return 2
    if options.table is not None and "pool" in given:
        given["table"] = options.table
    os.chdir(options.manifest.resolve().parent)
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup has it for SIGHUP
            signal.signal(number, _interrupt)
    from . import launch
    from .job import open_job
    from .stderr import say

    try:
        if "pool" not in given:
            print(open_job(given["job"], given["state"], given.get("name", "search")))
            return 0
        report = launch(**given)
    except KeyboardInterrupt:
        say("trimtab: interrupted; run it again to go on")
        return 130
    except (TrimtabError, ValueError, OSError) as error:
        print(f"trimtab: {error}", file=sys.stderr)
        return 2 if isinstance(error, ValueError) else 1
    print(summary(report))
    if report.suggestion is None:
        print(f"trimtab: expected a candidate with a score, found none; {last_log(Path(given['state']))}",
              file=sys.stderr)
        return 1
    return 0


def last_log(state: Path) -> str:
    """Where the log of the last trial is, and its last line."""
    logs = sorted((state / "trials").glob("*/log.txt"))
    if not logs:
        return f"no trial was started, as {(state / 'trials').resolve()} has no log"
    lines = [line.strip() for line in logs[-1].read_text(errors="replace").splitlines() if line.strip()]
    return f"the log of the last trial is {logs[-1].resolve()}: {lines[-1] if lines else 'it is empty'}"


def _interrupt(number: int, frame: Optional[FrameType]) -> None:
    """SIGTERM, and SIGHUP of a terminal that is closed, end a launcher as Ctrl-C does: with its trials."""
    raise KeyboardInterrupt


def summary(report: SuggestionReport) -> str:
    """A search's end in a few lines."""
    from .table import probability

    chosen = report.suggestion
    if chosen is None:
        return f"nothing to suggest ({report.finish_reason}); `closure` in its ranking says why candidates left"
    best = chosen.probability_best_fraction
    lines = [f"suggested: {chosen.candidate.name}"]
    if chosen.predicted_score is not None:
        lines.append(f"predicted score: {chosen.predicted_score:.4g}"
                     + ("" if best is None else f", best with probability {probability(best)}"))
    hours, grid_hours = report.cost.gpu_seconds / 3600, report.grid_cost.gpu_seconds / 3600
    lines.append(f"{report.cost.trial_count} trials took {hours:.3g} GPU-hours; training every candidate would take "
                 f"{grid_hours:.3g}")
    lines += [f"left the search: {one.candidate.name} ({one.closure})" for one in report.problems if one.closure]
    return "\n".join(lines)
