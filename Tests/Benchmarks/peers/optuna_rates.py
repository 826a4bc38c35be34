"""Reports a second that Optuna's storages keep.

    python optuna_rates.py FOLDER --reports 400

One worker reports the values of one trial, one after another, as a training script does: `JournalStorage` over a file,
and `RDBStorage` over SQLite. Prints one JSON document.
"""

import argparse
import json
import os
import time

import optuna
from optuna.storages import JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend


def rate(storage, count):
    trial = optuna.create_study(storage=storage, direction="minimize").ask()
    trial.report(0.0, 0)
    begin = time.perf_counter()
    for step in range(1, count + 1):
        trial.report(1.0 / step, step)
    return count / (time.perf_counter() - begin)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--reports", type=int, default=400)
    arguments = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    journal = JournalStorage(JournalFileBackend(os.path.join(arguments.folder, "optuna.log")))
    database = RDBStorage(f"sqlite:///{arguments.folder}/optuna.db")
    print(json.dumps({"version": optuna.__version__, "journal": rate(journal, arguments.reports),
                      "sqlite": rate(database, arguments.reports)}))


if __name__ == "__main__":
    main()
