"""Clocks through NVIDIA's management library, by `nvidia-ml-py` (the extra `trimtab[gpu]`)."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .backends import ClockError, ClockPermissionError


def visible_device(local: int) -> int | str:
    """The device that a process knows as `cuda:local`, as NVML names it: by `CUDA_VISIBLE_DEVICES`, whose numbers are
    NVML's where `CUDA_DEVICE_ORDER` is `PCI_BUS_ID` or all GPUs of the node are alike."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    names = [name.strip() for name in visible.split(",") if name.strip()]
    if not names:
        return local
    if local >= len(names):
        raise ClockError(f"cuda:{local} is not among CUDA_VISIBLE_DEVICES={visible}")
    return int(names[local]) if names[local].isdigit() else names[local]


class NVML:
    """The clock of one GPU. `device` is NVML's index or a UUID; see `visible_device`."""

    def __init__(self, device: int | str = 0) -> None:
        try:
            import pynvml
        except ImportError:
            raise ClockError("the back-end NVML needs nvidia-ml-py: pip install 'trimtab[gpu]'") from None
        self._library, self.device = pynvml, device
        self._call("nvmlInit")
        find = "nvmlDeviceGetHandleByUUID" if isinstance(device, str) else "nvmlDeviceGetHandleByIndex"
        self._handle = self._call(find, device)
        self._supported: list[int] | None = None

    def supported(self) -> Sequence[int]:
        if self._supported is None:
            memory = self._call("nvmlDeviceGetSupportedMemoryClocks", self._handle)
            clocks = self._call("nvmlDeviceGetSupportedGraphicsClocks", self._handle, max(memory)) if memory else []
            self._supported = sorted(clocks, reverse=True)
        return self._supported

    def lock(self, mhz: int) -> None:
        self._call("nvmlDeviceSetGpuLockedClocks", self._handle, mhz, mhz)

    def current(self) -> int | None:
        clock: int = self._call("nvmlDeviceGetClockInfo", self._handle, self._library.NVML_CLOCK_SM)
        return clock

    def reset(self) -> None:
        self._call("nvmlDeviceResetGpuLockedClocks", self._handle)

    def energy_joules(self) -> float:
        """Energy that the GPU has drawn since the driver was loaded."""
        millijoules: int = self._call("nvmlDeviceGetTotalEnergyConsumption", self._handle)
        return millijoules / 1000

    def specification(self) -> Mapping[str, Any] | None:
        return {"backend": "nvml", "device": self.device}

    def _call(self, name: str, *arguments: Any) -> Any:
        function: Callable[..., Any] = getattr(self._library, name)
        try:
            return function(*arguments)
        except self._library.NVMLError as error:
            code = error.value
            if code == self._library.NVML_ERROR_NO_PERMISSION:
                raise ClockPermissionError(
                    f"GPU {self.device}: {name} needs root or the capability CAP_SYS_ADMIN, which this process lacks "
                    f"(user {os.geteuid()}); run as root, grant the capability, or run zeusd as root and set "
                    "ZEUSD_SOCK_PATH") from None
            if code == self._library.NVML_ERROR_LIBRARY_NOT_FOUND:
                raise ClockError("no NVIDIA driver: libnvidia-ml.so.1 is not found") from None
            if code == self._library.NVML_ERROR_NOT_SUPPORTED:
                raise ClockError(f"GPU {self.device} does not support {name}") from None
            raise ClockError(f"GPU {self.device}: {name} failed: {error}") from None
