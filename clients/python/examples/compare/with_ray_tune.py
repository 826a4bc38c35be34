"""The search with Ray Tune: 4 trials at once; an error ends its trial, and the search goes on without it."""

from pathlib import Path

import ray
from ray import tune
from ray.tune.schedulers import ASHAScheduler
from training import POOL, STEPS, Training


def train(config):
    training = Training(config["encoder"], config["language_model"])
    for step in range(1, STEPS + 1):
        tune.report({"accuracy": training.step(step)})


if __name__ == "__main__":
    ray.init(num_cpus=4)
    space = {"encoder": tune.grid_search(POOL["encoders"]), "language_model": tune.grid_search(POOL["language_models"])}
    asha = ASHAScheduler(max_t=STEPS, metric="accuracy", mode="max")
    where = tune.RunConfig(name="search", storage_path=str(Path.cwd()))
    tuner = tune.Tuner(train, param_space=space, tune_config=tune.TuneConfig(scheduler=asha), run_config=where)
    print(tuner.fit().get_best_result("accuracy", "max").config)
