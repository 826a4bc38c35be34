"""What recorded searches say of a search's certainty: paired intervals, coverage, reliability, and pictures of them."""

import itertools
import math
import random
import statistics
from html import escape

# Mass of an interval -> half its width in standard deviations of a normal variable.
QUANTILES = {50: 0.6744897501960817, 80: 1.2815515655446004, 90: 1.6448536269514722}
BINS = (0, 0.02, 0.1, 0.3, 0.6, 0.9, 1)
RESAMPLES = 4000


def bootstrap(differences, seed=20261127):
    """The mean of paired differences, and the middle 95 % of the means of resampled pools (Efron 1979)."""
    draw = random.Random(seed)
    count = len(differences)
    means = sorted(sum(draw.choices(differences, k=count)) / count for _ in range(RESAMPLES))
    cut = round(0.025 * RESAMPLES)
    return statistics.fmean(differences), means[cut], means[RESAMPLES - 1 - cut]


class Outcomes:
    """A plan's regrets (1: 100 %) and weighted taus: of each pool one for each order of its candidates."""

    def __init__(self):
        self.regrets, self.taus = [], []

    def begin_pool(self):
        self.regrets.append([])
        self.taus.append([])

    def take(self, regret, tau):
        """Of the last pool; `tau` may be None."""
        self.regrets[-1].append(regret)
        self.taus[-1].append(tau)

    def orders(self):
        return len(self.regrets[0])

    def means(self):
        """Of each pool the mean regret over its orders."""
        return [statistics.fmean(pool) for pool in self.regrets]

    def shares(self):
        """Of each pool the share of orders with a regret of at most 1 %."""
        return [statistics.fmean(regret <= 0.01 for regret in pool) for pool in self.regrets]

    def mean(self):
        return statistics.fmean(self.means())

    def near(self):
        return statistics.fmean(self.shares())

    def median(self):
        """Of the pools' means."""
        return statistics.median(self.means())

    def worst(self):
        """Of all pools and orders."""
        return max(map(max, self.regrets))

    def tau(self):
        """The mean, pools weighted equally; None where one is missing. A tau that is not a number (a pool whose
        candidates all end alike) counts for nothing."""
        if any(tau is None for pool in self.taus for tau in pool):
            return None
        known = [statistics.fmean(pool) for pool in self.taus if not any(map(math.isnan, pool))]
        return statistics.fmean(known) if known else None


class Tally:
    """What races said, beside what came true."""

    def __init__(self):
        # Of every candidate, and of the suggested ones: (stated probability to be best, whether it is).
        self.chances, self.suggested = [], []
        self.stated, self.true = [], []  # regrets
        # Of each pool its candidates that were seen and not finished: (how far off in deviations, deviation).
        self.pools = []

    def take(self, told, finals, regret):
        """Takes a search's answer; `finals` maps candidates to final errors."""
        least = min(finals.values())
        self.suggested.append((told["probabilityBest"], regret < 1e-9))
        self.stated.append(min(1.0, told["expectedRegretFraction"]))
        self.true.append(regret)
        pool = []
        for row in told["ranking"]:
            if "probabilityBest" in row:
                self.chances.append((row["probabilityBest"], finals[row["candidate"]] == least))
            if 0 < row.get("observedFraction", 0) < 1 - 1e-9 and "lowerLoss" in row:
                low, high = math.log(row["lowerLoss"]), math.log(row["upperLoss"])
                deviation = (high - low) / (2 * QUANTILES[90])
                truth = math.log(max(1e-12, finals[row["candidate"]]))
                pool.append(((truth - (low + high) / 2) / max(1e-12, deviation), deviation))
        if pool:
            self.pools.append(pool)

    def add(self, other):
        for name, values in vars(other).items():
            getattr(self, name).extend(values)

    def coverage(self, mass):
        """The share of intervals of this mass that hold the truth, pools weighted equally; None without intervals."""
        if not self.pools:
            return None
        return statistics.fmean(
            statistics.fmean(abs(score) <= QUANTILES[mass] for score, _ in pool) for pool in self.pools)

    def interval_score(self, mass=90):
        """Gneiting and Raftery's score (2007, 10.1198/016214506000001437) of the intervals in log error, pools
        weighted equally: the width, and what the truth is off, times 2 / (1 - mass). Less is better."""
        if not self.pools:
            return None
        half, penalty = QUANTILES[mass], 2 / (1 - mass / 100)
        return statistics.fmean(
            statistics.fmean(deviation * (2 * half + penalty * max(0.0, abs(score) - half))
                             for score, deviation in pool) for pool in self.pools)

    def reliability(self):
        """For each bin of the stated chance: (mean stated, share that came true, cases)."""
        rows = []
        for low, high in itertools.pairwise(BINS):
            inside = [entry for entry in self.chances if low < entry[0] <= high or low == entry[0] == 0]
            if inside:
                stated, true = (statistics.fmean(entry[place] for entry in inside) for place in (0, 1))
                rows.append((stated, true, len(inside)))
        return rows


def wilson(share, count, quantile=1.96):
    """Wilson's 95 % interval of a share of independent cases (1927, 10.1080/01621459.1927.10502953)."""
    middle = share + quantile**2 / (2 * count)
    half = quantile * math.sqrt(share * (1 - share) / count + quantile**2 / (4 * count**2))
    scale = 1 + quantile**2 / count
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


COLOURS = ("#1b6ca8", "#c1432e", "#4d8b31", "#7a5195", "#8a6d1d", "#444444", "#0e8f8f", "#c0609a", "#9a9a00")
SIZE, MARGIN = 300, 48


class Picture:
    """Panels beside each other, as SVG; `x` and `y` of a panel map 0..1 to pixels."""

    def __init__(self, panels, beside=0):
        self.right = panels * (SIZE + 2 * MARGIN)
        self.width, self.parts = self.right + beside, []

    def panel(self, number, title, across, up):
        left = number * (SIZE + 2 * MARGIN) + MARGIN
        self.parts.append(f'<rect x="{left}" y="{MARGIN}" width="{SIZE}" height="{SIZE}" fill="none" stroke="#999"/>')
        self.text(left + SIZE / 2, MARGIN - 12, title, "middle", 14)
        self.text(left + SIZE / 2, MARGIN + SIZE + 34, across, "middle")
        self.parts.append(f'<text x="{left - 34}" y="{MARGIN + SIZE / 2}" text-anchor="middle" font-size="11" '
                          f'transform="rotate(-90 {left - 34} {MARGIN + SIZE / 2})">{escape(up)}</text>')
        return (lambda share: left + share * SIZE), (lambda share: MARGIN + (1 - share) * SIZE)

    def text(self, x, y, text, anchor="start", size=11, colour="#222"):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{colour}">'
                          f'{escape(text)}</text>')

    def line(self, points, colour, dash=""):
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5" '
                          f'stroke-dasharray="{dash}"/>')

    def sample(self, x, y, colour, dash):
        """A piece of a line, for the legend."""
        self.parts.append(f'<line x1="{x}" y1="{y}" x2="{x + 24}" y2="{y}" stroke="{colour}" stroke-width="1.5" '
                          f'stroke-dasharray="{dash}"/>')

    def dot(self, x, y, colour):
        self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>')

    def svg(self):
        height = SIZE + 2 * MARGIN
        return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width}" height="{height}" '
                f'viewBox="0 0 {self.width} {height}" font-family="sans-serif">'
                f'<rect width="100%" height="100%" fill="white"/>{"".join(self.parts)}</svg>\n')


def pen(place):
    """The colour and dashes of a picture's line."""
    return COLOURS[place % len(COLOURS)], ("", "6 3", "2 2")[place // len(COLOURS) % 3]


def reliability_picture(tallies, orders=1):
    """One panel a corpus: how often what was said to be best with a probability was best, on a square-root scale
    that shows small ones; bars are Wilson's intervals, for which the orders of one pool count as one case."""
    picture = Picture(len(tallies))
    for number, (corpus, tally) in enumerate(tallies.items()):
        x, y = picture.panel(number, corpus, "stated probability to be best", "share that was best")
        picture.line([(x(0), y(0)), (x(1), y(1))], "#999", "4 3")
        for tick in (0.01, 0.1, 0.25, 0.5, 1):
            picture.text(x(math.sqrt(tick)), y(0) + 14, f"{tick:g}", "middle")
            picture.text(x(0) - 4, y(math.sqrt(tick)) + 4, f"{tick:g}", "end")
        for stated, true, count in tally.reliability():
            low, high = wilson(true, count / orders)
            at = x(math.sqrt(stated))
            picture.line([(at, y(math.sqrt(low))), (at, y(math.sqrt(high)))], COLOURS[0])
            picture.dot(at, y(math.sqrt(true)), COLOURS[0])
            picture.text(at + 5, y(math.sqrt(true)) - 5, str(count), size=9)
    return picture.svg()


def regret_picture(curves):
    """One panel a corpus: mean regret over the budget; `curves` maps corpus -> strategy -> [(budget, regret)]."""
    picture = Picture(len(curves), beside=310)
    names = list(dict.fromkeys(name for lines in curves.values() for name in lines))
    for place, name in enumerate(names):
        height = MARGIN + 16 + 16 * place
        picture.sample(picture.right, height - 4, *pen(place))
        picture.text(picture.right + 30, height, name, colour=pen(place)[0])
    budgets = [budget for lines in curves.values() for line in lines.values() for budget, _ in line]
    first, last = math.log(min(budgets)), math.log(max(budgets))
    for number, (corpus, lines) in enumerate(curves.items()):
        highest = max(regret for line in lines.values() for _, regret in line) or 1.0
        x, y = picture.panel(number, corpus, "budget, of the grid's cost", "mean regret, %")
        for budget in sorted({budget for line in lines.values() for budget, _ in line}):
            picture.text(x((math.log(budget) - first) / (last - first)), y(0) + 14, f"1/{1 / budget:.3g}", "middle")
        for part in (0, 0.5, 1):
            picture.text(x(0) - 4, y(part) + 4, f"{highest * part:.3g}", "end")
        for name, line in lines.items():
            points = [(x((math.log(budget) - first) / (last - first)), y(regret / highest)) for budget, regret in line]
            picture.line(points, *pen(names.index(name)))
    return picture.svg()
