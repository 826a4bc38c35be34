"""`trimtab similarity` against the definitions in numpy and against scipy's hierarchical clustering."""

import json
import subprocess

import numpy as np
import pytest
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import pdist, squareform


def run(binary, *arguments):
    return subprocess.run([binary, "similarity", *map(str, arguments)], capture_output=True, text=True, timeout=300,
                          stdin=subprocess.DEVNULL)


def document(binary, *arguments):
    done = run(binary, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def models(samples, features, seed=0):
    """Models that share a signal, each with noise of its own and far from the origin."""
    random = np.random.default_rng(seed)
    signal = random.normal(size=(samples, 12))
    signals = [np.concatenate([signal[:, : 12 - 2 * i], random.normal(size=(samples, 2 * i))], 1) if i < 6 else signal
               for i in range(len(features))]
    return [np.tanh(s @ random.normal(size=(12, d)) / 3) + 0.3 * random.normal(size=(samples, d)) + 5
            for s, d in zip(signals, features)]


def saved(folder, matrices):
    paths = [folder / f"model-{index}.npy" for index in range(len(matrices))]
    for path, matrix in zip(paths, matrices):
        np.save(path, matrix)
    return paths


def kernel(x, bandwidth):
    x = x - x.mean(0)
    if bandwidth is None:
        return x @ x.T
    distances = pdist(x)
    return np.exp(-squareform(distances) ** 2 / (2 * (bandwidth * np.median(distances)) ** 2))


def biased(k, l):
    n = len(k)
    h = np.eye(n) - 1 / n
    return np.sum((h @ k @ h) * l) / (n - 1) ** 2


def unbiased(k, l):
    n = len(k)
    k, l = k - np.diag(np.diag(k)), l - np.diag(np.diag(l))
    one = np.ones(n)
    return (np.sum(k * l) + (one @ k @ one) * (one @ l @ one) / (n - 1) / (n - 2)
            - 2 / (n - 2) * (one @ k) @ (l @ one)) / (n * (n - 3))


def alignment(matrices, estimate=biased, bandwidth=None, size=None):
    matrices = [m.astype(np.float64) for m in matrices]
    size = size or len(matrices[0])
    total = np.zeros((len(matrices), len(matrices)))
    for start in range(0, len(matrices[0]) - size + 1, size):
        kernels = [kernel(m[start: start + size], bandwidth) for m in matrices]
        total = total + np.array([[estimate(k, l) for l in kernels] for k in kernels])
    return total / np.sqrt(np.outer(np.diag(total), np.diag(total)))


# Sums over samples and over features, below and above one tile of each.
SHAPES = {"samples": (150, [400, 60, 30]), "features": (700, [20, 33, 5]), "tiles": (530, [300, 700]),
          "feature-tiles": (2500, [600, 40])}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("arguments, options", [
    ([], {}), (["--unbiased"], {"estimate": unbiased}), (["--kernel", "rbf"], {"bandwidth": 1}),
    (["--kernel", "rbf", "--bandwidth", "0.4", "--unbiased"], {"bandwidth": 0.4, "estimate": unbiased}),
    (["--batch", "64"], {"estimate": unbiased, "size": 64}),
], ids=["linear", "unbiased", "rbf", "rbf-unbiased", "minibatch"])
def test_agrees_with_the_definition(binary, tmp_path, shape, arguments, options):
    matrices = [m.astype(np.float32) for m in models(*shape)]
    found = document(binary, *saved(tmp_path, matrices), *arguments)["similarity"]
    assert np.abs(np.array(found) - alignment(matrices, **options)).max() < 1e-6


@pytest.mark.parametrize("dtype", ["<f2", ">f2", "<f4", ">f4", "<f8", ">f8"])
def test_every_type_and_byte_order(binary, tmp_path, dtype):
    matrices = [m.astype(dtype) for m in models(200, [30, 50])]
    result = document(binary, *saved(tmp_path, matrices))
    assert np.abs(np.array(result["similarity"]) - alignment(matrices)).max() < 1e-6
    assert [m["elementType"] for m in result["models"]] == [f"float{8 * matrices[0].itemsize}"] * 2
    assert [(m["sampleCount"], m["featureCount"]) for m in result["models"]] == [(200, 30), (200, 50)]


@pytest.mark.parametrize("arguments", [[], ["--unbiased"], ["--kernel", "rbf"], ["--batch", "700"]],
                         ids=["linear", "unbiased", "rbf", "minibatch"])
@pytest.mark.parametrize("shape", [(4700, [40, 9, 130]), (300, [900, 40])], ids=["long", "wide"])
def test_the_same_bits_on_any_number_of_threads(binary, tmp_path, shape, arguments):
    if "rbf" in arguments:
        shape = (shape[0] // 2, shape[1])
    arguments = [min(a, "100") if shape[0] <= 300 and a.isdigit() else a for a in arguments]
    paths = saved(tmp_path, [m.astype(np.float32) for m in models(*shape)])
    outputs = {run(binary, *paths, *arguments, "--threads", threads, "--json").stdout for threads in (1, 2, 3, 4)}
    assert len(outputs) == 1 and outputs.pop().startswith("{")


@pytest.mark.parametrize("method", ["single", "complete", "average"])
@pytest.mark.parametrize("seed", range(4))
def test_clusters_are_scipys(binary, tmp_path, method, seed):
    random = np.random.default_rng(seed)
    matrices = models(60, random.integers(3, 20, size=14), seed)
    for index in range(3, 14):  # mixtures of others, at all distances
        mate = matrices[random.integers(0, 3)]
        matrices[index] = np.concatenate([matrices[index][:, :3], mate * random.uniform(0, 2)], 1)
    paths = saved(tmp_path, matrices)
    for threshold in (0.5, 0.7, 0.9):
        result = document(binary, *paths, "--linkage", method, "--threshold", threshold)
        similarity = np.array(result["similarity"])
        tree = linkage(squareform(1 - similarity, checks=False), method)
        assert [join["distance"] for join in result["joins"]] == pytest.approx(tree[:, 2], abs=1e-12)
        assert [join["memberCount"] for join in result["joins"]] == list(tree[:, 3])
        assert [sorted([join["first"], join["second"]]) for join in result["joins"]] == [sorted(r) for r in tree[:, :2]]
        labels = fcluster(tree, 1 - threshold, "distance")
        expected = sorted([list(np.flatnonzero(labels == label)) for label in set(labels)])
        assert [cluster["members"] for cluster in result["clusters"]] == expected
        for cluster in result["clusters"]:
            sums = similarity[np.ix_(cluster["members"], cluster["members"])].sum(1)
            assert sums[cluster["members"].index(cluster["medoid"])] == pytest.approx(sums.max(), abs=1e-12)


def test_table(binary, tmp_path):
    done = run(binary, *saved(tmp_path, models(50, [5, 6, 7])))
    assert done.returncode == 0 and "1.0000" in done.stdout and "[model-0.npy]" in done.stdout


def test_mistakes_are_named(binary, tmp_path):
    good, other = saved(tmp_path, models(40, [5, 6]))
    def refused(status, said, *arguments):
        done = run(binary, *arguments)
        assert done.returncode == status and said in done.stderr and not done.stdout, done.stderr

    def written(matrix, **options):
        path = tmp_path / "bad.npy"
        np.save(path, matrix, **options)
        return path

    matrix = np.load(good)
    refused(64, "two or more", good)
    refused(64, "--kernel", good, other, "--kernel", "cosine")
    refused(64, "--bandwidth", good, other, "--bandwidth", "1")
    refused(66, "No such file", good, tmp_path / "none.npy")
    refused(66, "regular file", good, tmp_path)
    refused(65, "Fortran", good, written(np.asfortranarray(matrix)))
    refused(65, "|O", good, written(matrix.astype(object), allow_pickle=True))
    refused(65, "39", good, written(matrix[:39]))
    refused(65, "same features for every sample", good, written(np.full((40, 3), 0.1)))
    matrix[7, 3] = np.nan
    refused(65, "bad.npy: expected finite numbers, found nan in row 7, column 3", good, written(matrix))
    (tmp_path / "bad.npy").write_bytes(b"")
    refused(65, "empty", good, tmp_path / "bad.npy")
