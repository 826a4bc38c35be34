"""For users of Zeus: its pipeline-frequency protocol answered by Trimtab (`server`), and its files (`files`)."""

from .files import (
    FormatError,
    Measurement,
    read_plan,
    read_profile,
    read_schedules,
    results_profile,
    write_plan,
    write_profile,
    write_schedules,
)

__all__ = [
    "FormatError", "Measurement", "read_plan", "read_profile", "read_schedules", "results_profile", "write_plan",
    "write_profile", "write_schedules",
]
