"""The figures of the notebook package: what they draw is what the answers say."""

import io
import xml.etree.ElementTree as ElementTree

import pytest
from trimtab import PlanSetting, ProfileRow, Trimtab
from trimtab.notebook import data, figures, interactive, progress_bar


def profile(stages):
    """A modelled profile: time falls with the clock, power rises with its cube above a floor."""
    return [ProfileRow(stage, kind, mhz, time_seconds=share * (1 + 0.05 * stage) * (0.3 + 0.7 * 1980 / mhz) / 50,
                       energy_joules=share * (100 + 400 * (mhz / 1980) ** 3) * (0.3 + 0.7 * 1980 / mhz) / 50)
            for stage in range(stages) for kind, share in (("forward", 1), ("backward", 2))
            for mhz in range(990, 1981, 90)]


def texts(figure):
    """Every text of a figure, as an SVG has it."""
    from matplotlib import rc_context

    written = io.StringIO()
    with rc_context({"svg.fonttype": "none"}):
        figure.savefig(written, format="svg")
    root = ElementTree.fromstring(written.getvalue())
    return " ".join("".join(one.itertext()) for one in root.iter() if one.tag.endswith("text"))


def test_the_frontier_shows_bound_plans_choice_and_price(energy, pictures):
    curve, point = energy.curve("gpt"), energy.query("gpt", slowdown_fraction=0.05)
    figure = figures.frontier(curve, point=point)
    figure.savefig(pictures / "frontier.png")
    drawn = texts(figure)
    for expected in ("lower bound", f"of {len(curve.plans)}", "every clock at its highest",
                     f"chosen plan {point.plan.plan}", f"saves {point.lower_bound.price_watts:,.0f} J"):
        assert expected in drawn
    (axes,) = figure.axes
    bound = axes.lines[0].get_xydata()
    assert tuple(bound[0]) == (curve.lower_bound[0].iteration_time_seconds, curve.lower_bound[0].energy_joules)
    assert tuple(bound[-1]) == (curve.lower_bound[-1].iteration_time_seconds, curve.lower_bound[-1].energy_joules)
    # The bound is visible: most of the plans, which lie on it within a line's width, are left out.
    shown = axes.collections[0].get_offsets()
    assert 20 < len(shown) <= 40 < len(curve.plans)
    assert figure._repr_png_().startswith(b"\x89PNG")


def test_thinned_points_keep_the_ends_and_the_order():
    points = [0.0, 0.001, 0.002, 0.5, 0.9991, 1.0]
    assert data.thinned(points, 3, float) == [0.0, 0.5, 1.0]
    assert data.thinned(points, 10, float) == points
    assert data.thinned([1.0] * 50, 10, float)[0] == 1.0 and len(data.thinned([1.0] * 50, 10, float)) <= 10


def test_the_timeline_draws_each_instruction_once(energy, pictures):
    highest = energy.evaluate("gpt", [PlanSetting(1980, stage=stage, instruction=kind) for stage in range(8)
                                      for kind in ("forward", "backward")], timeline=True)
    chosen = energy.timeline("gpt", slowdown_fraction=0.05)
    figure = figures.timeline(chosen, before=highest, titles=("highest", "chosen"))
    figure.savefig(pictures / "timeline.png")
    for axes, laid in zip(figure.axes[:2], (highest, chosen), strict=True):
        boxes = sum(len(one.get_paths()) for one in axes.collections)
        assert boxes == sum(len(rank.instructions) for rank in laid.ranks) == 8 * 48
    assert f"{chosen.plan.energy_joules:,.0f} J" in texts(figure)
    bars = [trace for trace in interactive.timeline(chosen, before=highest).data if trace.type == "bar"]
    assert [len(trace.x) for trace in bars] == [8 * 48, 8 * 48]
    assert "MHz" in bars[0].hovertemplate
    without = energy.evaluate("gpt", [PlanSetting(1980, stage=stage, instruction=kind) for stage in range(8)
                                      for kind in ("forward", "backward")])
    with pytest.raises(ValueError, match="timeline=True"):
        figures.timeline(without)


def test_a_long_timeline_is_readable(binary, pictures):
    with Trimtab([binary, "serve"], timeout=120) as client:
        session = client.open_session("long")
        session.define_pipeline("long", schedule="1f1b", stages=8, microbatches=96, blocking_power_watts=95.0)
        session.submit_profile("long", rows=profile(8))
        session.characterize("long", effort="quick")
        figures.timeline(session.timeline("long", slowdown_fraction=0.05)).savefig(pictures / "timeline-8x96.png")


def test_savings_lie_below_the_bound(energy, pictures):
    answer = energy.savings("gpt")
    figure = figures.savings(answer)
    figure.savefig(pictures / "savings.png")
    bound, plans = (line.get_ydata() for line in figure.axes[0].lines)
    assert list(plans) == [100 * one.saving_fraction for one in answer.savings]
    assert all(plan <= most + 1e-9 for plan, most in zip(plans, bound, strict=True))


def test_similarities_stand_in_the_order_of_the_tree(search, pictures):
    models = search.pool_clusters().encoders
    figure = figures.similarity(models)
    figure.savefig(pictures / "similarity.png")
    heat = figure.axes[1]
    names = [label.get_text() for label in heat.get_yticklabels()]
    assert sorted(names) == sorted(models.compared)
    values = heat.images[0].get_array()
    for row, first in enumerate(names):
        for column, second in enumerate(names):
            expected = models.similarity[models.compared.index(first)][models.compared.index(second)]
            assert abs(values[row, column] - expected) < 1e-12
    # Each cluster is one block, framed.
    assert len(heat.patches) == len(models.clusters)


def test_learning_curves_and_ranking(search, pictures):
    report, ranking = search.suggestion(), search.ranking()
    curves = data.learning_curves(report, ranking)
    assert {one.name for one in curves} == {one.candidate.name for one in report.evidence}
    figure = figures.learning_curves(report, ranking)
    figure.savefig(pictures / "learning-curves.png")
    assert curves[0].name in texts(figure)
    figure = figures.ranking(ranking)
    figure.savefig(pictures / "ranking.png")
    chances = [bar.get_width() for bar in figure.axes[1].patches]
    assert chances == [one.probability_best_fraction or 0.0 for one in ranking.ranking[:20]]
    (trace,) = interactive.ranking(ranking).data
    assert next(iter(trace.y)) == ranking.ranking[0].candidate.name


def test_reliability_counts_what_came_true(pictures):
    figure = figures.reliability([0.05, 0.05, 0.95, 0.95, 0.95, 1.0], [False, False, True, True, False, True])
    figure.savefig(pictures / "reliability.png")
    bars = figure.axes[0].containers
    points = sorted(tuple(bar.lines[0].get_xydata()[0]) for bar in bars)
    assert points == [pytest.approx((0.05, 0.0)), pytest.approx((0.9625, 0.75))]
    with pytest.raises(ValueError, match="between 0 and 1"):
        figures.reliability([1.5], [True])
    with pytest.raises(ValueError):
        figures.reliability([0.5], [])


def test_the_interactive_frontier_has_the_figures_of_the_other(energy):
    curve, point = energy.curve("gpt"), energy.query("gpt", slowdown_fraction=0.05)
    figure = interactive.frontier(curve, point=point)
    names = [trace.name for trace in figure.data]
    assert names[0].startswith("lower bound") and names[-1].startswith(f"chosen plan {point.plan.plan}")
    assert figure.data[-1].x[0] == point.plan.iteration_time_seconds


def test_a_progress_bar_follows_a_call(binary):
    written = io.StringIO()
    with Trimtab([binary, "serve"], timeout=120) as client:
        session = client.open_session("long")
        session.define_pipeline("p", schedule="1f1b", stages=8, microbatches=32, blocking_power_watts=95.0)
        session.submit_profile("p", rows=profile(8))
        bar = progress_bar("frontier", file=written, mininterval=0)
        session.characterize("p", progress=bar)
    assert bar.bar is not None and bar.bar.n == 100
    assert "frontier:   0 %" in written.getvalue() and "frontier: 100 %" in written.getvalue()
