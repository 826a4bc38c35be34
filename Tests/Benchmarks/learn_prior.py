#!/usr/bin/env python3
"""Learns what is believed of learning curves before a pool was seen: learn_prior.py FOLDER... [--json]   (needs numpy)

Every folder is a corpus: tables with a column of errors for each number of samples, as `trimtab select --curves` takes
them. The whole curves of a pool give the likelihood of each expert (see `reference_posterior.py`). The probabilities of
the values of each trait maximise the likelihood of all corpora, each with the same weight whatever its number of pools
(expectation maximisation, 20 rounds), and are then drawn halfway to equal ones: a few corpora say little of the next.
The shipped probabilities, `CurvePrior.learned`, come from all corpora; to leave one out, name the others only.
"""

import argparse
import csv
import json
import sys
from pathlib import Path

import numpy

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "ProcessTests"))
import reference_posterior as reference

MOST_POOLS, ROUNDS, DOUBT = 40, 20, 0.5
MOST_STEPS = 4


def curves(path):
    """The curves of a table on the fractions 1, 1/2, 1/4, ... as far down as there are columns near them, to 1/64."""
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    sizes = sorted(int(name) for name in rows[0] if name.isdigit() and int(name) > 0)
    kept = {}
    for halvings in range(7):
        size = min(sizes, key=lambda size: abs(numpy.log2(size / sizes[-1]) + halvings))
        if abs(numpy.log2(size / sizes[-1]) + halvings) > 0.3:
            break
        kept[2.0**-halvings] = str(size)
    return [reference.Curve({f: max(1e-6, float(row[name])) for f, name in kept.items()}) for row in rows]


def log_likelihoods(path):
    """Of each expert, tempered as in a search; the more steps a curve has, the less each tells."""
    pool = curves(path)
    mixture = reference.Mixture(pool, reference.uniform())
    return reference.TEMPER * min(1, MOST_STEPS / mixture.first) * mixture.log_likelihood


def learn(folders):
    """A list of probabilities for each trait."""
    found, weights = [], []
    for folder in folders:
        paths = sorted(Path(folder).glob("*.csv"))[:MOST_POOLS]
        for path in paths:
            found.append(log_likelihoods(path))
            weights.append(1 / len(paths) / len(folders))
    rows, shares = numpy.array(found), numpy.array(weights)
    columns = [numpy.searchsorted(values, column) for values, column in
               zip(map(numpy.array, reference.TRAITS.values()), reference.EXPERTS.T)]
    prior = reference.uniform()
    for _ in range(ROUNDS):
        logs = rows - rows.max(1, keepdims=True) + reference.log_prior(prior)
        posterior = numpy.exp(logs - logs.max(1, keepdims=True))
        mean = shares @ (posterior / posterior.sum(1, keepdims=True))
        prior = [((1 - DOUBT) * numpy.bincount(column, mean, len(p)) + DOUBT / len(p)).tolist()
                 for column, p in zip(columns, prior)]
    return prior


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="+")
    parser.add_argument("--json", action="store_true", help="print the probabilities alone, as JSON")
    options = parser.parse_args()
    prior = [[round(p, 4) for p in trait] for trait in learn(options.folder)]
    if options.json:
        print(json.dumps(prior))
    else:
        for name, trait in zip(reference.TRAITS, prior):
            print(name, trait)


if __name__ == "__main__":
    main()
