"""The GPUs of this host that a launcher may use."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Optional, Union

from ..answers import GPU

GPUs = Union[int, str, Iterable[Union[int, str, GPU]]]


@dataclass(frozen=True)
class Device:
    """A GPU: what CUDA calls it, and what the session does."""

    index: str
    gpu: GPU


@dataclass(frozen=True)
class Slot:
    """Room for one trial at a time: a worker of the search with its GPUs, or with GPUs that another scheduler gives it,
    `given` of them with `memory_bytes` each."""

    worker: str
    devices: tuple[Device, ...] = ()
    memory_bytes: Optional[int] = None
    given: int = 1

    @property
    def width(self) -> int:
        return len(self.devices) or self.given

    @property
    def visible(self) -> str:
        """For CUDA_VISIBLE_DEVICES."""
        return ",".join(device.index for device in self.devices)

    @property
    def ids(self) -> list[str]:
        """The GPUs as the session names them."""
        return [device.gpu.id for device in self.devices]


def devices(gpus: GPUs) -> list[Device]:
    """GPUs by number, by CUDA's indices or identifiers, as `GPU` whose id is one of these, or "all" that NVML lists.

    A number counts from the first that this process may see. Without NVML a GPU without a stated memory is taken to
    have as much as this host: what runs out of it is too large all the same.
    """
    visible = [one for one in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if one]
    memory = _memory_by_nvml()
    if isinstance(gpus, int):
        wanted: Sequence[Union[int, str, GPU]] = visible[:gpus] if visible else list(map(str, range(gpus)))
        if len(wanted) < gpus:
            raise ValueError(f"{gpus} GPUs wanted, but CUDA_VISIBLE_DEVICES names {len(visible)}")
    elif gpus == "all":
        wanted = visible or list(memory)
        if not wanted:
            raise ValueError("no GPUs found by NVML: pip install 'trimtab[gpu]', or say which as gpus=")
    else:
        wanted = [gpus] if isinstance(gpus, str) else list(gpus)
    if not wanted:
        raise ValueError("a launcher needs at least one GPU, or place for a trial")
    host, host_bytes = socket.gethostname(), os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    found = []
    for one in wanted:
        gpu = one if isinstance(one, GPU) else GPU(id=str(one))
        gpu = replace(gpu, id=f"{host}/{gpu.id}", node=gpu.node or host,
                      memory_bytes=gpu.memory_bytes or memory.get(gpu.id) or host_bytes)
        found.append(Device(gpu.id.rpartition("/")[2], gpu))
    return found


def slots(found: Sequence[Device], each: int) -> list[Slot]:
    """Places for trials with `each` GPUs."""
    if not isinstance(each, int) or each < 1:
        raise ValueError(f"gpus_per_trial: expected a number of GPUs, at least 1, found {each!r}")
    if len(found) < each:
        raise ValueError(f"a trial wants {each} GPUs, and there are {len(found)}")
    host = socket.gethostname()
    return [Slot(f"{host}/{number}", tuple(found[number * each:(number + 1) * each]))
            for number in range(len(found) // each)]


def _memory_by_nvml() -> dict[str, Optional[int]]:
    """Bytes of each GPU by its index, or nothing without NVML."""
    try:
        import pynvml
    except ImportError:
        return {}
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return {}
    try:
        return {str(index): int(pynvml.nvmlDeviceGetMemoryInfo(pynvml.nvmlDeviceGetHandleByIndex(index)).total)
                for index in range(pynvml.nvmlDeviceGetCount())}
    finally:
        pynvml.nvmlShutdown()
