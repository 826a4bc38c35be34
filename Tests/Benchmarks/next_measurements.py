"""What a tenth of a sweep is worth when profile/next chooses it: the excess of its plans over those of the whole sweep,
on the smoothed tables of the whole. Published profiles, their stages made unlike by a seed."""

import argparse

from harness import BINARY, MEASURED, Report
from measurements import read_profile
from sweeps import Sweep, unlike
from trimtab import Request, Trimtab

PROFILES = {"a100-sxm": 83.64, "a40": 70.38}
BATCH = 8


def spread(sweep, count):
    """The same number of options, each table's evenly over the clocks, and every table's at other ones."""
    tables, found = sorted(sweep.tables), []
    for n in range(count):
        round_, table = divmod(n, len(tables))
        parts = -(-count // len(tables))
        place = (round_ + (table + 0.5) / len(tables)) / parts
        found.append((*tables[table], sweep.clocks[min(int(place * len(sweep.clocks)), len(sweep.clocks) - 1)]))
    return found


def caller(client):
    """What sends a request to the session."""
    return lambda method, **params: client.call(Request(method, {"session": "s", **params}))


def measure(report, binary, seeds, profiles=tuple(PROFILES), microbatches=24):
    """Adds a row for each profile; `seeds` is a range."""
    for name in profiles:
        chosen, even = [], []
        for seed in seeds:
            tables = unlike(read_profile(MEASURED / f"gpt3-175b_{name}.csv"), seed)
            for found, is_chosen in ((chosen, True), (even, False)):
                with Trimtab([str(binary), "serve"]) as client:
                    client.call(Request("session/open", {"session": "s", "seed": 1}))
                    sweep = Sweep(caller(client), tables, PROFILES[name], microbatches)
                    budget = sweep.option_count // 10
                    if is_chosen:
                        while len(sweep.measured) < budget:
                            sweep.next(min(BATCH, budget - len(sweep.measured)))
                    else:
                        sweep.measure(spread(sweep, budget))
                    found.append(100 * sweep.excess())
        report.add(f"{name}, a tenth of the sweep by profile/next: mean excess", sum(chosen) / len(chosen), "%", "0.3",
                   f"at most {max(chosen):.2f}; spread evenly {sum(even) / len(even):.2f}; "
                   f"seeds {seeds[0]} to {seeds[-1]}")


def main():
    """`python Tests/Benchmarks/next_measurements.py [--profile NAME ...] [--seeds N] [--first-seed N]
    [--microbatches N]`."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--profile", nargs="+", choices=tuple(PROFILES), default=list(PROFILES))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=900)
    parser.add_argument("--microbatches", type=int, default=24)
    arguments = parser.parse_args()
    report = Report()
    measure(report, BINARY, range(arguments.first_seed, arguments.first_seed + arguments.seeds), arguments.profile,
            arguments.microbatches)
    report.table()


if __name__ == "__main__":
    main()
