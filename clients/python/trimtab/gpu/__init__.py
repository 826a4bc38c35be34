"""Clocks of GPUs by plan: what turns a plan into saved energy on a rank of a training job.

    from trimtab.gpu import ClockPlan, Controller, attach, cuda_fence, default_backend, visible_device

    plan = ClockPlan.of(session.plan("gpt", slowdown_fraction=0.02, rank=pipeline_rank))
    backend = default_backend(visible_device(local_rank))
    with Controller(plan, backend, fence=cuda_fence) as controller, attach(schedule, controller):
        train()
    print(controller.report())

Back-ends: `NVML` (needs root or CAP_SYS_ADMIN), `Zeusd` for processes without that right, `DryRun` and `Recording`,
which set nothing. No part of this has been run on a GPU: it is tested against a stub of NVML's library, a stand-in of
zeusd, and real `torch.distributed.pipelining` jobs on CPUs with modelled clocks and power.
"""

from .backends import ClockBackend, ClockError, ClockPermissionError, DryRun, Recording, default_backend, open_backend
from .controller import Controller, ControllerReport, Fence, cuda_fence
from .hooks import Attachment, Observer, PlanOrderError, attach, attach_deepspeed, attach_megatron
from .nvml import NVML, visible_device
from .plan import ClockPlan, Step, share_plans
from .zeusd import Zeusd

__all__ = [
    "NVML", "Attachment", "ClockBackend", "ClockError", "ClockPermissionError", "ClockPlan", "Controller",
    "ControllerReport", "DryRun", "Fence", "Observer", "PlanOrderError", "Recording", "Step", "Zeusd", "attach",
    "attach_deepspeed", "attach_megatron", "cuda_fence", "default_backend", "open_backend", "share_plans",
    "visible_device",
]
