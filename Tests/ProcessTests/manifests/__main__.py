"""`python -m manifests [--documents N] [--seed S]`, or N and SYNTAX_SEED in the environment.

Compares the trees that the binary makes of generated and mutated documents with what Python's tomllib and json read.
Exit status 1 where one differs; the seed of each such document is named.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from .agreement import compare


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=int(os.environ.get("N") or 100_000), help="of each language")
    parser.add_argument("--seed", type=int, default=int(os.environ.get("SYNTAX_SEED") or time.time_ns() % 2**32))
    arguments = parser.parse_args()
    binary = os.environ.get("TRIMTAB_BINARY") or str(Path(__file__).parents[3] / ".build" / "release" / "trimtab")
    print(f"SYNTAX_SEED={arguments.seed} {binary}", flush=True)
    first = arguments.seed * 1_000_003
    faults = 0
    for language in ("toml", "json"):
        result = compare(binary, range(first, first + arguments.documents), language)
        print(f"{language}: {result.documents} documents, {result.accepted} of them valid, {len(result.faults)} "
              f"differ; places checked in {result.placed}", flush=True)
        for fault in result.faults[:20]:
            print(f"  {fault}")
        faults += len(result.faults)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
