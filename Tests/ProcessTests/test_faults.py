"""Faults of the machine around a server that keeps its sessions: nothing acknowledged is lost, and it starts again."""

import ctypes
import json
import os
import resource
import subprocess
import sys

import pytest
from crash.server import Server

TMPFS_BYTES = 1 << 20


def gpu(name):
    return {"session": "s", "gpus": [{"id": name}]}


def begin(server):
    server.result("initialize")
    return server.result("session/open", {"session": "s"})


def stop(server):
    server.kill()
    server.wait()


def names(server):
    return [entry["id"] for entry in server.result("gpu/list", {"session": "s"})["gpus"]]


def recovered(binary, state):
    """What the next process finds."""
    server = Server(binary, "--state", str(state))
    begin(server)
    found = names(server)
    stop(server)
    return found


def limited(binary, state, limit, value):
    """A server under a limit of the system."""
    return Server("/bin/sh", "-c", f'ulimit {limit} {value}; exec "{binary}" serve --state "{state}"', command=True)


def test_without_descriptors_a_session_is_refused_and_the_others_go_on(binary, tmp_path):
    server = Server(binary, "--state", str(tmp_path / "state"))
    begin(server)
    server.result("gpu/register", gpu("before"))
    # From now on it may open nothing.
    opened = len(os.listdir(f"/proc/{server.process.pid}/fd")) if sys.platform == "linux" else 32
    if not hasattr(resource, "prlimit"):
        pytest.skip("this system limits no other process")
    resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (opened, 4096))
    # What a commit needs is open already, but for the look whether the file still has its name, which needs none.
    assert server.result("gpu/register", gpu("meanwhile"))["gpuCount"] == 2
    for _ in range(3):
        refused = server.answer_to("session/open", {"session": "new"})
        assert refused["error"]["data"]["kind"] == "storageFailed"
    assert names(server) == ["before", "meanwhile"]
    resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (4096, 4096))
    assert server.result("session/open", {"session": "new"})["resumed"] is False
    stop(server)
    assert recovered(binary, tmp_path / "state") == ["before", "meanwhile"]


def memory_kilobytes(binary):
    """The addresses that a server uses at its beginning."""
    server = Server(binary)
    server.result("initialize")
    status = dict(line.split(":\t", 1) for line in open(f"/proc/{server.process.pid}/status") if ":\t" in line)
    stop(server)
    return int(status["VmSize"].split()[0])


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_with_too_little_memory_it_ends_and_loses_nothing(binary, tmp_path):
    state = tmp_path / "state"
    server = limited(binary, state, "-v", memory_kilobytes(binary) + 100_000)
    begin(server)
    acknowledged = 0
    while server.send("gpu/register", {"session": "s", "gpus": [
            {"id": f"{acknowledged}-{place}", "model": "m" * 250} for place in range(1000)]}) is not None:
        answer = server.receive()
        if answer is None:
            break
        assert "result" in answer, answer
        acknowledged += 1
        assert acknowledged < 2000, "the limit was never reached"
    stop(server)
    after = Server(binary, "--state", str(state))
    assert begin(after)["revision"] in (acknowledged, acknowledged + 1)
    stop(after)


@pytest.mark.parametrize("replaced", [False, True], ids=["removed", "replaced"])
def test_a_directory_that_is_gone_acknowledges_nothing(binary, tmp_path, replaced):
    state = tmp_path / "state"
    server = Server(binary, "--state", str(state))
    begin(server)
    server.result("gpu/register", gpu("before"))
    (tmp_path / "state").rename(tmp_path / "elsewhere")
    if replaced:
        other = Server(binary, "--state", str(state))
        begin(other)
        other.result("gpu/register", gpu("other"))
        stop(other)
    assert server.answer_to("gpu/register", gpu("after"))["error"]["data"]["kind"] == "storageFailed"
    stop(server)
    if replaced:
        assert recovered(binary, state) == ["other"]
    assert recovered(binary, tmp_path / "elsewhere")[:1] == ["before"]


def test_input_that_ends_in_the_middle_of_a_frame(binary, tmp_path):
    state = tmp_path / "state"
    requests = [("initialize", {}), ("session/open", {"session": "s"})] + [
        ("gpu/register", gpu(f"g{number}")) for number in range(50)]
    text = b""
    for number, (method, params) in enumerate(requests):
        body = json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}).encode()
        text += b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
    process = subprocess.run([binary, "serve", "--state", str(state)], input=text[:-7], capture_output=True, timeout=60)
    # A stream that is cut is no orderly end.
    assert process.returncode == 1
    # Every whole request is answered, and kept; the cut one is neither.
    assert process.stdout.count(b'"result"') == len(requests) - 1
    assert recovered(binary, state) == [f"g{number}" for number in range(49)]


def test_clocks_that_jump_decide_nothing(binary, tmp_path):
    """Session time is what clients say; one that jumps back or far ahead neither ends trials twice nor is refused."""
    state = tmp_path / "state"
    server = Server(binary, "--state", str(state))
    begin(server)
    server.result("pool/submit", {
        "session": "s", "encoders": [{"id": "a"}, {"id": "b"}], "languageModels": [{"id": "l"}],
        "search": {"strategy": "grid", "leaseSeconds": 10},
        "task": {"name": "t", "metric": {"name": "loss", "direction": "minimize"}, "alignmentSampleCount": 1000}})
    for elapsed, expected in [(1e9, 1), (0, 2), (1e29, 3), (5, 3)]:
        answer = server.result("trial/next", {"session": "s", "worker": f"w{expected}", "elapsedSeconds": elapsed})
        assert answer.get("trial") == expected
    trials = server.result("trial/list", {"session": "s"})
    os.utime(state / "sessions" / "s.journal", (0, 0))
    stop(server)
    server = Server(binary, "--state", str(state))
    begin(server)
    assert server.result("trial/list", {"session": "s"}) == trials
    stop(server)


@pytest.fixture
def small_disk(tmp_path):
    """A file system of a megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    libc = ctypes.CDLL(None, use_errno=True)
    if sys.platform != "linux" or libc.mount(b"none", os.fsencode(folder), b"tmpfs", 0, b"size=%d" % TMPFS_BYTES):
        pytest.skip("mounting a file system needs Linux and its administrator")
    yield folder
    libc.umount2(os.fsencode(folder), 2)


def test_a_disk_that_is_full_refuses_and_goes_on_once_it_has_room(binary, small_disk):
    filler, state = small_disk / "filler", small_disk / "state"
    server = Server(binary, "--state", str(state))
    begin(server)
    server.result("gpu/register", gpu("before"))
    with open(filler, "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass
    acknowledged = []
    for number in range(3000):
        answer = server.answer_to("gpu/register", gpu(f"{number:0200}"))
        if "error" in answer:
            assert answer["error"]["data"]["kind"] == "storageFailed"
            break
        acknowledged.append(f"{number:0200}")
    else:
        pytest.fail("the disk was never full")
    assert server.answer_to("gpu/list", {"session": "s"})["error"]["data"]["kind"] == "storageFailed"
    filler.unlink()
    # The same process goes on from what was acknowledged.
    assert server.result("session/open", {"session": "s"})["revision"] == 1 + len(acknowledged)
    server.result("gpu/register", gpu("after"))
    assert names(server) == ["before", *acknowledged, "after"]
    stop(server)
