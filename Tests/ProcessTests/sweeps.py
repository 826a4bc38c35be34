"""A pipeline measured clock by clock as profile/next asks, beside the same pipeline measured at every clock."""

import random

STAGES = 8


def unlike(tables, seed):
    """The tables of a profile, (stage, instruction) -> {clock: (seconds, joules)}, made unlike: each with a level and a
    share of time that does not depend on the clock, and a power, of its own."""
    generator, changed = random.Random(seed), {}
    for key, table in tables.items():
        share, level, power = (generator.uniform(*ends) for ends in ((0.6, 1), (0.85, 1.15), (0.9, 1.1)))
        shortest = table[max(table)][0]
        changed[key] = {clock: (level * (share * seconds + (1 - share) * shortest), level * power * joules)
                        for clock, (seconds, joules) in table.items()}
    return changed


class Sweep:
    """`call(method, **params)` speaks to a server with an open session."""

    def __init__(self, call, tables, blocking_power_watts, microbatches=24):
        self.call, self.tables = call, tables
        self.clocks = sorted({clock for table in tables.values() for clock in table})
        self.measured = []
        for pipeline in ("whole", "part"):
            call("pipeline/define", pipeline=pipeline, schedule="1f1b", stages=STAGES, microbatches=microbatches,
                 blockingPowerWatts=blocking_power_watts)
        self.submit("whole", [(*key, clock) for key, table in tables.items() for clock in table])
        call("frontier/characterize", pipeline="whole", estimate="smoothed", effort="quick")
        curve = call("frontier/curve", pipeline="whole")
        self.times = curve["minimumTimeSeconds"], curve["cheapestTimeSeconds"]

    @property
    def option_count(self):
        return sum(map(len, self.tables.values()))

    def submit(self, pipeline, options):
        self.call("profile/submit", pipeline=pipeline, keepSamples=True, rows=[
            {"stage": stage, "instruction": instruction, "frequency": clock,
             **dict(zip(("timeSeconds", "energyJoules"), self.tables[stage, instruction][clock]))}
            for stage, instruction, clock in options])

    def measure(self, options):
        self.submit("part", options)
        self.measured += options

    def next(self, count):
        """Asks for measurements and makes them; the answer."""
        answer = self.call("profile/next", pipeline="part", frequencies=self.clocks, count=count,
                           sufficientRegretFraction=0)
        self.measure([(one["stage"], one["instruction"], one["frequency"]) for one in answer["measurements"]])
        return answer

    def excess(self):
        """By how much the part's plans draw more than the whole's, as a fraction of the whole's smoothed bound: the
        mean over nine deadlines from the fastest to the cheapest, each at the time that the plan truly takes."""
        self.call("frontier/characterize", pipeline="part", estimate="completed", effort="quick")
        fastest, cheapest = self.times
        found = []
        for n in range(9):
            deadline = fastest + (cheapest - fastest) * n / 8
            own = self.call("frontier/query", pipeline="whole", deadlineSeconds=deadline)["plan"]["gapFraction"]
            found.append(self.evaluated(deadline)["gapFraction"] - own)
        return sum(found) / len(found)

    def evaluated(self, deadline):
        """The part's plan for a deadline, or its fastest where that is later, on the whole's tables."""
        earliest = self.call("frontier/query", pipeline="part", objective="fastest")["plan"]["iterationTimeSeconds"]
        plan = self.call("plan/get", pipeline="part", deadlineSeconds=max(deadline, earliest))
        return self.call("plan/evaluate", pipeline="whole", settings=[
            {"stage": stage["stage"], "instruction": step["instruction"], "microbatch": step["microbatch"],
             "frequency": step["frequency"]}
            for stage in plan["stages"] for step in stage["instructions"]])["plan"]
