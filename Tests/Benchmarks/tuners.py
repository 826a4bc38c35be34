"""Optuna's and Syne Tune's early stopping at work on recorded curves, in the peers' own environment."""

import json
import random
import subprocess

from harness import HERE

WORKERS = 8


def request(curves, budget, start, orders, seeds, workers=WORKERS):
    """What `peers/tuner_replay.py` takes, in its words; `curves` is a `Curves`."""
    return {"errors": curves.errors, "fractions": curves.fractions, "costs": curves.costs, "budget": float(budget),
            "start": start, "workers": workers, "orders": orders, "seeds": list(seeds)}


def replay_tuners(python, requests):
    """For each request: tuner -> [{"ranking": candidates, "cost": part of the budget}], one an order."""
    command = [str(python), str(HERE / "peers" / "tuner_replay.py")]
    return json.loads(subprocess.run(command, input=json.dumps(requests).encode(), stdout=subprocess.PIPE,
                                     check=True).stdout)


def shuffled(count, seed):
    order = list(range(count))
    random.Random(seed).shuffle(order)
    return order
