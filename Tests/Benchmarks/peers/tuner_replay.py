"""Optuna's and Syne Tune's early stopping over recorded learning curves, at a budget.

    python tuner_replay.py < requests.json > answers.json

A request: {"errors": [[ERROR AT EACH LEVEL] OF EACH CANDIDATE], "fractions": [OF THE DATA AT EACH LEVEL], "costs": [OF
ALL DATA, OF EACH CANDIDATE], "budget": PART OF THE SUM OF COSTS, "start": LEVEL OF THE FIRST REPORT, "workers": COUNT,
"orders": [[CANDIDATES]], "seeds": [A NUMBER FOR EACH ORDER]}. Levels double the data. Its answer: {TUNER: [{"ranking":
[CANDIDATES], "cost": PART OF THE BUDGET} OF EACH ORDER]}. Read is a list of requests, printed one of answers.

The candidates are the values of one categorical parameter, each tried once in the order given. Some workers train at
the same time; a trial reports its error at each level from the start on and is stopped where the tuner says so. The
step that would pass the budget is not taken. Neither library predicts: the ranking goes by the last errors, the
untried last, and its first is the suggestion.
"""

import heapq
import itertools
import json
import logging
import sys

import optuna
from optuna.pruners import HyperbandPruner, SuccessiveHalvingPruner
from syne_tune.backend.trial_status import Trial
from syne_tune.config_space import choice
from syne_tune.optimizer.baselines import ASHA
from syne_tune.optimizer.scheduler import SchedulerDecision


class Optuna:
    def __init__(self, order, last, pruner, seed):
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self.study = optuna.create_study(
            direction="minimize",
            sampler=optuna.samplers.RandomSampler(seed),
            pruner=pruner,
            study_name=f"replay {seed}",
        )
        self.candidates, self.last = sorted(order), last
        for candidate in order:
            self.study.enqueue_trial({"candidate": candidate})

    def begin(self):
        trial = self.study.ask()
        return trial, trial.suggest_categorical("candidate", self.candidates)

    def stops(self, trial, resource, error):
        trial.report(error, resource)
        stop = resource < self.last and trial.should_prune()
        if stop:
            self.study.tell(trial, state=optuna.trial.TrialState.PRUNED)
        elif resource == self.last:
            self.study.tell(trial, error)
        return stop


class SyneTune:
    def __init__(self, order, last, seed):
        logging.disable(logging.CRITICAL)
        self.last = last
        self.scheduler = ASHA(
            {"candidate": choice(sorted(order))}, metric="loss", time_attr="resource", max_t=last, grace_period=1,
            reduction_factor=2, random_seed=seed,
            points_to_evaluate=[{"candidate": candidate} for candidate in order])
        self.count = 0

    def begin(self):
        trial = Trial(self.count, self.scheduler.suggest().config, None)
        self.count += 1
        self.scheduler.on_trial_add(trial)
        return trial, trial.config["candidate"]

    def stops(self, trial, resource, error):
        decision = self.scheduler.on_trial_result(trial, {"loss": error, "resource": resource})
        return decision == SchedulerDecision.STOP and resource < self.last


# Each halves from a resource of 1 on to the last.
TUNERS = {
    "optuna 5.0.0 SuccessiveHalvingPruner": lambda order, last, seed: Optuna(
        order, last, SuccessiveHalvingPruner(min_resource=1, reduction_factor=2), seed),
    "optuna 5.0.0 HyperbandPruner": lambda order, last, seed: Optuna(
        order, last, HyperbandPruner(min_resource=1, max_resource=last, reduction_factor=2), seed),
    "syne-tune 0.16.0 ASHA": SyneTune,
}


def replay(request, order, tuner):
    """Workers take trials while there are any; the first that is done reports first."""
    fractions, start = request["fractions"], request["start"]
    left = request["budget"] * sum(request["costs"]) * (1 + 1e-9)
    waiting, running, seen, spent, number = len(order), [], {}, 0.0, itertools.count()

    def step(time, trial, candidate, level):
        nonlocal spent
        cost = request["costs"][candidate] * (fractions[level] - (fractions[level - 1] if level > start else 0))
        if spent + cost <= left:
            spent += cost
            heapq.heappush(running, (time + cost, next(number), candidate, level, trial))

    def take(time):
        nonlocal waiting
        if waiting:
            waiting -= 1
            trial, candidate = tuner.begin()
            step(time, trial, candidate, start)

    for _ in range(request["workers"]):
        take(0.0)
    while running:
        time, _, candidate, level, trial = heapq.heappop(running)
        seen[candidate] = request["errors"][candidate][level]
        if tuner.stops(trial, 2 ** (level - start), seen[candidate]) or level + 1 == len(fractions):
            take(time)
        else:
            step(time, trial, candidate, level + 1)
    ranking = sorted(seen, key=lambda candidate: (seen[candidate], order.index(candidate)))
    return {"ranking": ranking + [candidate for candidate in order if candidate not in seen], "cost": spent / left}


def answer(request):
    last = 2 ** (len(request["fractions"]) - 1 - request["start"])
    pairs = list(zip(request["orders"], request["seeds"], strict=True))
    return {title: [replay(request, order, make(order, last, seed)) for order, seed in pairs]
            for title, make in TUNERS.items()}


if __name__ == "__main__":
    print(json.dumps([answer(request) for request in json.load(sys.stdin)]))
