"""Files that a client names: where they are looked for, and what others may do to them meanwhile."""

import os
import subprocess

import numpy as np
import pytest

CSV = "stage,instruction,frequency,time,energy\n0,forward,1200,{time},15.0\n"


def sparse_npy(path, samples, features):
    """A valid .npy of float32 whose elements take no room on the disk."""
    with open(path, "wb") as file:
        np.lib.format.write_array_header_1_0(
            file, {"descr": "<f4", "fortran_order": False, "shape": (samples, features)})
        file.truncate(file.tell() + 4 * samples * features)


@pytest.fixture
def pool(spawn, tmp_path):
    """A session with a pool of two encoders and an attached representation of the first, and where its file is."""
    server = spawn(roots=[str(tmp_path)])
    server.result("session/open", {"session": "s"})
    server.result(
        "pool/submit",
        {
            "session": "s",
            "encoders": [{"id": "a"}, {"id": "b"}],
            "languageModels": [{"id": "l"}],
            "task": {"name": "t", "metric": {"name": "accuracy", "direction": "maximize"}, "alignmentSampleCount": 400},
        },
    )
    random = np.random.default_rng(1)
    path = tmp_path / "a.npy"
    np.save(path, random.normal(size=(400, 64)).astype("f4"))
    np.save(tmp_path / "b.npy", random.normal(size=(400, 32)).astype("f4"))
    attached = server.result("pool/attachRepresentation", {"session": "s", "encoder": "a", "npyPath": str(path)})
    assert attached["sampleCount"] == 400
    return server, path


def similarities(server, folder):
    path = str(folder / "b.npy")
    server.result("pool/attachRepresentation", {"session": "s", "encoder": "b", "npyPath": path})
    return server.result("pool/clusters", {"session": "s"})


def test_a_file_that_is_cut_short_after_it_was_attached(pool):
    server, path = pool
    os.truncate(path, 200)
    assert similarities(server, path.parent)["encoders"]


def test_a_file_that_is_overwritten_after_it_was_attached(pool):
    server, path = pool
    before = similarities(server, path.parent)
    with open(path, "r+b") as file:
        file.seek(128)
        file.write(np.random.default_rng(2).normal(size=(400, 64)).astype("f4").tobytes())
    assert similarities(server, path.parent)["encoders"] == before["encoders"]


@pytest.mark.parametrize("samples, features", [(6, 1 << 32), (1 << 40, 1)])
def test_a_matrix_beyond_all_memory(pool, binary, samples, features):
    server, path = pool
    huge = path.parent / "huge.npy"
    sparse_npy(huge, samples, features)
    error = server.error("pool/attachRepresentation", {"session": "s", "encoder": "b", "npyPath": str(huge)})
    assert error["data"]["kind"] == "invalidRepresentation" and "bytes" in error["data"]["expected"]
    done = subprocess.run([binary, "similarity", huge, huge], capture_output=True, text=True, timeout=60)
    assert done.returncode == 65 and "bytes" in done.stderr, done


def test_a_relative_path_is_looked_for_below_each_root(spawn, tmp_path):
    for name, time in (("one", 0.1), ("two", 0.2)):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.csv").write_text(CSV.format(time=time))
        (tmp_path / name / "both.csv").write_text(CSV.format(time=time))
    server = spawn(roots=[str(tmp_path / "one"), (tmp_path / "two").as_uri()])
    server.result("session/open", {"session": "s"})
    for index, (path, time) in enumerate(
        [("two.csv", 0.2), ("both.csv", 0.1), ((tmp_path / "two" / "both.csv").as_uri(), 0.2)]
    ):
        server.result("profile/submit", {"session": "s", "pipeline": f"p{index}", "csvPath": path})
        exported = server.result("session/export", {"session": "s"})["requests"]
        row = next(r for r in exported if r["params"].get("pipeline") == f"p{index}")["params"]["rows"][0]
        assert row["timeSeconds"] == time


@pytest.mark.parametrize("suffix", ["\0", "\0.csv", "%00"])
def test_a_path_does_not_end_at_a_nul(spawn, tmp_path, suffix):
    (tmp_path / "a.csv").write_text(CSV.format(time=0.1))
    server = spawn(roots=[str(tmp_path)])
    server.result("session/open", {"session": "s"})
    path = (tmp_path / "a.csv").as_uri() if suffix == "%00" else str(tmp_path / "a.csv")
    error = server.error("profile/submit", {"session": "s", "pipeline": "p", "csvPath": path + suffix})
    assert error["data"]["kind"] == "unreadableFile" and error["data"]["path"] == "csvPath"
