"""Measured profiles, read with nothing of ours."""

import csv
from collections import defaultdict
from typing import Any


def read_profile(path):
    """(stage, instruction) -> {frequency: (seconds, joules)}, in the file's order."""
    tables: dict[tuple[int, str], dict[int, Any]] = defaultdict(dict)
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            key = int(row["stage"]), row["instruction"].strip()
            tables[key][int(row["frequency"])] = float(row["time"]), float(row["energy"])
    return dict(tables)
