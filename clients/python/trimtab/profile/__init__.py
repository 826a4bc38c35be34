"""Measures time and energy by instruction and clock while a job trains.

    from trimtab.gpu import attach, default_backend, visible_device
    from trimtab.profile import Profiler, Profiling, default_meter

    backend, meter = default_backend(visible_device(local_rank)), default_meter(local_rank)
    profiler = Profiler(backend, meter)
    profiling = Profiling(profiler, session if rank == 0 else None, "gpt", clocks=backend.supported(),
                          sampling_interval_seconds=meter.sampling_interval_seconds)
    with attach(schedule, profiler):
        while not profiling.step():
            schedule.step(inputs)

The server is asked what to measure next where it has `profile/next`; otherwise every clock is measured from the highest
down, until the energy of a kind of instruction has risen five times in a row. Not run on a GPU; tested on pipeline jobs
over gloo with modelled clocks and meters, and with Zeus's monitor on a stub of NVML.
"""

from .driver import Profiling, joined, submit
from .meters import CounterMeter, Meter, ZeusMeter, default_meter
from .plan import Asked, Sweep, energy_rises
from .profiler import Measured, Profiler

__all__ = [
    "Asked", "CounterMeter", "Measured", "Meter", "Profiler", "Profiling", "Sweep", "ZeusMeter", "default_meter",
    "energy_rises", "joined", "submit",
]
