"""Runs PyPI `lowtime` on a profile and reports CPU time and both ends of the frontier it claims, as one line of JSON.

The library is driven in the order of its own published example: options, effective energy, exponential fit with the
default grid search, 1F1B graph, Phillips-Dessouky until it ends, knobs read after every iteration. Left out, in the
peer's favour: plots, logging, and writing a file per iteration.

    python lowtime_frontier.py PROFILE.csv --stages 8 --microbatches 12 --blocking-power 83.64
"""

import argparse
import itertools
import json
import os
import sys
import time
from pathlib import Path

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"  # threads that spin would count as CPU time
os.environ.setdefault("MPLBACKEND", "Agg")

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "ProcessTests"))

import networkx
from lowtime.cost_model import ExponentialModel
from lowtime.graph_utils import DependencyResolver, add_sink_node, add_source_node
from lowtime.operation import CandidateExecutionOptions, ExecutionOption, OperationSpec
from lowtime.perseus.instruction import Backward, Forward, Instruction, backward_dep, forward_dep
from lowtime.perseus.schedule import Synchronous1F1B
from lowtime.solver import PhillipsDessouky
from measurements import read_profile

KINDS = {Forward: "forward", Backward: "backward"}


def fit(rows, unit_time, blocking_power):
    options = CandidateExecutionOptions(
        options=[ExecutionOption(real_time=t, unit_time=unit_time, cost=e, knob=f) for f, t, e in rows]
    )
    for option in options.options:
        option.cost -= blocking_power * option.quant_time * option.unit_time
    return OperationSpec(options=options, cost_model=ExponentialModel(options))


def build_graph(specs, stages, microbatches):
    graph, names = networkx.DiGraph(), itertools.count(2)  # 0 and 1 are the source and the sink
    for stage in range(stages):
        schedule = Synchronous1F1B(
            num_stages=stages,
            num_micro_batches=microbatches,
            stage_id=stage,
            operation_spec_map={kind: specs[stage, name] for kind, name in KINDS.items()},
        )
        previous = None
        for instruction in schedule:
            node = next(names)
            graph.add_node(node, op=instruction)
            if previous is not None:
                graph.add_edge(previous, node)
            previous = node
    resolver = DependencyResolver(dependency_rules=[forward_dep, backward_dep], node_type=Instruction)
    nodes = list(graph.nodes(data="op"))
    for (a, first), (b, second) in itertools.product(nodes, nodes):
        if resolver.is_dependent(first, second):
            graph.add_edge(a, b)
    add_source_node(graph, 0)
    add_sink_node(graph, 1)
    graph.graph.update(source_node=0, sink_node=1)
    return graph


def realise(graph, tables, knobs, stages, blocking_power):
    """Longest path and energy with the measured figures of the chosen knobs."""
    measured = {(key, f): (t, e) for key, rows in tables.items() for f, t, e in rows}
    finish, energy = {}, 0.0
    for node in networkx.topological_sort(graph):
        time_, instruction = 0.0, graph.nodes[node]["op"]
        if node in knobs:
            time_, joules = measured[(instruction.stage_id, KINDS[type(instruction)]), knobs[node]]
            energy += joules - blocking_power * time_
        finish[node] = time_ + max((finish[p] for p in graph.predecessors(node)), default=0.0)
    total = finish[1]
    return total, energy + blocking_power * stages * total


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("profile")
    parser.add_argument("--stages", type=int, required=True)
    parser.add_argument("--microbatches", type=int, required=True)
    parser.add_argument("--blocking-power", type=float, required=True)
    parser.add_argument("--unit-time", type=float, default=0.001)
    arguments = parser.parse_args()
    power, stages = arguments.blocking_power, arguments.stages

    imported = time.process_time()
    measured = read_profile(arguments.profile)
    tables = {key: [(f, *figures) for f, figures in options.items()] for key, options in measured.items()}
    specs = {key: fit(rows, arguments.unit_time, power) for key, rows in tables.items()}
    graph = build_graph(specs, stages, arguments.microbatches)
    prepared = time.process_time()
    claimed, plans = [], []
    for result in PhillipsDessouky(graph).run():
        claimed.append((result.real_time, result.cost + power * stages * result.real_time))
        plans.append({n: op.assigned_knob for n, op in graph.nodes(data="op") if not op.is_dummy})
    solved = time.process_time()

    def end(index):
        seconds, joules = realise(graph, tables, plans[index], stages, power)
        return {
            "claimed": {"iterationTimeSeconds": claimed[index][0], "energyJoules": claimed[index][1]},
            "realised": {"iterationTimeSeconds": seconds, "energyJoules": joules},
        }

    answer = {
        "microbatches": arguments.microbatches,
        "cpuSeconds": solved,  # interpreter, imports, fit, graph and solver; not the check below
        "importCpuSeconds": imported,
        "prepareCpuSeconds": prepared - imported,
        "solveCpuSeconds": solved - prepared,
        "pointCount": len(claimed),
        "realised": [realise(graph, tables, plan, stages, power) for plan in plans],
        "fastest": end(-1),
        "slowest": end(0),
    }
    json.dump(answer, sys.stdout)
    print()


if __name__ == "__main__":
    main()
