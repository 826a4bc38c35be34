"""The clock controller with back-ends that touch no GPU; NVML's stub and real jobs are in IntegrationTests."""

import http.server
import json
import os
import select
import signal
import socketserver
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

import pytest
from trimtab import GPU, ProfileRow, Trimtab
from trimtab.answers import PlanDetail
from trimtab.answers.wire import reader
from trimtab.gpu import (
    ClockError,
    ClockPermissionError,
    ClockPlan,
    Controller,
    DryRun,
    PlanOrderError,
    Recording,
    Step,
    Zeusd,
    attach,
    attach_deepspeed,
    attach_megatron,
    visible_device,
)

PLAN = ClockPlan((Step(0, "forward", 0, 1200), Step(0, "forward", 1, 1410), Step(0, "backward", 0, 1410),
                  Step(0, "backward", 1, 900)))


class Stage:
    """What `attach` needs of a stage of torch.distributed.pipelining."""

    def __init__(self, index=0):
        self.stage_index, self.has_backward, self.ran = index, True, []

    def forward_one_chunk(self, fwd_chunk_id, args, kwargs=None, save_forward_output=True):
        self.ran.append(("F", fwd_chunk_id, args, kwargs, save_forward_output))
        return fwd_chunk_id

    def backward_one_chunk(self, bwd_chunk_id, loss=None, full_backward=True, last_backward=False):
        self.ran.append(("B" if full_backward else "I", bwd_chunk_id, loss, last_backward))

    def backward_weight_one_chunk(self, bwd_chunk_id, last_backward=False):
        self.ran.append(("W", bwd_chunk_id, last_backward))


class Observed:
    def __init__(self):
        self.heard = []

    def begin(self, *instruction):
        self.heard.append(("begin", *instruction))

    def end(self, *instruction):
        self.heard.append(("end", *instruction))


class Fence:
    """Something that ends when a test says so."""

    def __init__(self):
        self.over = threading.Event()

    def synchronize(self):
        assert self.over.wait(60)

    def query(self):
        return self.over.is_set()


def locks(path):
    return [json.loads(line)["mhz"] for line in path.read_text().splitlines()]


def iteration(controller, plan=PLAN):
    for step in plan.steps:
        controller.begin(*step.key)
        controller.end(*step.key)


class Stepwise(DryRun):
    """A back-end that says when a clock has been set."""

    def __init__(self, **options):
        super().__init__(**options)
        self.set = threading.Condition()

    def lock(self, mhz):
        with self.set:
            super().lock(mhz)
            self.set.notify_all()

    def wait_for(self, clocks):
        with self.set:
            assert self.set.wait_for(lambda: self.locked == clocks, 60), self.locked


def test_the_next_clock_is_asked_for_when_an_instruction_ends():
    backend = Stepwise()
    with Controller(PLAN, backend) as controller:
        backend.wait_for([1200])
        controller.begin(*PLAN.steps[0].key)
        backend.wait_for([1200])
        controller.end(*PLAN.steps[0].key)
        backend.wait_for([1200, 1410])
        controller.begin(*PLAN.steps[1].key)
        controller.end(*PLAN.steps[1].key)
        controller.begin(*PLAN.steps[2].key)
        backend.wait_for([1200, 1410])  # the same clock is not set again
        controller.end(*PLAN.steps[2].key)
        backend.wait_for([1200, 1410, 900])
        controller.begin(*PLAN.steps[3].key)
        controller.end(*PLAN.steps[3].key)
        backend.wait_for([1200, 1410, 900, 1200])  # for the next iteration
        report = controller.report()
    assert (report.request_count, report.late_count, report.differing_count) == (4, 0, 0)
    assert report.latency_seconds is not None
    assert backend.locked == []  # restored


def test_a_clock_is_set_when_the_kernels_of_the_instruction_before_are_over():
    backend, fences = Stepwise(), []

    def fence():
        fences.append(Fence())
        return fences[-1]

    with Controller(PLAN, backend, fence=fence) as controller:
        iteration(controller)  # launched at once, while the GPU computes the first instruction
        backend.wait_for([1200])
        fences[0].over.set()
        backend.wait_for([1200, 1410])
        fences[1].over.set()
        fences[2].over.set()
        backend.wait_for([1200, 1410, 900])
        fences[3].over.set()
        backend.wait_for([1200, 1410, 900, 1200])


def test_an_order_that_is_not_the_plans_has_its_clocks_all_the_same():
    backend = Stepwise()
    with Controller(PLAN, backend) as controller:
        controller.begin(*PLAN.steps[3].key)
        backend.wait_for([1200, 900])
        controller.begin(5, "forward", 0)  # not planned
        controller.end(5, "forward", 0)
        controller.end(*PLAN.steps[3].key)
        backend.wait_for([1200, 900, 1200])
        assert controller.report().late_count == 1


def test_another_plan_is_gone_over_to_between_iterations():
    backend = Stepwise()
    other = ClockPlan(tuple(Step(*step.key, 1000) for step in PLAN.steps))
    with Controller(PLAN, backend) as controller:
        controller.begin(*PLAN.steps[0].key)
        controller.adopt(other)
        controller.end(*PLAN.steps[0].key)
        backend.wait_for([1200, 1410])
        for step in PLAN.steps[1:3]:
            controller.begin(*step.key)
            controller.end(*step.key)
        backend.wait_for([1200, 1410, 900])
        controller.begin(*PLAN.steps[3].key)
        controller.end(*PLAN.steps[3].key)
        backend.wait_for([1200, 1410, 900, 1000])


def test_a_plan_that_is_adopted_while_another_begins_is_the_next():
    """By another thread than the one that trains, which itself asks the back-end nothing."""
    first, second = (ClockPlan(tuple(Step(*step.key, mhz) for step in PLAN.steps)) for mhz in (1000, 1100))
    asked = []

    class Asked(Stepwise):
        def supported(self):
            asked.append(threading.current_thread())
            return super().supported()

    class Overtaken(Controller):
        def _take(self, plan):
            if plan is first:
                self.adopt(second)
            super()._take(plan)

    backend = Asked()
    with Overtaken(PLAN, backend) as controller:
        controller.adopt(first)
        iteration(controller)
        assert controller._clocks == [1000] * 4
        iteration(controller)
        assert controller._clocks == [1100] * 4
    assert asked == [threading.current_thread()]


def test_training_goes_on_where_a_clock_cannot_be_set(capfd):
    refused = threading.Event()

    class Failing(DryRun):
        def lock(self, mhz):
            if mhz == 1410:
                refused.set()
                raise ClockPermissionError("needs CAP_SYS_ADMIN")
            super().lock(mhz)

    with Controller(PLAN, Failing()) as controller:
        controller.begin(*PLAN.steps[0].key)
        controller.end(*PLAN.steps[0].key)
        assert refused.wait(60)
        iteration(controller)
    assert isinstance(controller.error, ClockPermissionError)
    assert "clocks are no longer set: needs CAP_SYS_ADMIN" in capfd.readouterr().err
    with pytest.raises(ClockPermissionError):
        Controller(ClockPlan(PLAN.steps[1:]), Failing())


def test_clocks_that_the_gpu_does_not_have_are_refused_with_the_nearest():
    with pytest.raises(ValueError, match=r"1200 MHz \(forward of stage 0\); the nearest clock is 1215 MHz"):
        Controller(PLAN, DryRun(supported=[1410, 1215, 900]))


def test_clocks_that_do_not_read_back_are_counted():
    class Capped(DryRun):
        def current(self):
            return min(self.locked[-1], 1300)

    with Controller(ClockPlan(PLAN.steps[1:2]), Capped()) as controller:
        assert controller.report().differing_count == 1
        assert controller.report().latency_seconds is None


PROGRAM = """
import os, signal, subprocess, sys, time
from trimtab.gpu import ClockPlan, Controller, Recording, Step
controller = Controller(ClockPlan((Step(0, "forward", 0, 1200),)), Recording(sys.argv[1]))
# A worker that was forked off holds the pipe to the guard open, as a data loader's does.
worker = os.fork() if sys.argv[2] == "kill" else None
if worker == 0:
    time.sleep(600)
print(controller._guard.pid, worker, flush=True)
if sys.argv[2] == "raise":
    raise RuntimeError("training failed")
if sys.argv[2] == "wait" or sys.argv[2] == "kill":
    time.sleep(600)
"""


def select_poll(handle):
    poller = select.poll()
    poller.register(handle, select.POLLIN)
    return poller


@pytest.mark.parametrize("end", ["return", "raise", "kill", "terminate"])
def test_clocks_are_restored_however_the_process_ends(tmp_path, end):
    path = tmp_path / "clocks.jsonl"
    word = {"terminate": "wait"}.get(end, end)
    with subprocess.Popen([sys.executable, "-c", PROGRAM, str(path), word], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, start_new_session=True, text=True,
                          env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}) as process:
        assert process.stdout is not None
        guard, worker = process.stdout.readline().split()
        handle = os.pidfd_open(int(guard))
        try:
            if end == "kill":
                os.kill(process.pid, signal.SIGKILL)
            elif end == "terminate":
                os.killpg(process.pid, signal.SIGTERM)
            process.wait(60)
            assert select_poll(handle).poll(60_000), "the guard has not ended"
        finally:
            os.close(handle)
            if worker != "None":
                os.kill(int(worker), signal.SIGKILL)
    assert locks(path) == [1200, None]


@pytest.mark.parametrize(("specification", "said"), [
    ({"backend": "recording", "path": "clocks.jsonl"}, "started"),
    ({"backend": "none"}, "the guard of the clocks did not start (exit code 1)"),
])
def test_what_start_up_files_print_is_not_the_guards_word(tmp_path, specification, said):
    """Parent and guard waited for each other there."""
    (tmp_path / "sitecustomize.py").write_text("import sys\nprint('welcome', file=sys.stdout, flush=True)\n")
    program = ("import json, os, sys\n"
               "from trimtab.gpu import ClockError\n"
               "from trimtab.gpu.guard import Guard\n"
               "before = len(os.listdir('/proc/self/fd'))\n"
               "try:\n"
               "    Guard(json.loads(sys.argv[1])).release()\n"
               "    print('started')\n"
               "except ClockError as error:\n"
               "    print(error)\n"
               "print(len(os.listdir('/proc/self/fd')) - before)\n")
    done = subprocess.run(
        [sys.executable, "-c", program, json.dumps(specification)], capture_output=True, text=True, timeout=60,
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])})
    assert done.stdout.splitlines() == ["welcome", said, "0"], done.stderr


def test_a_plan_has_the_order_of_the_rank_and_the_clocks_of_its_settings():
    read = reader(PlanDetail)
    assert read is not None
    detail = read({
        "generation": 1, "stale": False, "priceWatts": 0.0,
        "plan": {"plan": 0, "iterationTimeSeconds": 1.0, "energyJoules": 1.0, "averagePowerWatts": 1.0,
                 "gapFraction": 0.0},
        "stages": [
            {"stage": 0, "instructions": [
                planned("dataLoading", 0, 1, 0.0), planned("forward", 0, 1200, 0.1),
                {**planned("forwardWithBackwardOf3", 1, {"frequency": 1410, "overlap": "a"}, 0.5),
                 "overlapped": {"forwardStage": 0, "stage": 3, "microbatch": 0}},
                planned("recompute", 0, 1, 0.8), planned("recomputeBackward", 0, 900, 0.9)]},
            {"stage": 3, "instructions": [
                planned("forward", 0, 1300, 0.2),
                {**planned("forwardWithBackwardOf3", 1, {"frequency": 1410, "overlap": "a"}, 0.5),
                 "overlapped": {"forwardStage": 0, "stage": 3, "microbatch": 0}}]}]})
    plan = ClockPlan.of(detail)
    assert [(*step.key, step.mhz) for step in plan.steps] == [
        (0, "forward", 0, 1200), (3, "forward", 0, 1300), (0, "forward", 1, 1410), (3, "backward", 0, 1410),
        (0, "backward", 0, 900)]
    assert ClockPlan.from_json(plan.to_json()) == plan


def planned(instruction, microbatch, frequency, start):
    return {"instruction": instruction, "microbatch": microbatch, "frequency": frequency, "startSeconds": start,
            "timeSeconds": 0.1, "energyJoules": 1.0}


def test_hooks_pass_everything_on_and_are_taken_off():
    stage, observed = Stage(3), Observed()
    methods = dict(stage.__dict__)
    schedule = SimpleNamespace(_stages=[stage])
    with attach(schedule, observed):
        assert stage.forward_one_chunk(0, ("x",), {"y": 1}, save_forward_output=False) == 0
        stage.backward_one_chunk(0, loss=5, last_backward=True)
        stage.backward_one_chunk(1, full_backward=False)
        stage.backward_weight_one_chunk(1, last_backward=True)
        stage.has_backward = False
        stage.backward_one_chunk(2)
    stage.forward_one_chunk(7, ())
    assert [one for one in observed.heard if one[0] == "begin"] == [
        ("begin", 3, "forward", 0), ("begin", 3, "backward", 0), ("begin", 3, "inputGradient", 1),
        ("begin", 3, "weightGradient", 1)]
    assert stage.ran[:4] == [("F", 0, ("x",), {"y": 1}, False), ("B", 0, 5, True), ("I", 1, None, False),
                             ("W", 1, True)]
    assert methods.keys() == stage.__dict__.keys()


class ForwardPass:
    pass


class BackwardPass:
    pass


class LoadMicroBatch:
    pass


def test_deepspeed_runs_its_instructions_with_the_plans_microbatches(monkeypatch):
    """A stand-in with DeepSpeed's way to run a schedule: a map of commands to functions of the class."""
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(is_grad_enabled=lambda: True))

    class Engine:
        _INSTRUCTION_MAP: dict[type, Callable[..., None]]

        def _forward(self, buffer_id):
            ran.append(("F", buffer_id))

        def _backward(self, buffer_id):
            ran.append(("B", buffer_id))

        def _load(self, buffer_id):
            ran.append(("L", buffer_id))

        def run(self, *commands):
            for command, buffer in commands:
                self._INSTRUCTION_MAP[command](self, buffer_id=buffer)

    Engine._INSTRUCTION_MAP = {
        ForwardPass: Engine._forward, BackwardPass: Engine._backward, LoadMicroBatch: Engine._load}
    ran, engine, observed = [], Engine(), Observed()
    with attach_deepspeed(engine, PLAN, observed):
        engine.run((LoadMicroBatch, 0), (ForwardPass, 0), (ForwardPass, 1), (BackwardPass, 0))
        with pytest.raises(PlanOrderError, match="backward of microbatch 1 on stage 0 next"):
            engine.run((ForwardPass, 0))
        engine.run((BackwardPass, 1))
    engine.run((ForwardPass, 1))
    assert [one[1:] for one in observed.heard if one[0] == "begin"] == [step.key for step in PLAN.steps]
    assert ran == [("L", 0), ("F", 0), ("F", 1), ("B", 0), ("B", 1), ("F", 1)]


def test_megatrons_steps_are_counted_and_evaluations_left_out(monkeypatch):
    """A stand-in with Megatron's module of schedules, whose functions find forward_step by its global name."""
    gradients = SimpleNamespace(on=True)
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(is_grad_enabled=lambda: gradients.on))
    schedules = SimpleNamespace(forward_step=lambda *a, **k: ("out", a, k), backward_step=lambda *a: ("grad", a))
    observed = Observed()
    with attach_megatron(schedules, PLAN, observed):
        assert schedules.forward_step("f", current_microbatch=0) == ("out", ("f",), {"current_microbatch": 0})
        gradients.on = False
        schedules.forward_step("f")
        gradients.on = True
        schedules.forward_step("f")
        assert schedules.backward_step(1, 2) == ("grad", (1, 2))
    assert [one[1:] for one in observed.heard if one[0] == "end"] == [step.key for step in PLAN.steps[:3]]


class Daemon(socketserver.ThreadingUnixStreamServer):
    """A stand-in for zeusd: writes down what it is asked, and answers with `status`."""

    daemon_threads = True

    def __init__(self, path):
        self.asked, self.status = [], 200
        super().__init__(path, DaemonHandler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class DaemonHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Daemon

    def do_POST(self):
        self.server.asked.append((self.path, self.headers.get("Authorization")))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"no")

    def log_message(self, *_):
        pass

    def address_string(self):
        return "unix"


def test_zeusd_is_asked_over_its_socket_with_the_token(tmp_path, monkeypatch):
    path = str(tmp_path / "zeusd.sock")
    monkeypatch.setenv("ZEUSD_TOKEN", "secret")
    with Daemon(path) as daemon:
        backend = Zeusd(2, socket_path=path)
        backend.lock(1200)
        backend.reset()
        assert daemon.asked == [
            ("/gpu/set_gpu_locked_clocks?gpu_ids=2&min_clock_mhz=1200&max_clock_mhz=1200&block=true", "Bearer secret"),
            ("/gpu/reset_gpu_locked_clocks?gpu_ids=2&block=true", "Bearer secret")]
        daemon.status = 403
        with pytest.raises(ClockPermissionError, match="scope gpu-control"):
            backend.lock(1200)
        daemon.status = 500
        with pytest.raises(ClockError, match="answered 500"):
            backend.lock(1200)
        daemon.shutdown()
    os.unlink(path)
    backend = Zeusd(2, socket_path=path)
    with pytest.raises(ClockError, match="does not answer"):
        backend.lock(1200)
    with pytest.raises(ClockError, match="set ZEUSD_SOCK_PATH"):
        Zeusd(0)


def test_devices_are_those_that_the_process_may_see(monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert visible_device(1) == 1
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "5, GPU-abc")
    assert (visible_device(0), visible_device(1)) == (5, "GPU-abc")
    with pytest.raises(ClockError, match="cuda:2 is not among"):
        visible_device(2)


def test_a_recording_can_be_slow_as_a_gpu_is(tmp_path):
    backend = Recording(tmp_path / "clocks.jsonl", latency_seconds=0.01)
    with Controller(PLAN, backend, guard=False) as controller:
        pass
    latency = controller.report().latency_seconds
    assert latency is not None
    assert latency >= 0.01


def test_ranks_in_other_processes_get_their_clocks_from_the_shared_state(binary, tmp_path):
    rows = [ProfileRow(stage, kind, clock, seconds := 0.1 * (1 + stage) * 1410 / clock, seconds * clock / 5)
            for stage in range(2) for kind in ("forward", "backward") for clock in (1410, 1200, 900)]
    with (Trimtab([binary, "serve"], state_directory=str(tmp_path), timeout=60) as first,
          Trimtab([binary, "serve"], state_directory=str(tmp_path), timeout=60) as second):
        ours = first.open_session("job")
        ours.define_pipeline("p", schedule="1f1b", stages=2, microbatches=3, blocking_power_watts=60.0)
        ours.submit_profile("p", rows=rows)
        ours.characterize("p", effort="quick")
        theirs = second.open_session("job")
        for rank in range(2):
            plan = ClockPlan.of(ours.plan("p", slowdown_fraction=0.1, rank=rank))
            assert ClockPlan.of(theirs.plan("p", slowdown_fraction=0.1, rank=rank)) == plan
            assert {step.stage for step in plan.steps} == {rank}
            assert len(plan.steps) == 6


def test_the_measured_latency_goes_back_to_the_engine(binary):
    with Trimtab([binary, "serve"], timeout=60) as client, Controller(PLAN, DryRun()) as controller:
        session = client.open_session("latency")
        gpu = GPU("gpu0", model="modelled", blocking_power_watts=60.0)
        session.register_gpus([gpu])
        latency = controller.report_latency(session, gpu)
        (found,) = session.list_gpus()
        assert found == replace(gpu, switch_latency_seconds=latency)
