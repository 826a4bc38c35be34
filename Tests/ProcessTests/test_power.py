"""Power among jobs: the bound against HiGHS, plans and their powers from their definition."""

import random
from typing import Any

import numpy
import pytest
from conftest import MODELLED, Server, check_error
from measurements import read_profile
from scipy.optimize import linprog
from scipy.sparse import coo_array

BLOCKING = 80.0
# job -> (pipeline, data-parallel width, members, scale of time and energy) of each kind of pipelines in it
JOBS = {
    "one": [("one", 1, 1, 1.0, 1.0)],
    "short": [("short", 1, 1, 0.4, 0.45)],
    "wide": [("wide", 3, 2, 1.3, 1.2)],
    "mixed": [("left", 1, 1, 1.0, 1.1), ("right", 2, 2, 1.05, 0.9)],
}
STAGES = 4


class Kind:
    """The pipelines of a job that are alike, from what the server says of their frontier."""

    def __init__(self, server, session, pipeline, width, members):
        self.pipeline, self.members, self.count = pipeline, members, members * width
        curve = server.result("frontier/curve", {"session": session, "pipeline": pipeline})
        self.waiting = members * BLOCKING * STAGES * width
        self.times = numpy.array([p["iterationTimeSeconds"] for p in curve["plans"]])
        self.joules = members * numpy.array([p["energyJoules"] for p in curve["plans"]])
        bound = [(p["iterationTimeSeconds"], p["energyJoules"]) for p in curve["lowerBound"]]
        # Beyond the last corner of the bound devices wait: that piece ends at rate 0.
        self.corners = numpy.array([(0.0, self.waiting)] + [(1 / t, members * e / t) for t, e in reversed(bound)])

    def power(self, plan, seconds):
        """Mean watts of all of them in iterations that last so long."""
        return (self.joules[plan] + self.waiting * (seconds - self.times[plan])) / seconds


class Job:
    def __init__(self, server, session, name):
        self.name = name
        self.kinds = [Kind(server, session, pipeline, width, members)
                      for pipeline, width, members, _, _ in JOBS[name]]
        self.devices = sum(kind.count for kind in self.kinds) * STAGES
        self.fastest_rate = min(kind.corners[-1, 0] for kind in self.kinds)
        self.slowest_rate = 1 / max(kind.times[-1] for kind in self.kinds)

    def least_power(self, rate):
        return sum(numpy.interp(rate, *kind.corners.T) for kind in self.kinds)

    def plan_power(self, seconds):
        """Mean watts when each pipeline runs its cheapest plan within the iteration."""
        return sum(kind.power(numpy.searchsorted(kind.times, seconds * (1 + 1e-12), side="right") - 1, seconds)
                   for kind in self.kinds)


@pytest.fixture(scope="module")
def powered(binary):
    server = Server([binary, "serve"])
    server.initialize()
    server.result("session/open", {"session": "s"})
    profile = read_profile(MODELLED["a100"][0])
    for job, kinds in JOBS.items():
        for pipeline, width, members, time, energy in kinds:
            asked = {"session": "s", "pipeline": pipeline}
            server.result("pipeline/define", {
                **asked, "job": job, "schedule": "1f1b", "stages": STAGES, "microbatches": 3,
                "dataParallelWidth": width, "blockingPowerWatts": BLOCKING})
            server.result("profile/submit", {**asked, "rows": [
                {"stage": stage, "instruction": instruction, "frequency": knob,
                 "timeSeconds": seconds * time, "energyJoules": joules * energy}
                for (stage, instruction), options in profile.items() for knob, (seconds, joules) in options.items()]})
            server.result("frontier/characterize", {**asked, "planCount": 16, "effort": "quick"})
            if members > 1:
                server.result("pipeline/replicate", {
                    **asked, "replicas": [f"{pipeline}-{n}" for n in range(1, members)]})
    yield server, {name: Job(server, "s", name) for name in JOBS}
    server.close()


class Instance:
    """A random question: jobs, counted and weighed, in groups within groups, and a budget."""

    def __init__(self, jobs, seed):
        generator = random.Random(seed)
        self.jobs, self.may_pause = jobs, seed % 3 == 0
        self.entries = [{"job": generator.choice(list(jobs)), "count": generator.choice([1, 1, 3, 40]),
                         **({"weight": generator.uniform(0.5, 20)} if generator.random() < 0.5 else {}),
                         **({"minimumRateFraction": generator.uniform(0.3, 0.9)} if generator.random() < 0.3 else {})}
                        for _ in range(generator.randint(1, 6))]
        self.groups: list[dict[str, Any]] = [{"group": f"g{n}"} for n in range(generator.randint(0, 5))]
        for n, group in enumerate(self.groups):
            if n and generator.random() < 0.6:
                group["within"] = f"g{generator.randrange(n)}"
        for entry in self.entries:
            if self.groups and generator.random() < 0.8:
                entry["group"] = generator.choice(self.groups)["group"]
        for group in self.groups:
            low, high = self.range(group["group"])
            group["capWatts"] = low + generator.uniform(0.05, 1.2) * (high - low) + 1e-6
        low, high = self.range(None)
        self.budget = low + generator.uniform(0.05, 1.1) * (high - low) + 1e-6

    def around(self, name):
        """A group and those around it, None being the whole."""
        while name is not None:
            yield name
            name = next(group for group in self.groups if group["group"] == name).get("within")
        yield None

    def slowest_rate(self, entry):
        job = self.jobs[entry["job"]]
        least = entry.get("minimumRateFraction", 0) * job.fastest_rate
        if self.may_pause:
            return least
        # Without pauses an iteration lasts as long as some plan.
        times = sorted({time for kind in job.kinds for time in kind.times})
        fastest = max(kind.times[0] for kind in job.kinds)
        return 1 / max([t for t in times if t >= fastest and (not least or t <= 1 / least)] or [fastest])

    def range(self, group):
        """The least and the most that a group draws."""
        inside = [entry for entry in self.entries if group in self.around(entry.get("group"))]
        low = high = 0.0
        for entry in inside:
            job, rate = self.jobs[entry["job"]], self.slowest_rate(entry)
            waiting = sum(kind.waiting for kind in job.kinds)
            low += entry["count"] * (job.plan_power(1 / rate) if rate else waiting)
            high += entry["count"] * job.plan_power(max(kind.times[0] for kind in job.kinds))
        return low, high

    def params(self):
        return {"session": "s", "jobs": self.entries, "groups": self.groups, "mayPause": self.may_pause,
                "budgetWatts": self.budget}

    def weight(self, entry):
        return entry.get("weight", self.jobs[entry["job"]].devices)

    def least_lost_rate(self):
        """By HiGHS: for each entry and kind a share of each corner, kinds of one job at one rate."""
        costs, rows, equal, sums, limits = [], [], [], [], []
        caps: dict[str | None, float] = {None: self.budget}
        caps.update({group["group"]: group["capWatts"] for group in self.groups})
        powers = {group: [] for group in caps}
        for entry in self.entries:
            job, count = self.jobs[entry["job"]], entry["count"]
            first = []
            for kind in job.kinds:
                columns = range(len(costs), len(costs) + len(kind.corners))
                worth = self.weight(entry) / job.fastest_rate if not first else 0.0
                costs += list(-worth * kind.corners[:, 0])
                for group in self.around(entry.get("group")):
                    powers[group] += list(zip(columns, kind.corners[:, 1] / 1000))
                sums.append((columns, numpy.ones(len(kind.corners)), count))
                rates = list(zip(columns, kind.corners[:, 0]))
                if first:
                    equal.append(rates + [(column, -rate) for column, rate in first])
                else:
                    first = rates
                    limits.append((rates, count * self.slowest_rate(entry)))
        rows = [([c for c, _ in terms], [w for _, w in terms], caps[group] / 1000) for group, terms in powers.items()]
        rows += [([c for c, _ in terms], [-r for _, r in terms], -least) for terms, least in limits]
        equalities = sums + [([c for c, _ in terms], [r for _, r in terms], 0.0) for terms in equal]

        def matrix(lines):
            places = [(n, c, v) for n, (columns, values, _) in enumerate(lines) for c, v in zip(columns, values)]
            return coo_array(([v for *_, v in places], ([n for n, *_ in places], [c for _, c, _ in places])),
                             shape=(len(lines), len(costs))).tocsr(), [bound for *_, bound in lines]

        upper, equality = matrix(rows), matrix(equalities)
        answer = linprog(costs, A_ub=upper[0], b_ub=upper[1], A_eq=equality[0], b_eq=equality[1], method="highs",
                         options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10})
        assert answer.status == 0, answer.message
        return self.total() + answer.fun

    def total(self):
        return sum(entry["count"] * self.weight(entry) for entry in self.entries)


@pytest.mark.parametrize("seed", range(200))
def test_the_bound_is_the_linear_programs_and_plans_keep_every_cap(powered, seed):
    server, jobs = powered
    instance = Instance(jobs, seed)
    answer = server.result("power/allocate", instance.params())
    assert answer["totalRate"] == pytest.approx(instance.total())
    interval, = answer["intervals"]
    assert abs(interval["lowerBoundLostRate"] - instance.least_lost_rate()) < 1e-6 * instance.total()
    drawn = {group["group"]: 0.0 for group in instance.groups} | {None: 0.0}
    lost = 0.0
    for entry, said in zip(instance.entries, interval["jobs"]):
        job = jobs[entry["job"]]
        assert said["job"] == entry["job"] and sum(c["count"] for c in said["choices"]) == entry["count"]
        for choice in said["choices"]:
            seconds = choice.get("iterationTimeSeconds")
            if seconds is None:
                watts, rate = sum(kind.waiting for kind in job.kinds), 0.0
            else:
                rate = 1 / seconds
                assert [(p["pipeline"], p["pipelineCount"]) for p in choice["plans"]] == [
                    (kind.pipeline, kind.count) for kind in job.kinds]
                assert all(kind.times[p["plan"]] <= seconds for kind, p in zip(job.kinds, choice["plans"]))
                watts = sum(kind.power(p["plan"], seconds) for kind, p in zip(job.kinds, choice["plans"]))
                if not instance.may_pause:
                    assert seconds == max(kind.times[p["plan"]] for kind, p in zip(job.kinds, choice["plans"]))
            assert choice["averagePowerWatts"] == pytest.approx(watts)
            assert rate >= instance.slowest_rate(entry) * (1 - 1e-9)
            lost += choice["count"] * instance.weight(entry) * (1 - rate / job.fastest_rate)
            for group in instance.around(entry.get("group")):
                drawn[group] += choice["count"] * watts
    assert interval["lostRate"] == pytest.approx(lost, abs=1e-9 * instance.total())
    assert interval["lowerBoundLostRate"] <= interval["lostRate"]
    assert drawn[None] <= instance.budget * (1 + 1e-9)
    assert interval["powerWatts"] == pytest.approx(drawn[None])
    for group, said in zip(instance.groups, interval["groups"]):
        assert said["group"] == group["group"] and said["powerWatts"] == pytest.approx(drawn[group["group"]])
        assert drawn[group["group"]] <= group["capWatts"] * (1 + 1e-9)


@pytest.mark.parametrize("seed", range(30))
def test_racks_that_jobs_share_are_in_the_bound(powered, seed):
    """Two to five jobs of six pipelines, spread over three racks: the bound is nearly the linear program's."""
    server, jobs = powered
    generator, (kind,) = random.Random(seed), jobs["wide"].kinds
    entries: list[dict[str, Any]] = []
    shares = []
    for _ in range(generator.randint(2, 5)):
        cuts = sorted(generator.sample(range(7), 2))
        counts = [cuts[0], cuts[1] - cuts[0], 6 - cuts[1]]
        entries.append({"job": "wide", "weight": generator.uniform(1, 9), "placements": [
            {"group": f"rack{n}", "pipelineCount": count} for n, count in enumerate(counts) if count]})
        shares.append(numpy.array(counts) / 6)
    low, high = jobs["wide"].plan_power(kind.times[-1]), jobs["wide"].plan_power(kind.times[0])
    caps = [sum(share[n] for share in shares) * (low + generator.uniform(0.1, 1) * (high - low)) + 1e-6
            for n in range(3)]
    interval, = server.result("power/allocate", {
        "session": "s", "jobs": entries, "budgetWatts": 1e9,
        "groups": [{"group": f"rack{n}", "capWatts": cap} for n, cap in enumerate(caps)]})["intervals"]
    slowest = 1 / kind.times[-1]
    curve = kind.corners[kind.corners[:, 0] > slowest]
    curve = numpy.concatenate([[(slowest, numpy.interp(slowest, *kind.corners.T))], curve])
    columns = len(curve)
    costs = numpy.concatenate([-entry["weight"] * curve[:, 0] / curve[-1, 0] for entry in entries])
    upper = numpy.array([numpy.concatenate([share[n] * curve[:, 1] for share in shares]) for n in range(3)])
    equal = numpy.kron(numpy.eye(len(entries)), numpy.ones(columns))
    best = linprog(costs, A_ub=upper / 1000, b_ub=numpy.array(caps) / 1000, A_eq=equal, b_eq=numpy.ones(len(entries)))
    assert best.status == 0, best.message
    total = sum(entry["weight"] for entry in entries)
    least = total + best.fun
    assert interval["lowerBoundLostRate"] <= least + 1e-6 * total
    assert interval["lowerBoundLostRate"] >= least - 0.01 * total
    assert least - 1e-6 * total <= interval["lostRate"] <= least + 0.02 * total
    for group, cap in zip(interval["groups"], caps):
        assert group["powerWatts"] <= cap * (1 + 1e-9)


def test_a_day_with_few_joules_draws_one_power_where_it_may(powered):
    server, jobs = powered
    entries: list[dict[str, Any]] = [{"job": "wide", "count": 5}, {"job": "short", "count": 7}]
    most = 5 * jobs["wide"].plan_power(jobs["wide"].kinds[0].times[0]) + 7 * jobs["short"].plan_power(
        jobs["short"].kinds[0].times[0])
    powers = [most * (0.8 + 0.2 * (hour % 3)) for hour in range(24)]
    budgets = [{"startSeconds": 3600 * hour, "budgetWatts": watts} for hour, watts in enumerate(powers)]
    day = {"session": "s", "jobs": entries, "budgets": budgets, "endSeconds": 86400, "mayPause": True}
    free = server.result("power/allocate", day)
    joules = 0.85 * free["energyJoules"]
    answer = server.result("power/allocate", {**day, "energyBudgetJoules": joules})
    assert joules * 0.99 < answer["energyJoules"] <= joules * (1 + 1e-9)

    def lost(rows, field):
        return sum(row["durationSeconds"] * row[field] for row in rows)

    # No other level of power does more: each budget as a job of its own under a cap, which is one question of power.
    caps = [{"group": f"h{hour}", "capWatts": watts} for hour, watts in enumerate(powers)]
    whole = {"session": "s", "groups": caps, "budgetWatts": joules / 3600, "mayPause": True, "jobs": [
        {**entry, "group": cap["group"]} for cap in caps for entry in entries]}
    at_once, = server.result("power/allocate", whole)["intervals"]
    assert lost(answer["intervals"], "lowerBoundLostRate") == pytest.approx(3600 * at_once["lowerBoundLostRate"])
    assert lost(answer["intervals"], "lostRate") == pytest.approx(3600 * at_once["lostRate"], rel=0.02)
    error = server.error("power/allocate", {**day, "energyBudgetJoules": joules / 10})
    check_error(error, kind="objectiveOutOfReach", path="energyBudgetJoules")
    again = server.result("power/allocate", {
        **day, "energyBudgetJoules": error["data"]["minimumEnergyJoules"] * (1 + 1e-9)})
    assert again["intervals"][0]["lostRate"] == pytest.approx(again["totalRate"])


@pytest.mark.parametrize("job", list(JOBS))
@pytest.mark.parametrize("pause", [False, True])
def test_shedding_is_the_fastest_of_all_plans(powered, job, pause):
    server, jobs = powered
    described = jobs[job]
    now = max(kind.times[0] for kind in described.kinds)
    asked = {"session": "s", "job": job, "mayPause": pause}
    curve = server.result("power/shed", {**asked, "curve": True})
    assert curve["deviceCount"] == described.devices
    assert curve["now"]["averagePowerWatts"] == pytest.approx(described.plan_power(now))
    times = sorted({time for kind in described.kinds for time in kind.times if time >= now})
    for point in curve["curve"]:
        assert point["iterationTimeSeconds"] in times
        assert point["powerWatts"] == pytest.approx(described.plan_power(point["iterationTimeSeconds"]))
    most = described.plan_power(now) - (
        sum(kind.waiting for kind in described.kinds) if pause else described.plan_power(times[-1]))
    for share in (0, 0.02, 0.1, 0.3, 0.7, 0.999):
        limit = described.plan_power(now) - share * most
        shed = server.result("power/shed", {**asked, "shedWatts": share * most})["shed"]
        seconds = shed["iterationTimeSeconds"]
        assert described.plan_power(seconds) <= limit * (1 + 1e-9)
        assert shed["averagePowerWatts"] == pytest.approx(described.plan_power(seconds))
        assert shed["slowdownFraction"] == pytest.approx(seconds / now - 1, abs=1e-12)
        faster = [t for t in times if t < seconds * (1 - 1e-9)]
        if pause:
            faster += list(numpy.linspace(now, seconds, 50)[:-1])
        assert all(described.plan_power(t) > limit * (1 - 1e-9) for t in faster)
        # The bound: the rate at which the least power is the limit.
        least = 1 / (now * (1 + shed["lowerBoundSlowdownFraction"]))
        assert least >= 1 / seconds * (1 - 1e-9)
        assert described.least_power(least) == pytest.approx(limit, rel=1e-6) or share == 0 or (
            shed["gapFraction"] == 0)
    error = server.error("power/shed", {**asked, "shedWatts": most * 1.01})
    check_error(error, kind="objectiveOutOfReach", path="shedWatts")
    assert error["data"]["maximumShedWatts"] == pytest.approx(most)


def timeline(server, pipeline, plan):
    return server.result("plan/timeline", {"session": "s", "pipeline": pipeline, "plan": plan})


def peak(ranks):
    """The highest sum of the powers of ranks over time."""
    changes = [(0.0, sum(rank["blockingPowerWatts"] for rank in ranks))]
    for rank in ranks:
        for step in rank["instructions"]:
            more = step["energyJoules"] / step["timeSeconds"] - rank["blockingPowerWatts"]
            changes += [(round(step["startSeconds"], 9), more), (round(step["endSeconds"], 9), -more)]
    totals = {}
    for time, watts in changes:
        totals[time] = totals.get(time, 0.0) + watts
    return max(numpy.cumsum([totals[time] for time in sorted(totals)]))


def test_peaks_and_ranks_are_those_of_the_timeline(powered):
    server, _ = powered
    placements = [{"group": "node", "pipelineCount": 2, "ranks": [0, 2]}, {"group": "rack", "pipelineCount": 3}]
    groups: list[dict[str, Any]] = [{"group": "rack", "capWatts": 1e9}, {"group": "node", "capWatts": 1e9}]
    for measure in ("average", "peak"):
        params = {"session": "s", "jobs": [{"job": "wide", "placements": placements}], "power": measure}
        free = {group["group"]: group for group in server.result(
            "power/allocate", {**params, "groups": groups, "budgetWatts": 1e9})["intervals"][0]["groups"]}
        for share in (1.1, 0.95, 0.9):
            capped = [{**group, "capWatts": share * free[group["group"]]["powerWatts"]} for group in groups]
            for name in ("rack", "node"):
                caps = [group if group["group"] == name else groups[n] for n, group in enumerate(capped)]
                interval, = server.result(
                    "power/allocate", {**params, "groups": caps, "budgetWatts": 1e9})["intervals"]
                choice, = interval["jobs"][0]["choices"]
                plan, seconds = choice["plans"][0]["plan"], choice["iterationTimeSeconds"]
                ranks = timeline(server, "wide", plan)["ranks"]
                # The frontier's joules are those of three data-parallel replicas; the timeline's of one.
                whole, some = ranks, [ranks[0], ranks[2]]
                if measure == "peak":
                    expected = {"rack": 3 * peak(whole), "node": 2 * peak(some)}
                    assert interval["powerWatts"] == pytest.approx(6 * peak(whole))
                else:
                    expected = {"rack": 3 * sum(r["energyJoules"] for r in whole) / seconds,
                                "node": 2 * sum(r["energyJoules"] for r in some) / seconds}
                assert choice["peakPowerWatts"] == pytest.approx(6 * peak(whole))
                for group, cap in zip(interval["groups"], caps):
                    assert group["powerWatts"] == pytest.approx(expected[group["group"]])
                    assert group["powerWatts"] <= cap["capWatts"] * (1 + 1e-9)


def test_a_plan_for_a_peak_is_the_fastest_within_it(powered):
    server, jobs = powered
    plans = len(jobs["one"].kinds[0].times)
    peaks = [peak(timeline(server, "one", plan)["ranks"]) for plan in range(plans)]
    for cap in (max(peaks) * 1.01, *(peaks[plan] * (1 + 1e-12) for plan in range(0, plans, 9))):
        point = server.result("frontier/query", {"session": "s", "pipeline": "one", "peakPowerWatts": cap})
        found = point["plan"]["plan"]
        assert found == next(plan for plan in range(plans) if peaks[plan] <= cap)
        assert point["peakPowerWatts"] == pytest.approx(peaks[found])
    error = server.error("frontier/query", {"session": "s", "pipeline": "one", "peakPowerWatts": min(peaks) * 0.99})
    check_error(error, kind="objectiveOutOfReach", path="peakPowerWatts")
    assert error["data"]["minimumPeakPowerWatts"] == pytest.approx(min(peaks))


def test_a_straggler_leaves_less_to_shed(powered):
    server, jobs = powered
    server.result("straggler/report", {"session": "s", "pipeline": "right-1", "slowdownFraction": 0.05})
    slow = server.result("job/get", {"session": "s", "job": "mixed"})["slowestTimeSeconds"]
    answer = server.result("power/shed", {"session": "s", "job": "mixed", "curve": True})
    server.result("straggler/report", {"session": "s", "pipeline": "right-1", "ended": True})
    assert answer["now"]["iterationTimeSeconds"] == slow
    assert answer["now"]["averagePowerWatts"] == pytest.approx(jobs["mixed"].plan_power(slow))
    assert all(point["iterationTimeSeconds"] >= slow for point in answer["curve"])
