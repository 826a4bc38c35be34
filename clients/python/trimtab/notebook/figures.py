"""Figures with matplotlib. Each takes answers and gives a `matplotlib.figure.Figure`; nothing is shown or kept open.

    figures.frontier(session.curve("gpt"), point=session.query("gpt", slowdown_fraction=0.05)).savefig("frontier.pdf")
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import Any, Optional

import matplotlib
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from ..answers import Curve, FrontierPoint, ModelClusters, Ranking, Savings, SuggestionReport
from . import data, palette

_GRID: dict[str, Any] = {"color": "#DDDDDD", "linewidth": 0.6}


class _Picture(Figure):
    """A figure that a notebook shows though pyplot, with its global state and its backend, was never imported."""

    def _repr_png_(self) -> bytes:
        picture = BytesIO()
        self.savefig(picture, format="png")
        return picture.getvalue()


def _figure(width: float, height: float) -> Figure:
    return _Picture(figsize=(width, height), layout="constrained", dpi=110)


def _axes(figure: Figure, title: str, x: str, y: str) -> Any:
    axes = figure.add_subplot()
    axes.set_title(title, loc="left", fontsize=10.5)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(True, **_GRID)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return axes


def frontier(curve: Curve, *, point: Optional[FrontierPoint] = None, title: Optional[str] = None) -> Figure:
    """Energy against time of one iteration: the lower bound, some of the plans, the run at the highest clocks, and with
    `point` the chosen plan and the price of time there (the slope of the bound)."""
    figure = _figure(7.2, 4.4)
    axes = _axes(figure, title or "Energy of an iteration against its time", "iteration time, s", "energy, J")
    bound = data.thinned_bound(curve.lower_bound)
    axes.plot([one.iteration_time_seconds for one in bound], [one.energy_joules for one in bound], color=palette.BOUND,
              linewidth=1.8, label="lower bound: no plan is below", zorder=3)
    plans = data.thinned_plans(curve.plans)
    axes.scatter([one.iteration_time_seconds for one in plans], [one.energy_joules for one in plans], s=16,
                 facecolor="white", edgecolor=palette.PLAN, linewidth=1.0, zorder=2,
                 label=f"plans ({len(plans)} of {len(curve.plans):,})")
    fastest = curve.all_max_frequency
    axes.scatter([fastest.iteration_time_seconds], [fastest.energy_joules], marker="s", s=42, color=palette.BASELINE,
                 zorder=4, label="every clock at its highest")
    if point is not None:
        _mark(axes, curve, point)
    axes.legend(frameon=False, fontsize=8.5, loc="upper right")
    return figure


def _mark(axes: Any, curve: Curve, point: FrontierPoint) -> None:
    plan, bound = point.plan, point.lower_bound
    times = [one.iteration_time_seconds for one in curve.lower_bound]
    reach = 0.06 * (times[-1] - times[0])
    ends = [bound.iteration_time_seconds - reach, bound.iteration_time_seconds + reach]
    axes.plot(ends, [bound.energy_joules - bound.price_watts * (time - bound.iteration_time_seconds) for time in ends],
              color=palette.PRICE, linewidth=1.4, linestyle=(0, (4, 2)), zorder=5,
              label=f"price of time: one second more saves {bound.price_watts:,.0f} J")
    if point.deadline_seconds is not None:
        axes.axvline(point.deadline_seconds, color=palette.CHOSEN, linewidth=0.8, linestyle=":")
    axes.scatter([plan.iteration_time_seconds], [plan.energy_joules], marker="o", s=52, color=palette.CHOSEN, zorder=6,
                 label=f"chosen plan {plan.plan}: {100 * point.saving_fraction:.1f} % less energy, "
                       f"{100 * plan.gap_fraction:.2f} % above the bound")


def timeline(chosen: data.Laid, *, before: Optional[data.Laid] = None, titles: Sequence[str] = ("before", "after"),
             ) -> Figure:
    """An iteration rank by rank, the clock of each instruction as its colour; `before` stands above it on the same axis
    of time. What is white between instructions is waiting."""
    panels = [chosen] if before is None else [before, chosen]
    count = max(len(data.ranks(laid)) for laid in panels)
    figure = _figure(10, len(panels) * (0.9 + 0.24 * count) + 0.7)
    scale = Normalize(*data.clock_range(panels))
    colours = matplotlib.colormaps[palette.CLOCK_SCALE]
    every = figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
    for axes, laid, title in zip(every, panels, titles if before is not None else ["plan"], strict=True):
        _panel(axes, laid, scale, colours)
        plan = laid.plan
        axes.set_title(f"{title}: {plan.iteration_time_seconds:.4g} s, {plan.energy_joules:,.0f} J, waiting "
                       f"{100 * _waiting(laid):.1f} %", loc="left", fontsize=9.5)
    every[-1].set_xlabel("time, s")
    mapped = matplotlib.cm.ScalarMappable(scale, colours)
    figure.colorbar(mapped, ax=list(every), label="clock, MHz", shrink=0.8, pad=0.01)
    return figure


def _panel(axes: Any, laid: data.Laid, scale: Normalize, colours: Any) -> None:
    lanes = data.ranks(laid)
    for lane in lanes:
        boxes = [(step.start_seconds, step.time_seconds) for step in lane.instructions]
        clocks = [data.clock(step.frequency) for step in lane.instructions]
        faces = [palette.WAITING if clock is None else colours(scale(clock)) for clock in clocks]
        # Forwards are taller than what goes backward, so that both differ without a second colour.
        heights = [0.9 if step.instruction.startswith("forward") else 0.62 for step in lane.instructions]
        edges = ["black" if step.is_critical else "white" for step in lane.instructions]
        for height in sorted(set(heights)):
            chosen = [place for place, each in enumerate(heights) if each == height]
            axes.broken_barh(
                [boxes[place] for place in chosen], (lane.rank - height / 2, height), linewidth=0.35,
                facecolors=[faces[place] for place in chosen], edgecolors=[edges[place] for place in chosen])
    axes.set_ylim(len(lanes) - 0.4, -0.6)
    axes.set_yticks(range(len(lanes)) if len(lanes) <= 16 else range(0, len(lanes), 8))
    axes.set_ylabel("rank")
    axes.set_xlim(left=0)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _waiting(laid: data.Laid) -> float:
    total = laid.totals.busy_seconds + laid.totals.waiting_seconds
    return laid.totals.waiting_seconds / total if total > 0 else 0.0


def savings(answer: Savings, *, title: Optional[str] = None) -> Figure:
    """What every other pipeline saves while one is slower, by how much; no plan saves more than the bound."""
    figure = _figure(6.4, 3.8)
    axes = _axes(figure, title or "Energy that the others save beside a straggler", "straggler is slower by, %",
                 "energy saved, %")
    slower = [100 * one.slowdown_fraction for one in answer.savings]
    axes.plot(slower, [100 * one.bound_fraction for one in answer.savings], color=palette.BOUND, linewidth=1.6,
              label="no plan saves more")
    axes.plot(slower, [100 * one.saving_fraction for one in answer.savings], color=palette.PLAN, marker="o",
              markersize=4, linestyle="none", label="plans")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False, fontsize=8.5)
    return figure


def similarity(models: ModelClusters, *, title: Optional[str] = None) -> Figure:
    """Similarities of representations as a heat map in the order of the dendrogram beside it; boxes are clusters."""
    from scipy.cluster.hierarchy import dendrogram

    if models.similarity is None:
        raise ValueError("these models have not been compared: attach a representation of each, then pool_clusters()")
    count = len(models.compared)
    joins = [[float(join.first), float(join.second), 1.0 - join.similarity, float(join.member_count)]
             for join in models.joins]
    figure = _figure(1.9 + 0.42 * count + 1.8, 1.6 + 0.42 * count)
    tree, heat = figure.subplots(1, 2, width_ratios=[1, max(2.0, 0.32 * count)])
    drawn = dendrogram(joins, orientation="left", no_labels=True, ax=tree, color_threshold=0,
                       above_threshold_color="#555555")
    order = drawn["leaves"]
    tree.invert_yaxis()
    tree.set_xlabel("1 - similarity")
    for side in ("top", "right", "left"):
        tree.spines[side].set_visible(False)
    names = [models.compared[place] for place in order]
    values = [[models.similarity[row][column] for column in order] for row in order]
    picture = heat.imshow(values, vmin=0, vmax=1, cmap=palette.CLOCK_SCALE, aspect="auto")
    heat.set_xticks(range(count), names, rotation=45, ha="right", fontsize=8.5)
    heat.set_yticks(range(count), names, fontsize=8.5)
    heat.yaxis.tick_right()
    if count <= 12:
        for row in range(count):
            for column in range(count):
                heat.text(column, row, f"{values[row][column]:.2f}", ha="center", va="center", fontsize=7,
                          color="black" if values[row][column] > 0.55 else "white")
    for cluster in models.clusters:
        places = sorted(names.index(member) for member in cluster.members if member in names)
        if places and places == list(range(places[0], places[-1] + 1)):
            heat.add_patch(matplotlib.patches.Rectangle(
                (places[0] - 0.5, places[0] - 0.5), len(places), len(places), fill=False, edgecolor=palette.PLAN,
                linewidth=1.6))
    figure.colorbar(picture, ax=heat, label="similarity (CKA)", shrink=0.8, pad=0.2)
    figure.suptitle(title or "Similarity of representations; a frame is a cluster", x=0.01, ha="left", fontsize=10.5)
    return figure


def learning_curves(
    report: SuggestionReport, ranking: Ranking, *, limit: int = 8, title: Optional[str] = None,
) -> Figure:
    """Scores against the share of data seen; at all data the prediction and its 90 % interval. A cross is where the
    search ended a candidate; candidates beyond the first `limit` are grey."""
    figure = _figure(8, 4.6)
    axes = _axes(figure, title or "What the search has seen, and what it expects on all data", "share of the data seen",
                 "score")
    curves = data.learning_curves(report, ranking)
    for place, curve in reversed(list(enumerate(curves))):
        colour = palette.SERIES[place % len(palette.SERIES)] if place < limit else "#BBBBBB"
        label = curve.name if place < limit else None
        axes.plot(curve.fractions, curve.scores, color=colour, marker="o", markersize=3, linewidth=1.2, label=label,
                  zorder=3 if place < limit else 1)
        if curve.closure is not None and curve.fractions and curve.fractions[-1] < 1:
            axes.plot(curve.fractions[-1], curve.scores[-1], marker="x", color=colour, markersize=7, zorder=4)
        if place < limit and curve.predicted is not None and curve.interval is not None and curve.fractions[-1] < 1:
            shift = 1.04 ** (place + 1)
            axes.plot([curve.fractions[-1], shift], [curve.scores[-1], curve.predicted], color=colour, linewidth=0.8,
                      linestyle=":")
            low, high = curve.interval
            axes.errorbar([shift], [curve.predicted], [[max(0.0, curve.predicted - low)],
                                                       [max(0.0, high - curve.predicted)]],
                          color=colour, marker="s", markersize=4, capsize=2.5, linewidth=1.2)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(lambda share, _: f"{100 * share:.3g} %")
    axes.axvline(1, color="#888888", linewidth=0.8)
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(handles[::-1], labels[::-1], frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.01, 0.5))
    return figure


def ranking(answer: Ranking, *, limit: int = 20, title: Optional[str] = None) -> Figure:
    """The predicted scores with their 90 % intervals, and beside them how likely each candidate is the best."""
    shown = answer.ranking[:limit]
    names = [one.candidate.name for one in shown]
    figure = _figure(9, 1.3 + 0.28 * max(3, len(shown)))
    scores, chances = figure.subplots(1, 2, sharey=True, width_ratios=[2.2, 1])
    for place, one in enumerate(shown):
        colour = palette.BOUND if one.status != "stopped" else "#888888"
        if one.score_interval is not None:
            scores.plot(one.score_interval, [place, place], color=colour, linewidth=2.4, alpha=0.55)
        if one.predicted_score is not None:
            scores.plot(one.predicted_score, place, marker="o", markersize=5, color=colour)
    chances.barh(range(len(shown)), [one.probability_best_fraction or 0.0 for one in shown], color=palette.PLAN)
    for place, one in enumerate(shown):
        if one.probability_best_fraction is not None:
            chances.text(one.probability_best_fraction, place, f" {one.probability_best_fraction:.2f}", va="center",
                         fontsize=8)
    chances.set_xlim(0, 1.12)
    scores.set_yticks(range(len(shown)), names, fontsize=8.5)
    scores.set_ylim(len(shown) - 0.5, -0.5)
    scores.set_xlabel("score on all data, with its 90 % interval")
    chances.set_xlabel("probability of being the best")
    for axes in (scores, chances):
        axes.grid(True, axis="x", **_GRID)
        axes.set_axisbelow(True)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
    figure.suptitle(title or f"Ranking of {answer.candidate_count:,} candidates", x=0.01, ha="left", fontsize=10.5)
    return figure


def reliability(said: Iterable[float], was_right: Iterable[bool], *, bin_count: int = 10, title: Optional[str] = None,
                ) -> Figure:
    """How often what was said with a probability came true, in bins with their 90 % Wilson intervals; on the diagonal
    the probabilities hold. Raises ValueError for a probability outside 0..1."""
    pairs = list(zip(said, was_right, strict=True))
    bins: list[list[tuple[float, bool]]] = [[] for _ in range(bin_count)]
    for chance, right in pairs:
        if not 0 <= chance <= 1:
            raise ValueError(f"a probability is between 0 and 1, not {chance}")
        bins[min(bin_count - 1, int(chance * bin_count))].append((chance, right))
    figure = _figure(4.8, 4.6)
    axes = _axes(figure, title or f"Reliability of {len(pairs):,} statements", "probability that was said",
                 "share that came true")
    axes.plot([0, 1], [0, 1], color="#888888", linewidth=1, label="what holds")
    for one in filter(None, bins):
        count, hits = len(one), sum(right for _, right in one)
        low, high = _wilson(hits, count)
        mean, share = sum(chance for chance, _ in one) / count, hits / count
        axes.errorbar([mean], [share], [[share - low], [high - share]], color=palette.BOUND, marker="o", markersize=5,
                      capsize=2.5)
        axes.annotate(f"{count}", (mean, share), textcoords="offset points", xytext=(6, -10), fontsize=7.5)
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)
    axes.set_aspect("equal")
    axes.legend(handles=[Patch(facecolor="#888888", label="what holds"),
                         Patch(facecolor=palette.BOUND, label="seen, with its 90 % interval and count")],
                frameon=False, fontsize=8, loc="upper left")
    return figure


def _wilson(hits: int, count: int, z: float = 1.6449) -> tuple[float, float]:
    """The score interval of a share (Wilson 1927), which stays within 0..1."""
    share = hits / count
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * ((share * (1 - share) + z * z / (4 * count)) / count) ** 0.5
    return min(share, max(0.0, middle - half)), max(share, min(1.0, middle + half))
