"""Optuna's and Syne Tune's early stopping over recorded learning curves, at a budget.

    python tuner_replay.py CURVES.csv --budget 0.0667 --seeds 20

The candidates are the values of one categorical parameter, each tried once in a seeded order. Some workers train at the
same time; a trial reports its error at 1/64, 1/32, ... of the data and is stopped where the tuner says so. Cost:
parameters x samples, as for ours. The step that would pass the budget is not taken. Neither library predicts: the
suggestion is the least of all candidates' last errors, and the ranking goes by these, the untried last. Prints one JSON
document.
"""

import argparse
import csv
import heapq
import json
import logging
import random

import optuna
from optuna.pruners import HyperbandPruner, SuccessiveHalvingPruner
from syne_tune.backend.trial_status import Trial
from syne_tune.config_space import choice
from syne_tune.optimizer.baselines import ASHA
from syne_tune.optimizer.scheduler import SchedulerDecision

RUNGS = [1, 2, 4, 8, 16, 32, 64]  # 64ths of the data
WORKERS = 8


def read(path):
    """Candidate -> (cost of all data, {64ths of the data: error})."""
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    most = max(int(name) for name in rows[0] if name.isdigit())
    return {row["config name"]: (float(row["size"]) * most, {n: float(row[str(most * n // 64)]) for n in RUNGS})
            for row in rows}


class Optuna:
    def __init__(self, names, pruner, seed):
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self.study = optuna.create_study(
            direction="minimize",
            sampler=optuna.samplers.RandomSampler(seed),
            pruner=pruner,
            study_name=f"replay {seed}",
        )
        self.names = names
        for name in names:
            self.study.enqueue_trial({"candidate": name})

    def begin(self):
        trial = self.study.ask()
        return trial, trial.suggest_categorical("candidate", sorted(self.names))

    def stops(self, trial, rung, error):
        trial.report(error, rung)
        stop = rung < RUNGS[-1] and trial.should_prune()
        if stop:
            self.study.tell(trial, state=optuna.trial.TrialState.PRUNED)
        elif rung == RUNGS[-1]:
            self.study.tell(trial, error)
        return stop


class SyneTune:
    def __init__(self, names, seed):
        logging.disable(logging.CRITICAL)
        self.scheduler = ASHA(
            {"candidate": choice(sorted(names))}, metric="loss", time_attr="rung", max_t=RUNGS[-1], grace_period=1,
            reduction_factor=2, random_seed=seed, points_to_evaluate=[{"candidate": name} for name in names])
        self.count = 0

    def begin(self):
        trial = Trial(self.count, self.scheduler.suggest().config, None)
        self.count += 1
        self.scheduler.on_trial_add(trial)
        return trial, trial.config["candidate"]

    def stops(self, trial, rung, error):
        decision = self.scheduler.on_trial_result(trial, {"loss": error, "rung": rung})
        return decision == SchedulerDecision.STOP and rung < RUNGS[-1]


def replay(curves, tuner, budget):
    """Workers take trials while there are any; the first that is done reports first."""
    left = budget * sum(cost for cost, _ in curves.values())
    waiting, running, seen, spent = len(curves), [], {}, 0.0

    def step(time, trial, name, place):
        nonlocal spent
        cost = curves[name][0] * (RUNGS[place] - (RUNGS[place - 1] if place else 0)) / 64
        if spent + cost <= left:
            spent += cost
            heapq.heappush(running, (time + cost, len(seen), name, place, trial))

    def take(time):
        nonlocal waiting
        if waiting:
            waiting -= 1
            trial, name = tuner.begin()
            step(time, trial, name, 0)

    for _ in range(WORKERS):
        take(0.0)
    while running:
        time, _, name, place, trial = heapq.heappop(running)
        seen[name] = curves[name][1][RUNGS[place]]
        if tuner.stops(trial, RUNGS[place], seen[name]) or place + 1 == len(RUNGS):
            take(time)
        else:
            step(time, trial, name, place + 1)
    ranking = sorted(seen, key=lambda name: (seen[name], name))
    return {
        "suggestion": ranking[0],
        "ranking": ranking + [name for name in curves if name not in seen],
        "cost": spent / left,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("curves")
    parser.add_argument("--budget", type=float, required=True)
    parser.add_argument("--seeds", type=int, default=20)
    arguments = parser.parse_args()
    curves = read(arguments.curves)
    makers = {
        "optuna 5.0.0 SuccessiveHalvingPruner": lambda names, seed: Optuna(
            names, SuccessiveHalvingPruner(min_resource=1, reduction_factor=2), seed),
        "optuna 5.0.0 HyperbandPruner": lambda names, seed: Optuna(
            names, HyperbandPruner(min_resource=1, max_resource=RUNGS[-1], reduction_factor=2), seed),
        "syne-tune 0.16.0 ASHA": SyneTune,
    }
    found = {}
    for title, make in makers.items():
        runs = []
        for seed in range(arguments.seeds):
            names = list(curves)
            random.Random(seed).shuffle(names)
            runs.append(replay(curves, make(names, seed), arguments.budget))
        found[title] = runs
    print(json.dumps(found))


if __name__ == "__main__":
    main()
