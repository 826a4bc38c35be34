"""What changes of clock cost on measured profiles: plans that know of them beside plans that do not, both with their
changes charged. The latter are run again here, from their clocks and the measured figures, with nothing of the
engine."""

import statistics

from measurements import read_profile

LATENCIES = (0.001, 0.005, 0.01, 0.025)
POINTS = 17


def charged(tables, detail, power, latency):
    """(seconds, joules, changes) of a 1F1B plan whose every change of clock on a stage takes `latency` seconds."""
    orders = [stage.instructions for stage in detail.stages]
    ends, free, clock, next_row = {}, [0.0] * len(orders), [None] * len(orders), [0] * len(orders)
    busy = drawn = changes = 0
    left = sum(map(len, orders))
    while left:
        for stage, order in enumerate(orders):
            while next_row[stage] < len(order):
                row = order[next_row[stage]]
                before = stage + (-1 if row.instruction == "forward" else 1), row.instruction, row.microbatch
                if 0 <= before[0] < len(orders) and before not in ends:
                    break
                changes_now = clock[stage] not in (None, row.frequency)
                start = max(free[stage] + latency * changes_now, ends.get(before, 0.0))
                seconds, joules = tables[stage, row.instruction][row.frequency]
                ends[stage, row.instruction, row.microbatch] = free[stage] = start + seconds
                clock[stage], busy, drawn = row.frequency, busy + seconds, drawn + joules
                changes, left, next_row[stage] = changes + changes_now, left - 1, next_row[stage] + 1
    back = [order[-1].frequency != order[0].frequency for order in orders]
    whole = max(end + latency * changing for end, changing in zip(free, back))
    return whole, drawn + power * (len(orders) * whole - busy), changes + sum(back)


def compare(client, open_pipeline, path, stages, power, microbatches, latency):
    """Figures for one profile and latency, over deadlines from the fastest to the cheapest time."""
    tables = read_profile(path)
    unaware = open_pipeline(client, path, stages, power, microbatches)
    bound = unaware.characterize("p")
    aware = client.open_session()
    aware.define_pipeline("p", schedule="1f1b", stages=stages, microbatches=microbatches, blocking_power_watts=power,
                          switch_latency_seconds=latency)
    aware.submit_profile("p", csv_path=str(path))
    aware.characterize("p", timeout=600)
    first, last = bound.minimum_time_seconds, bound.cheapest_time_seconds
    fastest = aware.query("p", objective="fastest").plan
    counts, naive_counts, above, late, saved, worse = [], [], [], [], [], 0
    for n in range(POINTS):
        deadline = first + (last - first) * n / (POINTS - 1)
        naive = unaware.plan("p", deadline_seconds=deadline)
        seconds, joules, changes = charged(tables, naive, power, latency)
        ours = aware.query("p", deadline_seconds=max(seconds, fastest.iteration_time_seconds) * (1 + 1e-12)).plan
        naive_counts.append(changes)
        late.append(100 * (seconds / deadline - 1))
        saved.append(100 * (1 - ours.energy_joules / joules))
        worse += ours.energy_joules > joules * (1 + 1e-12) or ours.iteration_time_seconds > seconds * (1 + 1e-9)
        if deadline >= fastest.iteration_time_seconds:
            kept = aware.query("p", deadline_seconds=deadline).plan
            counts.append(kept.switch_count)
            above.append(100 * (kept.energy_joules / naive.plan.energy_joules - 1))
    aware.close()
    unaware.close()
    return {"changes": statistics.mean(counts), "naiveChanges": statistics.mean(naive_counts),
            "aboveFree": statistics.mean(above), "mostAboveFree": max(above), "naiveLate": statistics.mean(late),
            "savedAgainstNaive": statistics.mean(saved), "leastSaved": min(saved), "naiveBetter": worse,
            "fastestLate": 100 * (fastest.iteration_time_seconds / first - 1)}
