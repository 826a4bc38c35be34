"""How time and memory grow with the size of the problem: stages unlike each other, so that the bound has many
corners."""

import csv
import json
import math
import os
import random
import subprocess
import tempfile
import time

SIZES = ((8, 32), (16, 64), (16, 128), (32, 256), (64, 512))


def unlike_stages(profile, stages, target):
    """A profile of `stages` stages, each one of the given profile's with its times scaled by 0.9 to 1.1, seeded."""
    with open(profile, newline="") as file:
        rows = list(csv.DictReader(file))
    known, scale = 1 + max(int(row["stage"]) for row in rows), random.Random(1)
    with open(target, "w") as file:
        file.write("stage,instruction,frequency,time,energy\n")
        for stage in range(stages):
            factor = scale.uniform(0.9, 1.1)
            for row in rows:
                if int(row["stage"]) == stage % known:
                    seconds = float(row["time"]) * factor
                    file.write(f"{stage},{row['instruction']},{row['frequency']},{seconds!r},{row['energy']}\n")


def run(command):
    """(CPU seconds, wall seconds, peak MiB, parsed JSON) of a command that prints one JSON document."""
    with tempfile.TemporaryFile() as output:
        begin = time.perf_counter()
        process = subprocess.Popen([str(part) for part in command], stdout=output, stdin=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{command} ended with {process.returncode}")
        output.seek(0)
        return usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024, json.load(output)


def measure(report, binary, profile, power):
    """Rows for the exact curve where it is traced, the bracketed curve, and everything with plans."""
    times, memories = [], []
    with tempfile.TemporaryDirectory() as folder:
        for stages, microbatches in SIZES:
            path = os.path.join(folder, f"{stages}.csv")
            unlike_stages(profile, stages, path)
            count = 2 * stages * microbatches
            name = f"{stages} unlike stages x {microbatches}, {count} instructions"
            command = [binary, "frontier", path, "--stages", stages, "--microbatches", microbatches,
                       "--blocking-power", power, "--json"]
            if count <= 4096:
                cpu, _, memory, document = run([*command, "--bound-only"])
                aim = "< 10" if count == 4096 else ""
                report.add(f"{name}, exact bound", cpu, "CPU s", aim=aim,
                           note=f"{len(document['lowerBound'])} corners, {memory:.0f} MiB")
            cpu, _, memory, document = run([*command, "--bound-only", "--breakpoint-budget", 0])
            report.add(f"{name}, bracketed bound", cpu, "CPU s",
                       note=f"to {100 * document['bracketFraction']:.2f} %, {memory:.0f} MiB")
            times.append((count, cpu))
            cpu, wall, memory, document = run([*command, "--breakpoint-budget", 0])
            gaps = sorted(plan["gapFraction"] for plan in document["plans"])
            aim = "< 60" if count == 65_536 else ""
            report.add(f"{name}, bracketed with plans", cpu, "CPU s", aim=aim,
                       note=f"{wall:.0f} s of wall time, {len(gaps)} plans, gap at most {100 * gaps[-1]:.2f} %")
            report.add(f"{name}, peak memory", memory, "MiB", aim="< 1024" if count == 65_536 else "")
            memories.append((count, memory))
    report.add("bracketed bound, time grows as instructions to the power", exponent(times), "",
               note=f"least squares over {len(times)} sizes")
    report.add("with plans, memory grows as instructions to the power", exponent(memories), "",
               note=f"from {memories[0][1]:.0f} to {memories[-1][1]:.0f} MiB")


def exponent(points):
    """The slope of log y over log x by least squares."""
    logs = [(math.log(x), math.log(y)) for x, y in points]
    mean_x, mean_y = (sum(values) / len(logs) for values in zip(*logs))
    return sum((x - mean_x) * (y - mean_y) for x, y in logs) / sum((x - mean_x) ** 2 for x, _ in logs)
