"""The main job, as a training launcher does it: spawn Trimtab, describe the GPUs and the pipeline, submit a measured
profile, and get the exact frontier, certified plans, and the clock for every instruction of every stage."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(REPOSITORY / "clients" / "python"))

from trimtab import GPU, Trimtab

STAGES = 8
BLOCKING_POWER_WATTS = 95.0


def table(rows: list[list[str]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    binary = os.environ.get("TRIMTAB_BINARY") or str(REPOSITORY / ".build" / "release" / "trimtab")
    parser.add_argument("--binary", default=binary)
    parser.add_argument("--profile", default=str(REPOSITORY / "fixtures" / "profiles" / "modelled-h100-8stage.csv"))
    parser.add_argument("--microbatches", type=int, default=24)
    parser.add_argument("--svg", default="demo.svg")
    arguments = parser.parse_args()
    profile = Path(arguments.profile).resolve()

    with Trimtab(command=[arguments.binary, "serve"], roots=[str(profile.parent)]) as client:
        session = client.open_session("demo")
        gpus = [GPU(id=f"node{s // 8}/gpu{s % 8}", blocking_power_watts=BLOCKING_POWER_WATTS) for s in range(STAGES)]
        session.register_gpus(gpus)
        session.define_pipeline(
            "gpt", schedule="1f1b", stages=STAGES, microbatches=arguments.microbatches, gpus=[gpu.id for gpu in gpus])
        submitted = session.submit_profile("gpt", csv_path=str(profile))
        print(f"{profile.name}: {submitted.row_count} measurements, "
              f"{STAGES} stages x {arguments.microbatches} microbatches, 1F1B")

        start = time.perf_counter()
        frontier = session.characterize("gpt")
        seconds = time.perf_counter() - start
        print(f"exact lower bound with {frontier.breakpoint_count} corners and {frontier.plan_count} plans "
              f"in {1000 * seconds:.0f} ms")
        start = time.perf_counter()
        session.characterize("gpt", certify=True)
        seconds = time.perf_counter() - start
        print(f"the same with certificates, every corner and plan checked, in {1000 * seconds:.0f} ms\n")

        baseline = frontier.all_max_frequency
        rows = [["", "time s", "energy J", "saved", "gap"]]
        seconds, joules = baseline.iteration_time_seconds, baseline.energy_joules
        rows.append(["every clock at its highest", f"{seconds:.4f}", f"{joules:.1f}", "", ""])
        targets = {"fastest plan": session.request.query("gpt", objective="fastest"),
                   "2 % slower": session.request.query("gpt", slowdown_fraction=0.02),
                   "5 % slower": session.request.query("gpt", slowdown_fraction=0.05),
                   "10 % slower": session.request.query("gpt", slowdown_fraction=0.10),
                   "cheapest plan": session.request.query("gpt", objective="cheapest")}
        for name, request in targets.items():
            point = client.call(request)
            rows.append([name, f"{point.plan.iteration_time_seconds:.4f}", f"{point.plan.energy_joules:.1f}",
                         f"{point.saving_fraction:.2%}", f"{point.plan.gap_fraction:.3%}"])
        print(table(rows))

        plan = session.plan("gpt", objective="fastest")
        print("\nthe fastest plan's clocks in MHz, first instructions of each stage:")
        for stage in plan.stages:
            steps = " ".join(f"{step.instruction[0].upper()}{step.microbatch}@{step.frequency}"
                             for step in stage.instructions[:8])
            print(f"  stage {stage.stage}: {steps} ...")

        svg = session.curve("gpt", picture=True).svg
        assert svg is not None
        Path(arguments.svg).write_text(svg, encoding="utf-8")
        print(f"\npicture: {arguments.svg}")


if __name__ == "__main__":
    main()
