"""The back-ends that touch GPUs: nvidia-ml-py with a stub of NVIDIA's library, zeusd with a stand-in."""

import http.server
import os
import select
import signal
import socketserver
import subprocess
import sys
import threading

import pytest
from trimtab.gpu import Zeusd
from zeus.utils.zeusd import ZeusdClient, ZeusdConfig

PROGRAM = """
import sys, time
from trimtab.gpu import ClockPlan, Controller, Step, default_backend
plan = ClockPlan((Step(0, "forward", 0, 1200), Step(0, "backward", 0, 810)))
try:
    controller = Controller(plan, default_backend(1))
except Exception as error:
    sys.exit(f"{type(error).__name__}: {error}")
print(controller._guard.pid, controller.report().latency_seconds, flush=True)
if sys.argv[1] == "kill":
    time.sleep(600)
controller.begin(0, "forward", 0)
controller.end(0, "forward", 0)
controller.close()
backend = controller._backend
print(controller.report(), backend.current(), backend.energy_joules() if hasattr(backend, "energy_joules") else "none")
"""


def ran(gpus, *arguments, **extra):
    return subprocess.run([sys.executable, "-c", PROGRAM, *arguments], env={**gpus[0], **extra}, text=True,
                          capture_output=True, timeout=120)


def test_clocks_are_set_read_back_and_restored_through_nvml(gpus):
    shown = ran(gpus, "run")
    assert shown.returncode == 0, shown.stderr
    lines = gpus[1].read_text().splitlines()
    # The right is tried with a reset before anything is set.
    assert lines[:2] == ["reset 1 0", "lock 1 1200"]
    assert lines[-1] == "reset 1 0"
    assert float(shown.stdout.split()[1]) > 0
    assert "differing_count=0" in shown.stdout
    assert shown.stdout.split()[-2] == "1410"
    assert float(shown.stdout.split()[-1]) > 0


METERED = """
import time
from trimtab.profile import CounterMeter, ZeusMeter
from trimtab.gpu import NVML
for meter in (ZeusMeter(0, synchronize=False), CounterMeter(NVML(0).energy_joules)):
    meter.begin()
    began = time.perf_counter()
    while time.perf_counter() - began < 0.2:
        pass
    seconds, joules = meter.end()
    print(seconds, joules)
"""


def test_zeus_monitor_and_the_counter_measure_the_same(gpus):
    """The stub's GPU draws 100 W; its counter moves every millisecond."""
    shown = subprocess.run([sys.executable, "-c", METERED], env=gpus[0], text=True, capture_output=True, timeout=120)
    assert shown.returncode == 0, shown.stderr
    for line in shown.stdout.splitlines()[-2:]:
        seconds, joules = map(float, line.split())
        assert seconds >= 0.2
        assert joules == pytest.approx(100 * seconds, abs=2.0)


def test_sigkill_leaves_no_clock_locked(gpus):
    with subprocess.Popen([sys.executable, "-c", PROGRAM, "kill"], env=gpus[0], text=True,
                          stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        handle = os.pidfd_open(int(process.stdout.readline().split()[0]))
        assert gpus[1].read_text().splitlines()[-1] == "lock 1 1200"
        process.send_signal(signal.SIGKILL)
        process.wait(60)
        poller = select.poll()
        poller.register(handle, select.POLLIN)
        assert poller.poll(60_000)
        os.close(handle)
    assert gpus[1].read_text().splitlines()[-1] == "reset 1 0"


def test_the_missing_right_is_named(gpus):
    shown = ran(gpus, "run", NVML_STUB_DENY="1")
    assert shown.returncode == 1
    assert "ClockPermissionError" in shown.stderr
    for word in ("CAP_SYS_ADMIN", "root", "ZEUSD_SOCK_PATH", "GPU 1"):
        assert word in shown.stderr
    assert not gpus[1].exists()


def test_a_machine_without_a_driver_is_told_so(gpus):
    shown = ran(gpus, "run", LD_LIBRARY_PATH="")
    assert shown.returncode == 1
    assert "libnvidia-ml.so.1 is not found" in shown.stderr


class Daemon(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True

    def __init__(self, path):
        self.asked = []
        super().__init__(path, Handler)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Daemon

    def do_POST(self):
        self.server.asked.append((self.path, self.headers.get("Authorization")))
        self._say(b"")

    def do_GET(self):
        self._say(b'{"gpus": [{"id": 0, "name": "a"}, {"id": 1, "name": "a"}], "cpus": [], "auth_required": false, '
                  b'"enabled_api_groups": ["gpu-read", "gpu-control"]}')

    def _say(self, text):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def address_string(self):
        return "unix"

    def log_message(self, *_):
        pass


@pytest.fixture
def daemon(tmp_path):
    path = str(tmp_path / "zeusd.sock")
    with Daemon(path) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield path, server.asked
        server.shutdown()
        thread.join()


def test_zeusd_is_asked_as_zeus_itself_asks(daemon, monkeypatch):
    path, asked = daemon
    monkeypatch.setenv("ZEUSD_TOKEN", "secret")
    theirs = ZeusdClient(ZeusdConfig.uds(socket_path=path, token="secret"))
    theirs.set_gpu_locked_clocks([1], 1200, 1200)
    theirs.reset_gpu_locked_clocks([1])
    expected = list(asked)
    asked.clear()
    ours = Zeusd(1, socket_path=path)
    ours.lock(1200)
    ours.reset()
    assert asked == expected
    assert len(asked) == 2


def test_a_process_without_the_right_sets_its_clocks_through_zeusd(gpus, daemon):
    path, asked = daemon
    shown = ran(gpus, "run", NVML_STUB_DENY="1", ZEUSD_SOCK_PATH=path)
    assert shown.returncode == 0, shown.stderr
    paths = [one for one, _ in asked]
    assert paths[0].startswith("/gpu/set_gpu_locked_clocks?gpu_ids=1&min_clock_mhz=1200")
    assert paths[-1].startswith("/gpu/reset_gpu_locked_clocks")
    assert not gpus[1].exists()
