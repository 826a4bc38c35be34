"""What measures the time and the energy of one instruction on one GPU."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol


class Meter(Protocol):
    """Measures from `begin` to `end`. `sampling_interval_seconds` is how often the energy counter moves; None where it
    is exact."""

    @property
    def sampling_interval_seconds(self) -> float | None: ...

    def begin(self) -> None: ...

    def end(self) -> tuple[float, float]:
        """Seconds and joules since `begin`."""
        ...


class CounterMeter:
    """Differences of a counter of energy, such as `NVML.energy_joules`.

    `synchronize` waits until the GPU has done what was launched (`torch.cuda.synchronize`); without it an instruction
    on a GPU ends when it has been launched. NVML's counter moves every 20 to 100 ms, by GPU.
    """

    def __init__(
        self, joules: Callable[[], float], *, synchronize: Callable[[], None] | None = None,
        sampling_interval_seconds: float | None = 0.1,
    ) -> None:
        self._joules, self._synchronize = joules, synchronize
        self._interval = sampling_interval_seconds
        self._began = (0.0, 0.0)

    @property
    def sampling_interval_seconds(self) -> float | None:
        return self._interval

    def begin(self) -> None:
        self._began = self._now()

    def end(self) -> tuple[float, float]:
        seconds, joules = self._now()
        return seconds - self._began[0], joules - self._began[1]

    def _now(self) -> tuple[float, float]:
        if self._synchronize is not None:
            self._synchronize()
        return time.perf_counter(), self._joules()


class ZeusMeter:
    """Zeus's monitor (`trimtab[zeus]`), which also knows GPUs without a counter of energy. `device` is the index that
    PyTorch has for it."""

    def __init__(
        self, device: int = 0, *, synchronize: bool = True, sampling_interval_seconds: float | None = 0.1
    ) -> None:
        from zeus.monitor import ZeusMonitor

        self._monitor: Any = ZeusMonitor(gpu_indices=[device], cpu_indices=[])
        self._device, self._synchronize, self._interval = device, synchronize, sampling_interval_seconds

    @property
    def sampling_interval_seconds(self) -> float | None:
        return self._interval

    def begin(self) -> None:
        self._monitor.begin_window("trimtab", sync_execution=self._synchronize)

    def end(self) -> tuple[float, float]:
        measured = self._monitor.end_window("trimtab", sync_execution=self._synchronize)
        return measured.time, measured.gpu_energy[self._device]


def default_meter(device: int = 0) -> Meter:
    """Zeus's monitor where Zeus is installed, else NVML's counter of energy."""
    try:
        return ZeusMeter(device)
    except ImportError:
        pass
    import torch

    from ..gpu.nvml import NVML, visible_device

    return CounterMeter(NVML(visible_device(device)).energy_joules, synchronize=torch.cuda.synchronize)
