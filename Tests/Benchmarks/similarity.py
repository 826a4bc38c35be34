"""Similarity of representations beside numpy."""

import json
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from harness import BINARY, HERE, cpu_seconds_of, peer_python


def cka(report, full):
    """Seven encoders, 4096 samples x 1024 features, float32: alternately numpy and ours on the same cores."""
    peer, script = peer_python("numpy"), HERE / "peers" / "numpy_cka.py"
    if not peer:
        return
    # Some machines choose an old BLAS kernel for all programs by these; numpy shall use its best.
    environment = {k: v for k, v in os.environ.items() if k not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")}
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([peer, script, "make", folder], check=True, env=environment)
        files = sorted(Path(folder).glob("*.npy"))
        commands = {"ours": [BINARY, "similarity", *files, "--json"], "ours, rbf":
                    [BINARY, "similarity", *files, "--kernel", "rbf", "--json"],
                    "numpy, Gram matrices": [peer, script, "gram", *files],
                    "numpy, feature products": [peer, script, "features", *files]}
        runs = {name: [] for name in commands}
        for _ in range(5):
            for name, command in commands.items():
                begin = time.perf_counter()
                process = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, env=environment)
                assert process.stdout is not None
                document = json.load(process.stdout)
                usage = os.wait4(process.pid, 0)[2]
                wall = time.perf_counter() - begin
                # numpy's own clock leaves out starting Python.
                runs[name].append((document.get("wallSeconds", wall), usage.ru_maxrss / 1024,
                                   document.get("cpuSeconds", usage.ru_utime + usage.ru_stime), document))
        exact = cpu_seconds_of([peer, script, "float64", *files])[1]["similarity"]
    for name, measured in runs.items():
        wall, memory, cpu = (statistics.median(run[column] for run in measured) for column in range(3))
        document = measured[0][3]
        report.add(f"CKA of 7 x 4096 x 1024, {name}", wall, "s", aim="parity" if name == "ours" else "",
                   note=f"median of 5; {cpu:.3g} CPU s; " + "; ".join(document.get("blas", ["whole process"])))
        if name != "ours, rbf":
            error = max(abs(a - b) for row, other in zip(document["similarity"], exact) for a, b in zip(row, other))
            report.add("  largest difference to float64", error, "", aim="< 1e-6" if name == "ours" else "")
        report.add("  peak memory (RSS)", memory, "MiB", aim="< 896" if "ours" in name else "",
                   note="twice the 7 Gram matrices are 896" if name == "ours" else "")
