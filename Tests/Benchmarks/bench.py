"""The benchmark table: `python Tests/Benchmarks/bench.py [--full] [--json FILE] [--only SECTION ...]`.

Sections: curve (the whole exact curve against PyPI `lowtime`), gap (certified gap of the plans), optimum (plans
against a mixed-integer solver's, and how near any plan can be; needs numpy and scipy), scale (growth with the size of
the problem), switching (what changes of clock cost), straggler (a report to the last push), live (samples, noise,
prices, a frontier that follows its profile), latency (a query's round trip from the Python client), pipelined (small
requests a second), start (start-up, memory, size), hold (every method at its limit), cancel, cka (representations
against numpy), trials (updates of a search a second), durable (the same with a state directory, beside the disk's own
sync), record (what `trimtab record` adds to a round trip, and a flood through it), recovery (a long journal: its
size, and how long it takes to open), sharing (processes that share a state directory: a query through a joined one,
and a takeover), echo (small requests beside servers on pygls and, where there is node, on vscode-jsonrpc), assistants
(what a tool call of `trimtab mcp` costs beyond the request that it makes), editor (keystrokes, hovers and pushes of the
language server at 1000 candidates; needs pygls).
Sections selection, zoo and reports replay recorded and simulated learning curves through the strategies; ceiling says
how good a ranking can be expected at their budget (needs scipy); calibration holds what the search says of its own
certainty against what came true; certainty does so on corpora of many pools, at several budgets, beside baselines and
the tuners of practice, over --orders orders of a pool's candidates, compared pool by pool by a bootstrap, and draws
out/certainty-*.svg; experiment carries baselines and searches out on
the recorded grid of real models, with the noise of its evaluation; scores says whether certainty holds where scores are
noisy; starts says what it saves to know what starting a trial takes;
evidence what scores from elsewhere are worth, and what shuffled ones cost.
Section power divides power among 10 000 pipelines beside HiGHS, and sheds it from 1000 (needs numpy and scipy).
Section noise says what measurement noise costs plans, and what estimated tables save (needs numpy).
Section next_measurements says what plans on a tenth of a sweep are worth, when profile/next chooses it.
Times of computations are CPU time (user and system of the process), so that a busy machine disturbs them little.
Peers run in environments of their own under `.build/peers`, made on first use. Nothing here is a gate but the check
that both solvers were given the same problem.
"""

import argparse
import functools
import sys
from pathlib import Path

from assistants import assistants
from calibration import measure as measure_calibration
from certainty import measure as measure_certainty
from clocks import clocks
from compare import measure as measure_against
from durable import durable
from echo import echo
from editor import editor
from evidence import measure as measure_evidence
from experiment import measure as measure_experiment
from frontiers import curve, gap, optimum, scale, switching
from harness import BINARY, MEASURED, REPOSITORY, Report, describe_machine, peer_python  # first: it finds the client
from hold import measure as measure_hold
from noisy_scores import FULL_SEEDS, SEEDS
from noisy_scores import measure as measure_scores
from recording import record
from recovery import recovery
from reports import measure as measure_reports
from selection import measure as measure_selection
from sessions import cancel, latency, live, pipelined, start, straggler
from sharing import sharing
from similarity import cka
from starts import measure as measure_starts
from trials import trials
from trimtab import TrimtabError
from zoo import measure as measure_zoo


def hold(report, full):
    measure_hold(report, BINARY)


def selection(report, full):
    files = [MEASURED.parent / "finetune-scaling" / f"{name}.csv" for name in ("flan", "gigaword")]
    files = [path for path in files if path.exists()]
    if files:
        measure_selection(report, BINARY, files, peer_python("tuners"))


def ceiling(report, full):
    try:
        from ceiling import measure
    except ImportError as missing:
        print(f"  left out: {missing}", file=sys.stderr, flush=True)
        return
    files = [MEASURED.parent / "finetune-scaling" / f"{name}.csv" for name in ("flan", "gigaword")]
    measure(report, [path for path in files if path.exists()])


def zoo(report, full):
    measure_zoo(report, BINARY)


def noise(report, full):
    try:
        from noise import measure
    except ImportError as missing:
        print(f"  left out: {missing}", file=sys.stderr, flush=True)
        return
    path = MEASURED / "gpt3-175b_a100-sxm.csv"
    if path.exists():
        measure(report, BINARY, path, range(100, 500 if full else 105))


def next_measurements(report, full):
    from next_measurements import measure
    if (MEASURED / "gpt3-175b_a100-sxm.csv").exists():
        measure(report, BINARY, range(900, 920 if full else 903))


def power(report, full):
    try:
        from power import measure
    except ImportError as missing:
        print(f"  left out: {missing}", file=sys.stderr, flush=True)
        return
    measure(report)


def reports(report, full):
    measure_reports(report, BINARY)


def calibration(report, full):
    files = [MEASURED.parent / "finetune-scaling" / f"{name}.csv" for name in ("flan", "gigaword")]
    grid = REPOSITORY / "fixtures" / "experiment" / "curves.csv"
    measure_calibration(report, BINARY, [path for path in files if path.exists()], grid)


def certainty(report, full, orders=1):
    measure_certainty(report, BINARY, full, peer_python("tuners"), orders)


def experiment(report, full):
    measure_experiment(report, BINARY, REPOSITORY / "fixtures" / "experiment" / "curves.csv")


def scores(report, full):
    measure_scores(report, BINARY, FULL_SEEDS if full else SEEDS)


def starts(report, full):
    measure_starts(report, BINARY)


def evidence(report, full):
    measure_evidence(report)


SECTIONS = {section.__name__: section for section in (
    curve, gap, optimum, scale, switching, straggler, live, latency, pipelined, start, hold, cancel, cka, trials,
    durable, record, recovery, sharing, echo, assistants, editor, selection, ceiling, zoo, reports, calibration,
    certainty, experiment, scores, starts, evidence, noise, next_measurements, power, clocks)}


def positive(text):
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, found {text}")
    return int(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="run the peer with 48 and 96 microbatches too (20 minutes)")
    parser.add_argument("--json", metavar="FILE", help="write the rows as JSON lines with machine and versions")
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=list(SECTIONS), metavar="SECTION")
    parser.add_argument("--orders", type=positive, default=1, metavar="N", help="of the candidates of a pool, "
                        "in section certainty: its own and N - 1 shuffled ones (1)")
    parser.add_argument("--against", metavar="BINARY", type=Path, help="instead of sections: compare with this binary, "
                        "turn by turn (round trip, start, size, messages of 63 MB)")
    arguments = parser.parse_args()
    if not BINARY.exists():
        parser.error(f"no binary at {BINARY}: build it, or set TRIMTAB_BINARY")
    report = Report()
    if arguments.against:
        measure_against(report, arguments.against.resolve())
    sections = {**SECTIONS, "certainty": functools.partial(certainty, orders=arguments.orders)}
    for name in () if arguments.against else arguments.only:
        print(name, file=sys.stderr, flush=True)
        try:
            sections[name](report, arguments.full)
        except TrimtabError as error:
            raise SystemExit(f"{name}: {error}") from error
    machine = describe_machine()
    print(f"\n{machine['machine']}, {machine['cores']} cores, {machine['system']}; {machine['trimtab']}"
          f" ({machine['commit']}), Python {machine['python']}\n")
    report.table()
    if arguments.json:
        report.write(arguments.json)


if __name__ == "__main__":
    main()
