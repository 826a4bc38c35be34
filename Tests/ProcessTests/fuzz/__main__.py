"""`python -m fuzz [--messages N] [--params N] [--seed S] [--only-round R]`, or N, FUZZ_SEED and FUZZ_ROUND in the
environment.

Sends mutated messages and mutated params to the binary through a pipe. Exit status 1 if an id was not answered once,
an answer was -32603, or the process ended otherwise than documented; the messages of such a round are kept under out/.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from .campaign import Campaign
from .corpus import REPOSITORY


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    count = int(os.environ.get("N") or 1_000_000)
    parser.add_argument("--messages", type=int, default=count, help="mutated messages")
    parser.add_argument("--params", type=int, default=count, help="requests with mutated params")
    parser.add_argument("--seed", type=int, default=int(os.environ.get("FUZZ_SEED") or time.time_ns() % 2**32))
    parser.add_argument("--only-round", default=os.environ.get("FUZZ_ROUND"), metavar="KIND-NUMBER",
                        help="repeat this round alone, such as params-17")
    arguments = parser.parse_args()
    binary = os.environ.get("TRIMTAB_BINARY") or str(REPOSITORY / ".build" / "release" / "trimtab")
    print(f"FUZZ_SEED={arguments.seed} {binary}", flush=True)
    campaign = Campaign(binary, arguments.seed, Path(REPOSITORY / "out"), progress=sys.stderr)
    if arguments.only_round:
        kind, number = arguments.only_round.split("-")
        campaign.run_round(kind, int(number))
    else:
        campaign.run("messages", arguments.messages)
        campaign.run("params", arguments.params)
    print(campaign.summary())
    return 1 if campaign.faults else 0


if __name__ == "__main__":
    sys.exit(main())
