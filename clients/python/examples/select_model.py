"""Choosing a vision-language model with a fraction of the training, as a launcher does it: submit a pool, let a few
workers train the trials that they get, and stop when the search says so. The training here is simulated: each
candidate's accuracy follows a power law of the data it has seen."""

from __future__ import annotations

import argparse
import math
import os
import random
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(REPOSITORY / "clients" / "python"))

from trimtab import GPU, Candidate, Metric, ModelPart, SelectionTask, Trial, Trimtab

ENCODERS = [("CLIP-ViT-L/14@336", "clip"), ("SigLIP-so400m@384", "siglip"), ("DFN-CLIP-H/14@378", "clip"),
            ("InternViT-300M@448", "internvit"), ("DINOv2-L@518", "dino"), ("EVA-CLIP-02-L@336", "clip"),
            ("ConvNeXt-L@256", "convnext")]
LANGUAGE_MODELS = [("Vicuna-1.5-7B", "llama"), ("Llama-2-7B", "llama"), ("Llama-3-8B", "llama"),
                   ("Mistral-v0.2-7B", "mistral"), ("Qwen2-7B", "qwen"), ("Phi-3-small-7B", "phi"),
                   ("Gemma-1.1-7B", "gemma")]
STEPS = 4  # reports of one trial


class SimulatedTraining:
    """Accuracy of every candidate at every amount of data, and what a GPU takes for it."""

    def __init__(self, seed: int) -> None:
        draw = random.Random(seed)
        self.encoders = {name: draw.gauss(0.0, 0.05) for name, _ in ENCODERS}
        self.models = {name: draw.gauss(0.0, 0.05) for name, _ in LANGUAGE_MODELS}
        self.slopes = {(e, m): draw.uniform(0.1, 0.25) for e in self.encoders for m in self.models}

    def accuracy(self, candidate: Candidate, data_fraction: float) -> float:
        error = 0.35 + self.encoders[candidate.encoder] + self.models[candidate.language_model]
        slope = self.slopes[candidate.encoder, candidate.language_model]
        return max(0.0, 1.0 - max(error, 0.05) * math.pow(data_fraction, -slope))

    def best(self) -> tuple[float, Candidate]:
        every = [Candidate(encoder, model) for encoder, model in self.slopes]
        best = max(every, key=lambda candidate: self.accuracy(candidate, 1.0))
        return self.accuracy(best, 1.0), best


def train(trial: Trial, training: SimulatedTraining) -> str:
    """Trains until the search decides; a real launcher would load `trial.resume.checkpoint` first."""
    for step in range(1, STEPS + 1):
        share = trial.from_fraction + (trial.to_fraction - trial.from_fraction) * step / STEPS
        fraction = trial.to_fraction if step == STEPS else share
        seconds = 100 * 3600 * (fraction - trial.from_fraction)  # a full pass takes 100 GPU-hours
        decision = trial.update(step, training.accuracy(trial.candidate, fraction), data_fraction=fraction,
                                gpu_seconds=seconds, energy_joules=400.0 * seconds,
                                checkpoint=f"/checkpoints/{trial.number}/{step}")
        if not decision.goes_on:
            return f"{decision.decision}, {decision.reason}"
    trial.fail("paused")
    return "paused by its worker"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    binary = os.environ.get("TRIMTAB_BINARY") or str(REPOSITORY / ".build" / "release" / "trimtab")
    parser.add_argument("--binary", default=binary)
    parser.add_argument("--strategy", default="race")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quiet", action="store_true", help="print the suggestion alone")
    arguments = parser.parse_args()
    training = SimulatedTraining(arguments.seed)

    with Trimtab(command=[arguments.binary, "serve"]) as client:
        session = client.open_session("select", seed=arguments.seed)
        session.register_gpus([GPU(id=f"gpu{n}", memory_bytes=80 << 30) for n in range(4)])
        pool = session.submit_pool(
            encoders=[ModelPart(id=name, family=family, parameter_count=300_000_000) for name, family in ENCODERS],
            language_models=[ModelPart(id=name, family=family, parameter_count=7_000_000_000)
                             for name, family in LANGUAGE_MODELS],
            task=SelectionTask("simulated VQA", Metric("accuracy", "maximize", (0.0, 1.0)), 558_000),
            search={"strategy": arguments.strategy})
        print(f"{pool.candidate_count} candidates in {pool.cluster_count} clusters (by {pool.cluster_basis})")
        while True:
            # Each of the four GPUs is given a trial; here they are then trained one after another.
            trials = [session.pool.next_trial(f"worker{n}") for n in range(4)]
            running = [trial for trial in trials if isinstance(trial, Trial)]
            if not running:
                break
            for trial in running:
                outcome = train(trial, training)
                if not arguments.quiet:
                    print(f"trial {trial.number:3}: {trial.candidate.encoder} + {trial.candidate.language_model}, "
                          f"{trial.from_fraction:.3f} to {trial.to_fraction:.3f} ({trial.assignment.phase}): {outcome}")
        report = session.suggestion()
        assert report.suggestion is not None and report.suggestion.predicted_score is not None
        chosen, (best, _) = report.suggestion, training.best()
        print(
            f"\nsuggested: {chosen.candidate.encoder} + {chosen.candidate.language_model}, "
            f"predicted accuracy {chosen.predicted_score:.4f}, best with probability {chosen.probability_best_fraction}"
        )
        print(f"cost: {report.cost.gpu_seconds / 3600:.0f} GPU-hours; training all: "
              f"{report.grid_cost.gpu_seconds / 3600:.0f}; {report.untried_count} never tried")
        true = training.accuracy(chosen.candidate, 1.0)
        print(f"true accuracy {true:.4f}, of the best {best:.4f}: {best - true:.4f} lost")


if __name__ == "__main__":
    main()
