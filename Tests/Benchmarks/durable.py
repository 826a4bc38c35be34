"""Reports of a search that are kept in a state directory, beside the same in memory, the disk's own sync, and Optuna's
storages on the same disk."""

import json
import os
import statistics
import subprocess
import tempfile
import time

from harness import HERE, exchange, peer_python, start_client
from trimtab import Request
from trimtab.frames import Frames

REPORTS, IN_FLIGHT = 20_000, 64


def durable(report, full):
    """trial/update with up to 64 in flight, and one at a time; durable and in memory, in the same run."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("TRIMTAB_BENCH_DISK")) as folder:
        sync = median_sync(folder)
        report.add("fdatasync of 4 KiB in a file of its size", 1e3 * sync, "ms", note="median of 200")
        memory, kept = rates(None), rates(os.path.join(folder, "state"))
        peer = peer_python("tuners")
        optuna = optuna_rates(peer, folder) if peer else None
    limit = min(IN_FLIGHT / sync, memory[0])
    report.add("trial/update, 64 in flight, in memory", memory[0], "updates/s")
    report.add("trial/update, 64 in flight, durable", kept[0], "updates/s", aim=f">= {0.6 * limit:.0f}",
               note=f"{kept[0] / limit:.2f} of the lesser of 64 / sync and the rate in memory")
    report.add("trial/update, one in flight, in memory", 1e3 * memory[1], "ms")
    report.add("trial/update, one in flight, durable", 1e3 * kept[1], "ms", aim=f"<= {1e3 * (memory[1] + sync):.3f}")
    if optuna:
        for storage in ("journal", "sqlite"):
            report.add(f"Optuna {optuna['version']}, {storage}, one in flight", optuna[storage], "reports/s",
                       note=f"ours: {1 / kept[1]:,.0f} one in flight, {kept[0]:,.0f} with 64")


def optuna_rates(python, folder):
    command = [python, HERE / "peers" / "optuna_rates.py", folder]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def median_sync(folder):
    path = os.path.join(folder, "sync")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT)
    os.pwrite(descriptor, bytes(1 << 20), 0)
    os.fsync(descriptor)
    times = []
    for number in range(200):
        start = time.perf_counter()
        os.pwrite(descriptor, os.urandom(4096), 4096 * (number % 256))
        os.fdatasync(descriptor)
        times.append(time.perf_counter() - start)
    os.close(descriptor)
    return statistics.median(times)


def rates(state):
    """Updates per second with 64 in flight, and the median seconds of one alone."""
    with start_client(state_directory=state) as client:
        client.open_session("s")
        client.call(Request("pool/submit", {
            "session": "s", "encoders": [{"id": "e"}], "languageModels": [{"id": "l"}], "search": {"strategy": "grid"},
            "task": {"name": "t", "metric": {"name": "loss", "direction": "minimize"}, "alignmentSampleCount": 10**6}}))
        trial = client.call(Request("trial/next", {"session": "s", "worker": "w"}))["trial"]
        step = iter(range(1, 10**9))

        def update():
            number = next(step)
            return Request("trial/update", {"session": "s", "trial": trial, "step": number,
                                            "dataFraction": 1e-7 * number, "score": 2.0, "gpuSeconds": 0.5 * number})

        frames = Frames("headers")
        start = time.perf_counter()
        for batch in range(REPORTS // IN_FLIGHT):
            data: list[bytes] = []
            for place in range(IN_FLIGHT):
                request = update()
                data.append(frames.request((1 << 32) + batch * IN_FLIGHT + place, request.method, request.params))
            exchange(client, data)
        rate = REPORTS // IN_FLIGHT * IN_FLIGHT / (time.perf_counter() - start)
        alone = []
        for _ in range(300):
            request, begin = update(), time.perf_counter()
            client.call(request)
            alone.append(time.perf_counter() - begin)
    return rate, statistics.median(alone)
