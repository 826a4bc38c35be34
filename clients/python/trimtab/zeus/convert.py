"""`python -m trimtab convert INPUT OUTPUT`: files of Zeus and lowtime into ours, and back.

The kinds are recognised by their names, or by `--from` and `--to`:

    profile.csv     our columns stage,instruction,frequency,time,energy
    zeus-profile    Zeus's nine columns (rank, dp_rank, pp_rank, tp_rank and ours); read without a word
    plan (.py)      lowtime's and Zeus's plan, a Python literal, which is never evaluated
    schedules       Zeus's {n}.sched.json
    results         Zeus's {n}.prof.json, read only; {n}.sched.json and ranks.json are found beside it
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .files import (
    FormatError,
    Measurement,
    read_plan,
    read_profile,
    read_schedules,
    results_profile,
    write_plan,
    write_profile,
    write_schedules,
)

PROFILES = ("profile", "zeus-profile", "results")
PLANS = ("plan", "schedules")


def kind_of(path: Path) -> str:
    """What a file is, by its name."""
    for ending, kind in ((".prof.json", "results"), (".sched.json", "schedules"), (".py", "plan"), (".csv", "profile")):
        if path.name.endswith(ending):
            return kind
    raise FormatError(f"{path}: no ending of a known kind; say --from or --to "
                      f"({', '.join(PROFILES + PLANS)})")


def convert(source: Path, target: Path, read: str | None = None, write: str | None = None) -> None:
    """Reads one file and writes the other. A profile becomes a profile, a plan becomes a plan."""
    read, write = read or kind_of(source), write or kind_of(target)
    if (read in PLANS) != (write in PLANS) or write == "results":
        raise FormatError(f"a file of kind {read} cannot become one of kind {write}")
    text = source.read_text(encoding="utf-8")
    if read in PLANS:
        plan = read_plan(text) if read == "plan" else read_schedules(text)
        written = write_plan(plan) if write == "plan" else write_schedules(plan)
    else:
        rows = _results(source, text) if read == "results" else read_profile(text)
        written = write_profile(rows, zeus=write == "zeus-profile")
    target.write_text(written, encoding="utf-8")


def _results(source: Path, text: str) -> list[Measurement]:
    schedules = source.with_name(source.name.replace(".prof.json", ".sched.json"))
    ranks = source.with_name("ranks.json")
    return results_profile(text, schedules.read_text(encoding="utf-8"),
                           ranks.read_text(encoding="utf-8") if ranks.exists() else None)


def main(arguments: list[str] | None = None) -> int:
    """The command; prints what is wrong with a file and returns 1."""
    parser = argparse.ArgumentParser(prog="python -m trimtab convert", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("input", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--from", dest="read", choices=PROFILES + PLANS)
    parser.add_argument("--to", dest="write", choices=("profile", "zeus-profile", *PLANS))
    chosen = parser.parse_args(arguments)
    try:
        convert(chosen.input, chosen.output, chosen.read, chosen.write)
    except (OSError, FormatError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0
