"""The recorded experiment of `fixtures/experiment` in the place of training."""

import csv

from places import FIXTURES
from trimtab import Candidate, Metric, ModelPart, SelectionTask


def recorded():
    """Candidate -> its recorded (share of the data, error)."""
    curves = {}
    with open(FIXTURES / "experiment" / "curves.csv", newline="") as file:
        for row in csv.DictReader(file):
            pair = Candidate(encoder=row["encoder"], language_model=row["languageModel"])
            curves.setdefault(pair, []).append((float(row["fraction"]), float(row["errorFraction"])))
    return {pair: sorted(points) for pair, points in curves.items()}


def begin(session, curves):
    """Submits the pool of the recorded experiment, with the encoders' representations."""
    encoders = sorted({pair.encoder for pair in curves})
    session.submit_pool(
        encoders=[ModelPart(id=name) for name in encoders],
        language_models=[ModelPart(id=name) for name in sorted({pair.language_model for pair in curves})],
        task=SelectionTask("retrieval", Metric("error", "minimize", (0.0, 1.0)), alignment_sample_count=32_768))
    for name in encoders:
        session.attach_representation(
            name, npy_path=str(FIXTURES / "experiment" / "representations" / f"{name}.npy"))


def train(session, curves, count):
    """Answers up to `count` trials from the recorded curves; false once the search has finished."""
    for _ in range(count):
        trial = session.pool.next_trial("worker")
        if not trial:
            return False
        share, error = next(point for point in curves[trial.candidate] if point[0] >= trial.to_fraction)
        trial.update(round(32_768 * share), error, data_fraction=share)
    return True
