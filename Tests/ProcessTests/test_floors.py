"""The benchmark's proofs that no plan is nearer to the bound, against all plans of problems small enough to list."""

import itertools
import sys
from pathlib import Path

import numpy
import pytest
from reference import pipeline

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "Benchmarks"))

from floors import floor, prices

STAGES, MICROBATCHES, POWER = 2, 3, 10.0


def problem(seed):
    """Two stages with two options for each instruction: 4096 plans."""
    random = numpy.random.default_rng(seed)
    tables = {}
    for stage in range(STAGES):
        for kind, scale in (("forward", 1.0), ("backward", 2.0)):
            fast = scale * random.uniform(0.8, 1.2)
            tables[stage, kind] = {1: (fast * random.uniform(1.05, 1.4), 40 * scale), 2: (fast, 60 * scale)}
    read = pipeline(tables, STAGES, MICROBATCHES, POWER)
    return read, {key: [(t, e - POWER * t) for t, e in reversed(options.values())] for key, options in tables.items()}


def least_energy(read, tables, deadline):
    """Of all plans that keep the deadline, without waiting."""
    return min(sum(e for _, e in plan) for plan in itertools.product(*(tables[key] for key in read.keys))
               if read.longest_path([t for t, _ in plan]) <= deadline)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("late", [0.0, 0.3, 0.6])
def test_no_plan_is_under_a_floor(seed, late):
    read, tables = problem(seed)
    fastest, slowest = (read.longest_path([tables[key][n][0] for key in read.keys]) for n in (0, 1))
    deadline = (fastest + late * (slowest - fastest)) * (1 + 1e-10)
    energy = prices(read, tables, deadline)[0]
    whole = energy + POWER * STAGES * deadline
    truth = (least_energy(read, tables, deadline) - energy) / whole

    def proved(*passes):
        return floor(read, tables, deadline, STAGES, 0, passes)

    parted = proved((1, 12))
    assert parted <= truth + 1e-6
    # Larger windows keep what smaller ones proved, and one of all rounds loses what the best plan does.
    assert proved((1, 12), (3, 1)) == pytest.approx(truth, abs=1e-6)
    assert proved((1, 1)) <= parted + 1e-9
