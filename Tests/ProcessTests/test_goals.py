"""Tasks with several metrics: who is best of those that meet their floors, against draws from the beliefs as they are
defined, and searches that survive their server."""

import math
import signal

import numpy
import pytest
from conftest import AWAIT_SECONDS
from reference_posterior import LEARNED, Curve, Mixture, interval
from trimtab import InvalidReport, ModelPart, SelectionTask, TaskMetric, Trial, Trimtab

ENCODERS, MODELS = 4, 3
ACCURACY = TaskMetric("accuracy", "maximize", (0.0, 1.0), weight=3.0, floor=0.62)
LATENCY = TaskMetric("latency", "minimize", (0.0, 10.0), weight=1.0, floor=3.0)
TASK = SelectionTask("t", None, 10**6, metrics=(ACCURACY, LATENCY))


def curves(seed):
    """Candidate -> metric -> the share of its range that it is short of the best, at a fraction."""
    draw = numpy.random.default_rng(seed)
    names = [(f"e{e}", f"l{m}") for e in range(ENCODERS) for m in range(MODELS)]
    laws = {name: [(draw.uniform(0.25, 0.4), draw.uniform(0.02, 0.15)) for _ in range(2)] for name in names}
    noise = {name: draw.normal(0, 0.001, (64, 2)) for name in names}

    def shortage(name, metric, fraction):
        level, slope = laws[name][metric]
        return level * fraction**-slope * math.exp(noise[name][round(-8 * math.log2(fraction)) % 64][metric])

    return names, shortage


def scores(shortages):
    return {"accuracy": 1 - shortages[0], "latency": 10 * shortages[1]}


def submit(session, **search):
    session.submit_pool(encoders=[ModelPart(f"e{n}") for n in range(ENCODERS)],
                        language_models=[ModelPart(f"l{n}") for n in range(MODELS)], task=TASK, search=search)


def name_of(candidate):
    return candidate.encoder, candidate.language_model


def normal_below(z):
    return math.erfc(-z / math.sqrt(2)) / 2


def floor_chance(final, bound):
    mean, own, common = final
    return normal_below((bound - mean) / math.hypot(own, common))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_answers_follow_from_the_reports(binary, seed):
    names, shortage = curves(seed)
    seen = {}
    with Trimtab([binary, "serve"], timeout=AWAIT_SECONDS) as client:
        session = client.open_session("s")
        submit(session, strategy="random")
        # Every candidate to a fraction of its own, so that none is finished and all are unsure.
        for index, name in enumerate(names):
            session.advance_candidate(*name, to_fraction=0.5 ** (1 + index % 4))
        while len(seen) < len(names) and isinstance(trial := session.pool.next_trial(), Trial):
            name = name_of(trial.candidate)
            seen[name] = {}
            fraction = trial.to_fraction / 16
            while fraction <= trial.to_fraction:
                seen[name][fraction] = [shortage(name, metric, fraction) for metric in range(2)]
                trial.report(round(fraction * 4096), scores(seen[name][fraction]), data_fraction=fraction)
                fraction *= 2
        ranking, suggestion = session.ranking().ranking, session.suggestion().suggestion
    finals, mixtures, kinds = [], [], [lambda s: (3 * s[0] + s[1]) / 4, lambda s: s[0], lambda s: 10 * s[1]]
    for error in kinds:
        all_curves = {name: Curve({fraction: error(s) for fraction, s in points.items()})
                      for name, points in seen.items()}
        mixtures.append((Mixture(list(all_curves.values()), LEARNED), all_curves))
        finals.append({name: mixtures[-1][0].final(curve) for name, curve in all_curves.items()})
    combined, accuracy, latency = finals
    chances = {name: floor_chance(accuracy[name], math.log(1 - 0.62)) * floor_chance(latency[name], math.log(3.0))
               for name in names}
    assert {name_of(entry.candidate) for entry in ranking} == set(names)
    for entry in ranking:
        name = name_of(entry.candidate)
        assert entry.predicted_score == pytest.approx(1 - math.exp(combined[name][0]), rel=1e-9)
        assert entry.floor_probability_fraction == pytest.approx(chances[name], abs=1e-9)
        by_name = {metric.name: metric for metric in entry.metrics}
        assert by_name["latency"].predicted_score == pytest.approx(math.exp(latency[name][0]), rel=1e-9)
        assert by_name["latency"].score_interval == pytest.approx(interval(latency[name]), rel=1e-9)
        assert by_name["accuracy"].predicted_score == pytest.approx(1 - math.exp(accuracy[name][0]), rel=1e-9)
    # Draws of the combined errors, and of who meets the floors.
    generator = numpy.random.default_rng(seed)
    order = list(names)
    mixture, all_curves = mixtures[0]
    draws = mixture.draw([all_curves[name] for name in order], 40_000, generator)
    met = generator.random(draws.shape) < numpy.array([chances[name] for name in order])
    best = numpy.where(met, draws, numpy.inf)
    wins = numpy.bincount(best.argmin(axis=1)[met.any(axis=1)], minlength=len(order)) / len(draws)
    for entry in ranking:
        chance = wins[order.index(name_of(entry.candidate))]
        slack = 4 * math.sqrt(chance * (1 - chance) / 1024) + 0.01
        assert entry.probability_best_fraction == pytest.approx(chance, abs=slack)
    probable = [name for name in names if chances[name] >= 0.9]
    if probable:
        expected = min(probable, key=lambda name: combined[name][0])
    else:
        expected = max(names, key=lambda name: chances[name])
    assert suggestion is not None and name_of(suggestion.candidate) == expected == name_of(ranking[0].candidate)
    assert suggestion.floors_uncertain is not bool(probable)


def test_a_search_survives_its_server(binary, tmp_path):
    _, shortage = curves(5)

    def train(session, count):
        for _ in range(count):
            trial = session.pool.next_trial()
            if not isinstance(trial, Trial):
                return
            shortages = [shortage(name_of(trial.candidate), metric, trial.to_fraction) for metric in range(2)]
            trial.report(1, scores(shortages), data_fraction=trial.to_fraction,
                         standard_error={"accuracy": 0.004, "latency": 0.01})

    with Trimtab(binary, state_directory=str(tmp_path / "killed"), timeout=AWAIT_SECONDS) as client, \
            Trimtab(binary, timeout=AWAIT_SECONDS) as other:
        sessions = client.open_session("s", seed=3), other.open_session("s", seed=3)
        for session in sessions:
            submit(session)
            train(session, 14)
            revised = session.revise_search(metrics=[{"name": "latency", "weight": 0.2, "floor": "none"}],
                                            floor_probability_fraction=0.8)
            assert revised.goals is not None and revised.goals.rescored_count == 14
        client.process.send_signal(signal.SIGKILL)
        client.process.wait()
        with pytest.warns(Warning):
            assert sessions[0].suggestion() == sessions[1].suggestion()
        for session in sessions:
            train(session, 6)
        assert sessions[0].ranking() == sessions[1].ranking()
        assert sessions[0].export().requests == sessions[1].export().requests


def test_a_wrong_name_is_refused(binary):
    with Trimtab([binary, "serve"], timeout=AWAIT_SECONDS) as client:
        session = client.open_session("s")
        submit(session)
        trial = session.pool.next_trial()
        assert isinstance(trial, Trial)
        with pytest.raises(InvalidReport, match=r"accuracy.*latency.*speed"):
            trial.report(1, {"accuracy": 0.5, "speed": 2.0}, data_fraction=0.01)
        assert not trial.report(1, {"accuracy": 0.5, "latency": 2.0}, data_fraction=0.01).ended
