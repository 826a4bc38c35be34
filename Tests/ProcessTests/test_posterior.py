"""Predicted errors, intervals, probabilities and regrets that the server answers, against the same from their
definition."""

import math

import numpy
import pytest
from conftest import AWAIT_SECONDS
from reference_posterior import Posterior, beside, contest, interval
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


def search(binary, seed, settings, stop):
    """A search over simulated curves: its observations in order, its ranking, its suggestion and its clusters."""
    names, error = curves(seed)
    seen = []
    with Trimtab([binary, "serve"], timeout=AWAIT_SECONDS) as client:
        session = client.open_session("s")
        session.submit_pool(encoders=[ModelPart(f"e{n}", family=f"f{n}", cost_weight=1 + n) for n in range(ENCODERS)],
                            language_models=[ModelPart(f"l{n}", cost_weight=2) for n in range(MODELS)], task=TASK,
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
    names, seen, clusters, ranking, suggestion = search(binary, seed, settings, stop)
    # Without representations each encoder, of a family of its own, is a cluster.
    assert [cluster.candidate_count for cluster in clusters] == [MODELS] * ENCODERS
    number = {cluster.medoid.encoder: index for index, cluster in enumerate(clusters)}
    cluster_of = {name: number[name[0]] for name in names}
    posterior = Posterior(cluster_of, [name_of(cluster.medoid) for cluster in clusters])
    for observation in seen:
        posterior.observe(*observation)
    beliefs = {name: posterior.belief_of(name) for name in names if posterior.belief_of(name)}
    order = [name for name in (name_of(entry.candidate) for entry in ranking) if name in beliefs]
    assert len(ranking) == len(names) and len(order) == len(beliefs)
    means = [beliefs[name][0] for name in order]
    assert means == pytest.approx(sorted(means), abs=1e-9)
    favourite = order.index(name_of(suggestion.candidate))
    assert favourite == order.index(min(posterior.finals, key=lambda name: posterior.finals[name][0]))
    means, deviations = beside([beliefs[name] for name in order], favourite)
    chances, regret = contest(means, deviations, favourite)
    for entry in ranking:
        name = name_of(entry.candidate)
        if name not in beliefs:
            assert entry.predicted_score is None
            continue
        assert entry.predicted_score == pytest.approx(math.exp(beliefs[name][0]), rel=1e-9)
        assert entry.score_interval == pytest.approx(tuple(interval(beliefs[name])), rel=1e-9)
        assert entry.probability_best_fraction == pytest.approx(chances[order.index(name)], abs=1e-6)
    assert suggestion.expected_regret_fraction == pytest.approx(1 - math.exp(-max(0, regret)), abs=1e-6)


def test_the_reference_agrees_with_random_draws():
    """The integrals above against a million draws, to four standard errors of these."""
    draw = numpy.random.default_rng(3)
    means, deviations = draw.normal(-1, 0.1, 12), draw.uniform(0.02, 0.2, 12)
    chances, regret = contest(means, deviations, favourite=4)
    drawn = draw.normal(means, deviations, (1_000_000, 12))
    counts = numpy.bincount(drawn.argmin(axis=1), minlength=12) / len(drawn)
    assert chances.sum() == pytest.approx(1, abs=1e-7)
    assert (numpy.abs(counts - chances) <= 4 * numpy.sqrt(chances * (1 - chances) / len(drawn)) + 1e-12).all()
    least = drawn.min(axis=1)
    assert means[4] - least.mean() == pytest.approx(regret, abs=4 * least.std() / 1000)
