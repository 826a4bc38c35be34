"""The search with Trimtab: on 4 GPUs, in `search`, from which it goes on after any kill."""

from training import POOL, STEPS, Training

import trimtab


def train(trial):
    training = Training(trial.candidate.encoder, trial.candidate.language_model, trial.resume_from)
    for step in trial.steps():
        if trial.report(step, training.step(step)).ended:
            training.save(trial.save_to)
            break


if __name__ == "__main__":
    report = trimtab.launch(POOL, train, gpus=4, steps=STEPS, state="search")
    print(report.suggestion and report.suggestion.candidate)
