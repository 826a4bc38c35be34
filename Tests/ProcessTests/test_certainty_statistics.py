"""The benchmark's statements about certainty, against searches whose certainty is known."""

import itertools
import json
import math
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "Benchmarks"))

import certainty
from certainty_statistics import QUANTILES, Outcomes, Tally, bootstrap, regret_picture, reliability_picture, wilson
from pools import Curves, Pool


def answer(draw, factor=1.0):
    """A search's answer about 20 candidates, and the final errors: each is normal in log error with the deviation that
    the interval states, times a factor. The chances are those of two candidates that are 3 : 1."""
    means, deviations = draw.normal(-1, 0.1, 20), draw.uniform(0.02, 0.2, 20)
    truths = numpy.exp(means + factor * deviations * draw.standard_normal(20))
    half = QUANTILES[90] * deviations
    best, chances = int(truths.argmin()), numpy.zeros(20)
    chances[best], chances[(best + 1) % 20] = (0.75, 0.25) if draw.random() < 0.75 else (0.25, 0.75)
    ranking = [{"candidate": n, "probabilityBest": float(chances[n]), "observedFraction": 0.5,
                "lowerLoss": float(numpy.exp(means[n] - half[n])), "upperLoss": float(numpy.exp(means[n] + half[n]))}
               for n in range(20)]
    told = {"ranking": ranking, "expectedRegretFraction": 0.1, "probabilityBest": 0.75}
    return told, dict(enumerate(truths.tolist()))


def tally(factor, count=400):
    draw, kept = numpy.random.default_rng(1), Tally()
    for _ in range(count):
        told, truths = answer(draw, factor)
        kept.take(told, truths, regret=0.0)
    return kept


@pytest.mark.parametrize("mass", QUANTILES)
def test_intervals_hold_as_often_as_they_say(mass):
    assert tally(1.0).coverage(mass) == pytest.approx(mass / 100, abs=0.015)
    assert tally(2.0).coverage(mass) == pytest.approx(math.erf(QUANTILES[mass] / 2 / math.sqrt(2)), abs=0.015)


def test_the_interval_score_prefers_the_right_width():
    right = tally(1.0).interval_score()
    # E[score] of a normal variable of deviation s with the interval of s: 2 s (z + E max(0, |x| - z) / (1 - p)).
    z = QUANTILES[90]
    tail = math.exp(-z * z / 2) / math.sqrt(2 * math.pi) - z * 0.05
    assert right == pytest.approx(0.11 * (2 * z + 20 * 2 * tail), rel=0.03)
    draw, wide, narrow = numpy.random.default_rng(1), Tally(), Tally()
    for _ in range(400):
        told, truths = answer(draw)
        for kept, factor in ((wide, 2.0), (narrow, 0.5)):
            rows = []
            for row in told["ranking"]:
                middle = math.sqrt(row["lowerLoss"] * row["upperLoss"])
                half = factor * math.log(row["upperLoss"] / middle)
                rows.append({**row, "lowerLoss": middle * math.exp(-half), "upperLoss": middle * math.exp(half)})
            kept.take({**told, "ranking": rows}, truths, regret=0.0)
    assert right < min(wide.interval_score(), narrow.interval_score())


def test_reliability_tells_what_came_true():
    rows = tally(1.0).reliability()
    assert sum(count for _, _, count in rows) == 400 * 20
    for stated, true, count in rows:
        low, high = wilson(true, count, quantile=3.3)
        assert low - 1e-12 <= stated <= high + 1e-12


def test_a_bootstrap_covers_the_mean_as_often_as_it_says():
    draw, held = numpy.random.default_rng(2), 0
    for number in range(200):
        mean, low, high = bootstrap((0.3 + draw.exponential(1.0, 60)).tolist(), seed=number)
        assert low < mean < high
        held += low <= 1.3 <= high
    assert 0.88 <= held / 200 <= 0.985


def test_pairs_tell_more_than_two_samples():
    draw = numpy.random.default_rng(3)
    common = draw.exponential(10.0, 60)
    one, other = common + draw.normal(1, 0.5, 60), common + draw.normal(0, 0.5, 60)
    _, low, high = bootstrap((one - other).tolist())
    assert 0 < low < 1 < high < 2


def test_wilsons_interval():
    # The roots of (share - p)^2 = z^2 p (1 - p) / count.
    for share, count in itertools.product((0.0, 0.3, 1.0), (3, 50)):
        for p in wilson(share, count):
            assert (share - p) ** 2 == pytest.approx(1.96**2 * p * (1 - p) / count, abs=1e-12)


def test_baselines_by_hand():
    # The second leads at 1/4 and 1/2, the first at the end; each costs a quarter of the grid.
    curves = Curves([0.25, 0.5, 1], [[4, 3, 1], [3, 2, 1.5], [5, 4, 3], [6, 5, 4]], [1, 1, 1, 1])
    assert curves.everybody(0.2) is None and curves.halving(0.2) is None
    assert curves.everybody(0.25) == curves.everybody(0.9) == [1, 0, 2, 3]
    assert curves.regret(1) == 0.5 and curves.regret(0) == 0 and curves.regret(3) == 1
    # All to 1/4 for .25; two of them to 1/2 for .125, one to 1 for .125: by halving the first is never finished.
    assert curves.fitted_start(0.25) == 0 and curves.fitted_start(0.75) == 1
    assert curves.halving(0.25) == curves.halving(0.5) == [1, 0, 2, 3]
    # From 1/2: all for .5, two to 1 for .25.
    assert curves.halving(0.75) == [0, 1, 2, 3]


def test_halving_ranks_by_how_far_a_candidate_came():
    # The third leads at 1/4 and gets worse; the first, stopped at 1/4 with less, stays behind whoever went on.
    curves = Curves([0.25, 0.5, 1], [[2, 2, 2], [1.5, 7, 6], [1, 9, 8], [3, 3, 3]], [1, 1, 1, 1])
    assert curves.halving(0.5) == [1, 2, 0, 3]


def test_orders_permute_candidates_and_change_no_curve(tmp_path):
    path = tmp_path / "pool.csv"
    rows = [f"m{n},{n + 4},{n + 3},{n + 2}.5,{n + 1},f{n % 2}" for n in range(9)]
    path.write_text("\n".join(["config name,16,32,64,size,family", *rows, ""]))
    pool = Pool(path)
    assert pool.fractions == [0.25, 0.5, 1] and pool.order(0) == list(range(9))
    orders = [pool.order(number) for number in range(20)]
    assert all(sorted(order) == list(range(9)) for order in orders) and len(set(map(tuple, orders))) == 20
    for number, order in enumerate(orders):
        ordered = pool.in_order(number)
        assert Pool(path).order(number) == order
        assert ordered.errors == [pool.errors[place] for place in order]
        assert ordered.costs == [pool.costs[place] for place in order]
        # Nothing ties here, so what a baseline picks is the same candidate in every order.
        assert order[ordered.everybody(0.3)[0]] == pool.everybody(0.3)[0]
        written = tmp_path / "written.csv"
        names = ordered.write(written)
        again = Pool(written)
        assert again.errors == ordered.errors and [row["config name"] for row in again.rows] == names
        assert [row["family"] for row in again.rows] == [f"f{place % 2}" for place in order]


def test_outcomes_weigh_pools_equally():
    found = Outcomes()
    for regrets, taus in (((0.0, 0.02), (0.5, 0.7)), ((0.01, 0.01), (math.nan, math.nan)), ((1.0, 0.5), (0.1, 0.3))):
        found.begin_pool()
        for regret, tau in zip(regrets, taus, strict=True):
            found.take(regret, tau)
    assert found.orders() == 2 and found.means() == [0.01, 0.01, 0.75] and found.shares() == [0.5, 1, 0]
    assert found.mean() == pytest.approx(0.77 / 3) and found.near() == 0.5
    assert found.median() == 0.01 and found.worst() == 1
    assert found.tau() == pytest.approx(0.4)  # the pool without a tau counts for nothing
    found.take(0.0, None)
    assert found.tau() is None


def test_tuners_get_the_same_orders_and_what_their_variant_says(tmp_path):
    path = tmp_path / "pool.csv"
    sizes = [2**k for k in range(9)]  # down to 1/256 of the data
    rows = [",".join([f"m{n}", *(f"{(n + 2) / size}" for size in sizes), "3"]) for n in range(5)]
    path.write_text("\n".join([",".join(["config name", *map(str, sizes), "size"]), *rows, ""]))
    pool = Pool(path)
    (plain, (one,)), (fitted, (other,)) = certainty.tuner_requests([pool], 1 / 3, 4)
    assert (plain, fitted) == ("", " fitted")
    assert one["orders"] == other["orders"] == [pool.order(number) for number in range(4)]
    assert one["fractions"][one["start"]] == 1 / 64 and one["workers"] == 8
    assert other["start"] == pool.fitted_start(1 / 3) and other["workers"] == 5
    assert one["errors"] == other["errors"] == pool.errors and one["budget"] == other["budget"] == 1 / 3


def test_a_strategy_that_suggests_nothing_is_left_out(tmp_path):
    path, binary = tmp_path / "pool.csv", tmp_path / "binary"
    rows = [f"m{n},{n + 4},{n + 3},{n + 2},1" for n in range(5)]
    path.write_text("\n".join(["config name,16,32,64,size", *rows, ""]))
    ranking = [{"candidate": f"c{n:03}", "probabilityBest": 0.2} for n in (3, 0, 1, 2, 4)]
    told = {"suggestion": "c003", "probabilityBest": 0.2, "expectedRegretFraction": 0.5, "ranking": ranking}
    silent = {"ranking": [{**row, "probabilityBest": 0.0} for row in ranking]}
    (tmp_path / "told").write_text(json.dumps(told))
    (tmp_path / "silent").write_text(json.dumps(silent))
    binary.write_text(f'#!/bin/sh\ncase "$*" in *random*|*snapshot*) cat {tmp_path}/silent;;\n'
                      f'*) cat {tmp_path}/told;; esac\n')
    binary.chmod(0o755)
    pool = Pool(path)
    plans = {"race": ("race", []), "race told": ("race", ["--curve", "snapshot"]), "random": ("random", [])}
    outcomes, said = certainty.replay_cell(binary, [pool], 0.5, plans, None, 3)
    assert list(outcomes) == ["everybody", "halving", "race"] and list(said) == ["race"]
    # The answer names places of each order: what stands there is what was suggested.
    assert outcomes["race"].regrets == [[pool.regret(pool.order(number)[3]) for number in range(3)]]
    assert said["race"].stated == [0.5] * 3


class Rows:
    def __init__(self):
        self.rows = {}

    def add(self, name, value, unit, note=""):
        self.rows[name] = value, note


def plan(regrets):
    found = Outcomes()
    for pool in regrets:
        found.begin_pool()
        for regret in pool:
            found.take(regret, None)
    return found


def test_a_plan_that_is_better_is_named_with_its_cells():
    # Orders disagree within each pool, the pools' means never do.
    race = plan([[0.03, 0.05]] * 12)
    for other, lead, better in (([0.06, 0.0], 1.0, True), ([0.04, 0.04], 0.0, False), ([0.02, 0.08], -1.0, False)):
        report, verdict = Rows(), certainty.Verdict()
        verdict.means.append(4.0)
        certainty.compare(report, "corpus", "1/5", "other", race, plan([other] * 12), verdict)
        certainty.report_verdict(report, "other", verdict)
        value, note = report.rows["corpus, 1/5, race less other: regret"]
        assert value == pytest.approx(lead)
        assert ("lie in 1.00 ... 1.00" in note) == better
        # Half of the orders of each pool lose at most 1 %, where the race's never do.
        assert ("share with at most 1 %: -50.0 (-50.0 ... -50.0)" in note) == better
        told = report.rows["mean over all cells, other"][1]
        assert ("above 0.5: corpus, 1/5 by 1.00" in told) == better
        assert ("beyond chance: regret, corpus, 1/5; share, corpus, 1/5" in told) == better
        assert ("beyond chance: nowhere" in told) != better


def test_pictures_are_documents_that_show_every_number():
    kept = tally(1.0, 5)
    shown = ElementTree.fromstring(reliability_picture({"a < b": kept, "c": kept}))
    texts = [text.text for text in shown.iter("{http://www.w3.org/2000/svg}text")]
    assert "a < b" in texts
    dots = list(shown.iter("{http://www.w3.org/2000/svg}circle"))
    assert len(dots) == 2 * len(kept.reliability())
    lines = {"race": [(0.1, 3.0), (0.2, 1.5)], "halving": [(0.1, 6.0), (0.2, 0.0)]}
    drawn = ElementTree.fromstring(regret_picture({"c": lines}))
    paths = [line.get("points", "") for line in drawn.iter("{http://www.w3.org/2000/svg}polyline")]
    points = [[tuple(map(float, point.split(","))) for point in path.split()] for path in paths]
    # The largest regret is at the top, none at the bottom, and half of the largest in the middle.
    (race, halving) = points
    assert halving[0][1] < race[0][1] < halving[1][1]
    assert race[0][1] == pytest.approx((halving[0][1] + halving[1][1]) / 2, abs=0.1)
