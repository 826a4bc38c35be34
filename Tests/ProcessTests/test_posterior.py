"""Predicted errors, intervals, probabilities and regrets that the server answers, against the same from their
definition."""

import dataclasses
import math

import numpy
import pytest
from conftest import AWAIT_SECONDS
from reference_posterior import LEARNED, Curve, Mixture, interval
from trimtab import Metric, ModelPart, SelectionTask, Trial, Trimtab

ENCODERS, MODELS = 5, 4
TASK = SelectionTask("t", Metric("loss", "minimize"), 10**6)


def curves(seed):
    """Candidate -> its error at a fraction: power laws that bend, with noise."""
    draw = numpy.random.default_rng(seed)
    names = [(f"e{e}", f"l{m}") for e in range(ENCODERS) for m in range(MODELS)]
    laws = {name: (draw.uniform(0.3, 0.5), draw.uniform(0.05, 0.25), draw.uniform(0, 0.3)) for name in names}
    noise = {name: draw.normal(0, 0.01, 64) for name in names}

    def error(name, fraction):
        level, slope, bend = laws[name]
        step = round(-8 * math.log2(fraction)) % 64
        return level * fraction**-slope * (1 + bend * math.exp(-20 * fraction)) * math.exp(noise[name][step])

    return names, error


def search(binary, seed, settings, stop, task=TASK):
    """A search over simulated curves: its observations in order, its ranking, its suggestion and its clusters."""
    names, error = curves(seed)
    seen = []
    with Trimtab([binary, "serve"], timeout=AWAIT_SECONDS) as client:
        session = client.open_session("s")
        session.submit_pool(encoders=[ModelPart(f"e{n}", family=f"f{n}", cost_weight=1 + n) for n in range(ENCODERS)],
                            language_models=[ModelPart(f"l{n}", cost_weight=2) for n in range(MODELS)], task=task,
                            search=settings)
        clusters = session.pool_clusters().clusters
        while len(seen) < stop and isinstance(trial := session.pool.next_trial(), Trial):
            name = trial.candidate.encoder, trial.candidate.language_model
            seen.append((name, trial.to_fraction, error(name, trial.to_fraction)))
            trial.update(1, seen[-1][2], data_fraction=trial.to_fraction)
        return names, seen, clusters, session.ranking().ranking, session.suggestion().suggestion


def name_of(candidate):
    return candidate.encoder, candidate.language_model


SEARCHES = [{"strategy": "race"}, {"strategy": "mordal"}, {"strategy": "successiveHalving"},
            {"strategy": "ats", "startFraction": 0.01, "observedFraction": 0.3}]


@pytest.mark.parametrize("settings", SEARCHES, ids=["race", "mordal", "halving", "ats"])
@pytest.mark.parametrize("seed, stop", [(0, 1), (1, 7), (2, 22), (3, 60), (4, 10_000)])
def test_answers_follow_from_the_reports(binary, settings, seed, stop):
    check(binary, settings, seed, stop)


@pytest.mark.parametrize("kind, decay_start", [("finished", None), ("snapshot", None), ("snapshot", 0.0),
                                               ("snapshot", 0.4), ("snapshot", 0.9), ("unknown", None)])
@pytest.mark.parametrize("seed, stop", [(1, 7), (2, 22), (3, 60), (4, 10_000)])
def test_answers_follow_from_what_is_told_of_points(binary, seed, stop, kind, decay_start):
    # ATS goes to fractions between the knots, too.
    for settings in SEARCHES[0], {"strategy": "ats", "startFraction": 0.01, "observedFraction": 0.9}:
        check(binary, settings, seed, stop, kind, decay_start)


def check(binary, settings, seed, stop, kind=None, decay_start=None):
    task = dataclasses.replace(TASK, curve=kind, decay_start_fraction=decay_start)
    names, seen, clusters, ranking, suggestion = search(binary, seed, settings, stop, task)
    errors = {}
    for name, fraction, error in seen:
        errors.setdefault(name, {})[fraction] = error
    curves = {name: Curve(points) for name, points in errors.items()}
    mixture = Mixture(list(curves.values()), LEARNED, kind, decay_start)
    finals = {name: mixture.final(curve) for name, curve in curves.items()}
    assert len(ranking) == len(names)
    assert [cluster.candidate_count for cluster in clusters] == [MODELS] * ENCODERS
    assert all(entry.predicted_score is not None for entry in ranking)
    assert sum(entry.probability_best_fraction for entry in ranking) == pytest.approx(1, abs=1e-9)
    observed = [entry for entry in ranking if name_of(entry.candidate) in finals]
    assert len(observed) == len(finals)
    means = [finals[name_of(entry.candidate)][0] for entry in observed]
    assert means == pytest.approx(sorted(means), abs=1e-9)
    favourite = name_of(suggestion.candidate)
    assert finals[favourite][0] == pytest.approx(min(means), abs=1e-12)
    for entry in observed:
        final = finals[name_of(entry.candidate)]
        assert entry.predicted_score == pytest.approx(math.exp(final[0]), rel=1e-9)
        assert entry.score_interval == pytest.approx(interval(final), rel=1e-9)
    # Where all were tried the reference can draw all of them; 40 000 draws, and the engine's 1024.
    if len(finals) == len(names):
        order = [name_of(entry.candidate) for entry in observed]
        draws = mixture.draw([curves[name] for name in order], 40_000, numpy.random.default_rng(seed))
        chances = numpy.bincount(draws.argmin(axis=1), minlength=len(order)) / len(draws)
        for entry, chance in zip(observed, chances, strict=True):
            slack = 4 * math.sqrt(chance * (1 - chance) / 1024) + 0.004
            assert entry.probability_best_fraction == pytest.approx(chance, abs=slack)
        regrets = 1 - numpy.exp(draws.min(axis=1) - draws[:, order.index(favourite)])
        slack = 4 * regrets.std() / 32 + 1e-4
        assert suggestion.expected_regret_fraction == pytest.approx(regrets.mean(), abs=slack)
