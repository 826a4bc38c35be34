"""Power among 10 000 pipelines of 20 classes in 80 racks of 8 rooms, beside HiGHS on the same linear program; and what
a job of 1000 pipelines loses when it draws less. Needs numpy and scipy."""

import random
import statistics
import time

import numpy
from harness import MODELLED, cpu_of, start_client
from scipy.optimize import linprog
from scipy.sparse import csr_array

CLASSES, PIPELINES, RACKS, ROOMS, STAGES, BLOCKING = 20, 10_000, 80, 8, 8, 95.0
MICROBATCHES = 2  # with more of them the linear program takes minutes
PROFILE = MODELLED / "modelled-h100-8stage.csv"


def scaled_profile(time_factor, energy_factor):
    head, *rows = PROFILE.read_text().splitlines()
    columns = head.split(",")
    at_time, at_energy = columns.index("time"), columns.index("energy")
    lines = [head]
    for row in rows:
        cells = row.split(",")
        cells[at_time] = repr(float(cells[at_time]) * time_factor)
        cells[at_energy] = repr(float(cells[at_energy]) * energy_factor)
        lines.append(",".join(cells))
    return "\n".join(lines) + "\n"


class Cluster:
    """The question, and the linear program of its bound."""

    def __init__(self, session):
        generator = random.Random(7)
        self.curves = []
        for n in range(CLASSES):
            session.define_pipeline(f"c{n}", schedule="1f1b", stages=STAGES, microbatches=MICROBATCHES,
                                    blocking_power_watts=BLOCKING)
            session.submit_profile(
                f"c{n}", csv_text=scaled_profile(generator.uniform(0.5, 2), generator.uniform(0.5, 2)))
            session.characterize(f"c{n}", effort="quick")
            curve = session.curve(f"c{n}")
            slowest = curve.plans[-1].iteration_time_seconds
            corners = numpy.array([(1 / p.iteration_time_seconds, p.energy_joules / p.iteration_time_seconds)
                                   for p in reversed(curve.lower_bound)])
            inside = corners[corners[:, 0] > 1 / slowest]
            # Without pauses no iteration is slower than the slowest plan's.
            whole = numpy.concatenate([[(0.0, BLOCKING * STAGES)], corners])
            first = (1 / slowest, numpy.interp(1 / slowest, *whole.T))
            fast = curve.plans[0]
            self.curves.append((numpy.concatenate([[first], inside]), fast.energy_joules / fast.iteration_time_seconds,
                                curve.plans[-1].energy_joules / slowest))
        self.where = [(generator.randrange(CLASSES), f"rack{n % RACKS}") for n in range(PIPELINES)]
        most, least = {}, {}
        for number, rack in self.where:
            for group in (rack, self.room(rack), None):
                most[group] = most.get(group, 0) + self.curves[number][1]
                least[group] = least.get(group, 0) + self.curves[number][2]
        share = {group: generator.uniform(0.5, 1.1) for group in most if group}
        self.caps = {group: least[group] + share[group] * (most[group] - least[group]) for group in share}
        self.budget = least[None] + 0.5 * (most[None] - least[None])
        self.groups = [{"group": group, "cap_watts": cap, "within": self.room(group) if "rack" in group else None}
                       for group, cap in self.caps.items()]

    def jobs(self, counted):
        """Each pipeline is a job of its own; alike ones in a rack are counted, or listed one by one."""
        if not counted:
            return [{"job": f"c{number}", "group": rack} for number, rack in self.where]
        counts = {}
        for place in self.where:
            counts[place] = counts.get(place, 0) + 1
        return [{"job": f"c{number}", "group": rack, "count": count} for (number, rack), count in counts.items()]

    def program(self):
        """Costs, rows, limits and upper bounds of the linear program, as small as it can be: for each class in a rack
        the rate along each piece of its curve, above the slowest; pieces need no order, as the curve is convex."""
        costs, powers, upper, owner, base = [], [], [], [], dict.fromkeys([*self.caps, None], 0.0)
        entries = self.jobs(counted=True)
        for n, entry in enumerate(entries):
            corners = self.curves[int(entry["job"][1:])][0]
            rates, watts = numpy.diff(corners[:, 0]), numpy.diff(corners[:, 1])
            costs.append(numpy.full(len(rates), -STAGES / corners[-1, 0]))
            powers.append(watts / rates / 1000)
            upper.append(entry["count"] * rates)
            owner.append(numpy.full(len(rates), n))
            for group in (entry["group"], self.room(entry["group"]), None):
                base[group] += entry["count"] * corners[0, 1]
        place = numpy.concatenate(owner)
        places = list(self.caps)
        row = {group: n for n, group in enumerate(places)}
        racks = numpy.array([row[entry["group"]] for entry in entries])[place]
        rooms = numpy.array([row[self.room(entry["group"])] for entry in entries])[place]
        rows = numpy.concatenate([racks, rooms, numpy.full(len(place), len(places))])
        caps = csr_array((numpy.tile(numpy.concatenate(powers), 3), (rows, numpy.tile(numpy.arange(len(place)), 3))))
        limits = [(cap - base[group]) / 1000 for group, cap in [*self.caps.items(), (None, self.budget)]]
        slowest = sum(entry["count"] * STAGES * (1 - curve[0, 0] / curve[-1, 0]) for entry in entries
                      for curve in [self.curves[int(entry["job"][1:])][0]])
        return numpy.concatenate(costs), caps, limits, numpy.concatenate(upper), slowest

    @staticmethod
    def room(rack):
        return f"room{int(rack[4:]) % ROOMS}"


def per_request(client, call, count):
    """(CPU ms of the server, median wall ms of the round trip) of a request."""
    call()
    before, walls = cpu_of(client.process.pid), []
    for _ in range(count):
        begin = time.perf_counter()
        call()
        walls.append(time.perf_counter() - begin)
    return 1000 * (cpu_of(client.process.pid) - before) / count, 1000 * statistics.median(walls)


def measure(report):
    with start_client() as client:
        session = client.open_session()
        cluster = Cluster(session)
        corners = sum(len(curve) for curve, _, _ in cluster.curves)
        answers = {}
        for counted in (True, False):
            jobs = cluster.jobs(counted)
            request = session.request.allocate_power(jobs, groups=cluster.groups, budget_watts=cluster.budget)

            def ask(counted=counted, request=request):
                answers[counted] = client.start(request).result()

            cpu, wall = per_request(client, ask, 20 if counted else 5)
            interval = answers[counted].intervals[0]
            report.add(f"power/allocate, {PIPELINES} pipelines, {len(jobs)} entries", cpu, "CPU ms",
                       aim="< 100" if counted else "", note=f"{wall:.0f} ms from Python and back; "
                       f"{corners} corners of {CLASSES} classes; gap {100 * interval.gap_fraction:.3f} %")
        costs, caps, limits, upper, slowest = cluster.program()
        bounds = numpy.stack([numpy.zeros(len(upper)), upper], axis=1)
        for method, name in (("highs-ds", "dual simplex"), ("highs-ipm", "interior point")):
            begin = time.process_time()
            best = linprog(costs, A_ub=caps, b_ub=limits, bounds=bounds, method=method)
            spent = time.process_time() - begin
            note = best.message
            if best.status == 0:
                ours = answers[True].intervals[0].lower_bound_lost_rate
                difference = abs(slowest + best.fun - ours) / answers[True].total_rate
                note = f"{len(costs)} columns, {len(limits)} rows; the bounds differ by {difference:.1e} of all rate"
            report.add(f"the same bound by HiGHS, {name}", 1000 * spent, "CPU ms", note=note)
        session.replicate_pipeline("c0", [f"c0-{n}" for n in range(1, 1000)])
        draws = session.shed_power("c0", curve=True)
        least = draws.curve[-1] if draws.curve else None
        for name, fields in (("shedWatts", {"shed_watts": least.shed_watts / 2 if least else 0.0}),
                             ("the whole curve", {"curve": True})):
            cpu, wall = per_request(client, lambda fields=fields: session.shed_power("c0", **fields), 1000)
            report.add(f"power/shed, 1000 pipelines, {name}", cpu, "CPU ms", aim="< 1",
                       note=f"{wall:.2f} ms from Python and back; {len(draws.curve or ())} paces")
