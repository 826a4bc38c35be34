"""Figures with plotly, with tooltips on every point and instruction. Each gives a `plotly.graph_objects.Figure`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Optional

import plotly.graph_objects as go

from ..answers import Curve, FrontierPoint, Ranking
from . import data, palette

_LAYOUT = {"template": "simple_white", "font": {"size": 12}, "margin": {"l": 60, "r": 20, "t": 50, "b": 45}}


def frontier(curve: Curve, *, point: Optional[FrontierPoint] = None, title: Optional[str] = None) -> go.Figure:
    """As `figures.frontier`: the bound, some plans, the run at the highest clocks, the chosen plan."""
    bound, plans = data.thinned_bound(curve.lower_bound), data.thinned_plans(curve.plans)
    baseline = curve.all_max_frequency
    figure = go.Figure([
        go.Scatter(
            x=[one.iteration_time_seconds for one in bound], y=[one.energy_joules for one in bound], mode="lines",
            name="lower bound: no plan is below", line={"color": palette.BOUND, "width": 2},
            hovertemplate="%{x:.4f} s: at least %{y:,.0f} J<extra></extra>"),
        go.Scatter(
            x=[one.iteration_time_seconds for one in plans], y=[one.energy_joules for one in plans], mode="markers",
            name=f"plans ({len(plans)} of {len(curve.plans):,})",
            marker={"color": "white", "size": 6, "line": {"color": palette.PLAN, "width": 1.2}},
            customdata=[[one.plan, 100 * one.gap_fraction] for one in plans],
            hovertemplate="plan %{customdata[0]}: %{x:.4f} s, %{y:,.0f} J, %{customdata[1]:.2f} % above the bound"
                          "<extra></extra>"),
        go.Scatter(
            x=[baseline.iteration_time_seconds], y=[baseline.energy_joules], mode="markers",
            name="every clock at its highest", marker={"color": palette.BASELINE, "size": 10, "symbol": "square"},
            hovertemplate="%{x:.4f} s, %{y:,.0f} J<extra></extra>"),
    ])
    if point is not None:
        lower, plan = point.lower_bound, point.plan
        reach = 0.06 * (bound[-1].iteration_time_seconds - bound[0].iteration_time_seconds)
        figure.add_trace(go.Scatter(
            x=[lower.iteration_time_seconds - reach, lower.iteration_time_seconds + reach],
            y=[lower.energy_joules + lower.price_watts * reach, lower.energy_joules - lower.price_watts * reach],
            mode="lines", name=f"price of time: one second more saves {lower.price_watts:,.0f} J",
            line={"color": palette.PRICE, "dash": "dash"}, hoverinfo="skip"))
        figure.add_trace(go.Scatter(
            x=[plan.iteration_time_seconds], y=[plan.energy_joules], mode="markers",
            name=f"chosen plan {plan.plan}: {100 * point.saving_fraction:.1f} % less energy",
            marker={"color": palette.CHOSEN, "size": 10}, hovertemplate="%{x:.4f} s, %{y:,.0f} J<extra></extra>"))
    figure.update_layout(
        title=title or "Energy of an iteration against its time", xaxis_title="iteration time, s",
        yaxis_title="energy, J", legend={"x": 0.99, "y": 0.99, "xanchor": "right"}, height=430, **_LAYOUT)
    return figure


def timeline(chosen: data.Laid, *, before: Optional[data.Laid] = None, titles: Sequence[str] = ("before", "after"),
             ) -> go.Figure:
    """As `figures.timeline`; the tooltip of an instruction names its clock, time, energy and slack."""
    from plotly.subplots import make_subplots

    panels = [chosen] if before is None else [before, chosen]
    named = list(titles if before is not None else ["plan"])
    figure = make_subplots(
        rows=len(panels), cols=1, shared_xaxes=True, vertical_spacing=0.09,
        subplot_titles=[f"{title}: {laid.plan.iteration_time_seconds:.4g} s, {laid.plan.energy_joules:,.0f} J"
                        for laid, title in zip(panels, named, strict=True)])
    low, high = data.clock_range(panels)
    for place, laid in enumerate(panels, start=1):
        steps = [(rank.rank, step) for rank in data.ranks(laid) for step in rank.instructions]
        figure.add_trace(go.Bar(
            orientation="h", showlegend=False, y=[rank for rank, _ in steps],
            base=[step.start_seconds for _, step in steps], x=[step.time_seconds for _, step in steps],
            width=[0.9 if step.instruction.startswith("forward") else 0.62 for _, step in steps],
            marker={"color": [data.clock(step.frequency) for _, step in steps], "colorscale": palette.CLOCK_SCALE,
                    "cmin": low, "cmax": high, "showscale": place == 1, "colorbar": {"title": "clock, MHz"},
                    "line": {"width": [1.0 if step.is_critical else 0.2 for _, step in steps], "color": "black"}},
            customdata=[[rank, step.instruction, "" if step.microbatch is None else step.microbatch, step.frequency,
                         1e3 * step.time_seconds, step.energy_joules, step.power_watts, 1e3 * step.slack_seconds]
                        for rank, step in steps],
            hovertemplate="rank %{customdata[0]}, %{customdata[1]} %{customdata[2]}: %{customdata[3]} MHz, "
                          "%{customdata[4]:.2f} ms, %{customdata[5]:.2f} J, %{customdata[6]:.0f} W, slack "
                          "%{customdata[7]:.2f} ms<extra></extra>"), row=place, col=1)
        figure.update_yaxes(title="rank", autorange="reversed", dtick=1 if len(data.ranks(laid)) <= 16 else 8,
                            row=place, col=1)
    figure.update_xaxes(title="time, s", row=len(panels), col=1)
    count = max(len(data.ranks(laid)) for laid in panels)
    figure.update_layout(barmode="overlay", height=120 + len(panels) * (60 + 24 * count), **_LAYOUT)
    return figure


def ranking(answer: Ranking, *, limit: int = 20, title: Optional[str] = None) -> go.Figure:
    """The predicted scores with their 90 % intervals; the tooltip says how likely each candidate is the best."""
    shown = [one for one in answer.ranking[:limit] if one.predicted_score is not None]

    def reach(one: Any, side: int) -> float:
        if one.score_interval is None:
            return 0.0
        return float(max(0.0, (one.score_interval[side] - one.predicted_score) * (1 if side else -1)))

    figure = go.Figure(go.Scatter(
        x=[one.predicted_score for one in shown], y=[one.candidate.name for one in shown], mode="markers",
        error_x={"type": "data", "symmetric": False, "array": [reach(one, 1) for one in shown],
                 "arrayminus": [reach(one, 0) for one in shown], "color": palette.BOUND},
        marker={"size": 9, "color": [one.probability_best_fraction or 0.0 for one in shown],
                "colorscale": palette.CLOCK_SCALE, "cmin": 0, "cmax": 1, "colorbar": {"title": "P(best)"}},
        customdata=[[one.probability_best_fraction or 0.0, one.closure or one.status] for one in shown],
        hovertemplate="%{y}: %{x:.4f}, best with probability %{customdata[0]:.2f}, %{customdata[1]}<extra></extra>"))
    figure.update_yaxes(autorange="reversed")
    figure.update_layout(
        title=title or f"Ranking of {answer.candidate_count:,} candidates", height=140 + 26 * max(4, len(shown)),
        xaxis_title="score on all data, with its 90 % interval", **_LAYOUT)
    return figure
