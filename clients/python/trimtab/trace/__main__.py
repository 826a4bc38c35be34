"""`python -m trimtab.trace rank*.json --svg iteration.svg`: the report of a pipeline's traces."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from . import TraceError, from_trace


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m trimtab.trace", description=__doc__)
    parser.add_argument("traces", nargs="+", help="one file a rank, as torch.profiler exports it")
    parser.add_argument("--reference", nargs="+", default=[], help="traces of the same pipeline when all was well")
    parser.add_argument("--svg", type=Path, help="where to write a picture of the median iteration")
    parser.add_argument("--schedule", type=Path, help="where to write the schedule as PyTorch's CSV")
    chosen = parser.parse_args(arguments)
    try:
        report = from_trace(chosen.traces)
        reference = from_trace(chosen.reference) if chosen.reference else None
    except (OSError, TraceError) as error:
        print(error, file=sys.stderr)
        return 1
    print(report.text(reference))
    if chosen.svg:
        chosen.svg.write_text(report.svg(), encoding="utf-8")
    if chosen.schedule:
        chosen.schedule.write_text(report.schedule_csv(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
