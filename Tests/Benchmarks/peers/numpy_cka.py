"""Linear CKA with numpy: `numpy_cka.py FORM A.npy B.npy ...`; FORM is gram or features, or float64 for the reference.

Prints one JSON line: the matrix, CPU and wall seconds of loading and computing, peak memory, and the BLAS kernel in
use. `numpy_cka.py make FOLDER` writes seven models of 4096 samples and 1024 features that share more or less of a
signal.
"""

import json
import resource
import sys
import time
from pathlib import Path

import numpy as np


def centered(path, dtype):
    x = np.load(path).astype(dtype, copy=False)
    return x - x.mean(0, dtype=np.float64).astype(dtype) if dtype == np.float32 else x - x.mean(0)


def gram(models):
    """Whole kernel matrices, each a symmetric product; then HSIC is the inner product of two."""
    kernels = [x @ x.T for x in models]
    flat = [k.ravel() for k in kernels]
    return np.array([[float(a @ b) for b in flat[: i + 1]] + [0.0] * (len(flat) - i - 1) for i, a in enumerate(flat)])


def features(models):
    """The product of every two models' features; then HSIC is its squared norm."""
    sums = np.zeros((len(models), len(models)))
    for i, x in enumerate(models):
        for j in range(i + 1):
            product = (x.T @ models[j]).ravel()
            sums[i, j] = float(product @ product)
    return sums


def make(folder):
    random = np.random.default_rng(0)
    signal = random.normal(size=(4096, 64))
    for index in range(7):
        own = 16 * (index // 2)
        seen = np.concatenate([random.normal(size=(4096, own)), signal[:, own:]], 1)
        features = np.tanh(seen @ random.normal(size=(64, 1024)) / 8) + 0.5 * random.normal(size=(4096, 1024)) + 1
        np.save(Path(folder) / f"encoder-{index}.npy", features.astype(np.float32))


def main():
    form, paths = sys.argv[1], sys.argv[2:]
    if form == "make":
        return make(paths[0])
    begin, cpu = time.perf_counter(), time.process_time()
    models = [centered(path, np.float64 if form == "float64" else np.float32) for path in paths]
    sums = gram(models) if form == "gram" else features(models)
    sums += np.tril(sums, -1).T
    scale = np.sqrt(np.diag(sums))
    result = {
        "similarity": (sums / scale / scale[:, None]).tolist(), "cpuSeconds": time.process_time() - cpu,
        "wallSeconds": time.perf_counter() - begin,
        "peakBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }
    try:
        from threadpoolctl import threadpool_info
        result["blas"] = [f"{i['internal_api']} {i['version']} {i.get('architecture')}, {i['num_threads']} threads"
                          for i in threadpool_info() if i["user_api"] == "blas"]
    except ImportError:
        result["blas"] = []
    print(json.dumps(result))
    return None


main()
