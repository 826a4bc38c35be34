"""The search with Optuna: 4 threads and a journal, from which a study goes on, but the trials that ran begin again."""

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from training import POOL, STEPS, Training


def objective(trial):
    encoder = trial.suggest_categorical("encoder", POOL["encoders"])
    training = Training(encoder, trial.suggest_categorical("language_model", POOL["language_models"]))
    for step in range(1, STEPS + 1):
        score = training.step(step)
        trial.report(score, step)
        if trial.should_prune():
            raise optuna.TrialPruned
    return score


if __name__ == "__main__":
    study = optuna.create_study(
        storage=JournalStorage(JournalFileBackend("search.log")),
        study_name="search",
        load_if_exists=True,
        direction="maximize",
        sampler=optuna.samplers.BruteForceSampler(),
        pruner=optuna.pruners.SuccessiveHalvingPruner(),
    )
    study.optimize(objective, n_jobs=4, catch=MemoryError)
    print(study.best_params)
