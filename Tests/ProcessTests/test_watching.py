"""Readers of a state directory: which pushes they get, also across the ends of owners, and processes that only read."""

import hashlib
import os
import random

import pytest
from conftest import FIXTURES, Server, check_error, prepare
from test_sharing import POOL, gpu, gpus, share  # noqa: F401 (share is a fixture)

WORKER_REPORTS = 3


@pytest.fixture
def read(binary, tmp_path):
    """Starts processes that only read the state directory."""
    servers = []

    def start(**params):
        server = Server([binary, "serve", "--read-only", "--state", str(tmp_path / "state")])
        servers.append(server)
        assert server.initialize(**params)["capabilities"]["readOnly"] is True
        return server

    yield start
    for server in servers:
        server.close()


def opened(server, session="s", **watch):
    server.result("session/open", {"session": session})
    if watch:
        server.result("session/watch", {"session": session, **watch})
    return server


def train(server, worker, loss):
    """One trial from its beginning to its end; false where there is none."""
    trial = server.result("trial/next", {"session": "s", "worker": worker}).get("trial")
    for step in range(1, WORKER_REPORTS + 1) if trial else ():
        server.result("trial/update", {"session": "s", "trial": trial, "step": step, "score": loss / step,
                                       "dataFraction": step / WORKER_REPORTS, "gpuSeconds": 10.0 * step})
    return trial is not None


def fence(server, met):
    """Everything that came before the answer to a request about the session."""
    server.send(server.request("gpu/list", {"session": "s"}, id="fence"))
    server.answer("fence", met=met)
    return met


def files(folder):
    """What is in a folder, by content and time of change."""
    return {path.relative_to(folder): (path.stat().st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest())
            for path in folder.rglob("*") if path.is_file()}


def test_a_notebook_sees_each_trial_of_a_launcher(share, read):  # noqa: F811
    launcher, notebook = opened(share()), opened(read(), pushes=["trials", "search"])
    launcher.result("pool/submit", POOL)
    while train(launcher, "w", 2.0):
        pass
    met = fence(notebook, [])
    assert [message["method"] for message in met] == ["trial/assigned", "trial/ended"] * 4 + ["search/finished"]
    assert [message["params"]["trial"] for message in met[:-1:2]] == [1, 2, 3, 4]
    assert met[1]["params"]["lastScore"] == 2.0 / WORKER_REPORTS


EVERYTHING = ["suggestion", "trials", "search", "cost"]


def history(server):
    """All pushes of the session's life."""
    server.result("session/open", {"session": "s"})
    server.send(server.request("session/watch", {"session": "s", "pushes": EVERYTHING, "fromRevision": 0}, id="all"))
    met = []
    server.answer("all", met=met)
    while len(fence(server, more := [])) > 0:
        met += more
    return [message["params"] for message in met]


def test_pushes_go_on_with_the_next_owner_without_a_gap_or_a_repetition(share, read, tmp_path):  # noqa: F811
    """Owners are killed at random while a joined client trains, and a reader gets every push once, in order."""
    seed = int(os.environ.get("CRASH_SEED") or random.randrange(2**32))
    chance = random.Random(seed)
    owner, worker, reader = share(), opened(share()), read()
    worker.result("pool/submit", {**POOL, "encoders": [{"id": f"e{number}"} for number in range(30)]})
    opened(reader, pushes=EVERYTHING)
    met = []
    for _ in range(int(os.environ.get("TRIMTAB_TAKEOVERS", "6"))):
        for _ in range(chance.randrange(4)):
            train(worker, "w", 1 + chance.random())
        # A request whose answer the kill may keep from its client, and whose pushes the owner may owe.
        request = worker.request("trial/next", {"session": "s", "worker": "w"})
        worker.send(request)
        if is_answered := chance.random() < 0.5:
            worker.answer(request["id"])
        owner.process.kill()
        owner.close()
        if not is_answered:
            assert "result" in worker.answer(request["id"])
        fence(worker, [])
        # The one that trained is the only one that may own the directory, and another trains from now on.
        owner, worker = worker, opened(share())
        assert int((tmp_path / "state" / "lock").read_text()) == owner.process.pid
        while [message["params"] for message in fence(reader, met)] != (expected := history(owner)):
            assert len(met) < len(expected), f"CRASH_SEED={seed}"
    assert {"trial/assigned", "trial/ended", "cost/changed"} <= {message["method"] for message in met}


def test_a_choice_of_pushes_that_is_cancelled_changes_nothing(share):  # noqa: F811
    first = opened(share())
    first.result("pool/submit", POOL)
    trial = first.result("trial/next", {"session": "s"})["trial"]
    # More than is kept in memory, so that the beginning is read from the journal.
    reports = range(1, 4200)
    first.send(*(first.request("trial/update", {
        "session": "s", "trial": trial, "step": step, "score": 1.0 + 1 / step, "dataFraction": step / 10_000,
        "gpuSeconds": 1.016**step}, id=step) for step in reports))
    for step in reports:
        first.answer(step)
    first.close()
    notebook, worker = opened(share(), pushes=["trials"]), opened(share())
    train(worker, "w", 1.0)
    before = fence(notebook, [])
    assert {message["method"] for message in before} == {"trial/assigned", "trial/ended"}
    # In one write, so that it is cancelled before the journal has been read.
    notebook.send(notebook.request("session/watch", {"session": "s", "pushes": ["cost"], "fromRevision": 0}, id=9),
                  notebook.message("$/cancelRequest", {"id": 9}))
    answer = notebook.answer(9)
    assert "error" in answer, answer
    check_error(answer["error"], kind="cancelled")
    train(worker, "w", 2.0)
    assert [message["method"] for message in fence(notebook, [])] == [message["method"] for message in before]


def test_a_reader_that_takes_over_itself_misses_nothing(share):  # noqa: F811
    owner, reader = opened(share()), share()
    owner.result("pool/submit", POOL)
    opened(reader, pushes=EVERYTHING)
    train(owner, "w", 2.0)
    owner.result("trial/next", {"session": "s", "worker": "w"})
    owner.process.kill()
    owner.process.wait()
    met = fence(reader, fence(reader, []))
    assert [message["method"] for message in met].count("trial/assigned") == 2
    assert [message["params"] for message in met] == history(share())


def test_a_reader_changes_nothing_with_an_owner(share, read):  # noqa: F811
    owner, reader = share(roots=[str(FIXTURES)]), read(roots=[str(FIXTURES)])
    place = prepare(owner)
    assert opened(reader).result("frontier/query", {**place, "objective": "fastest"})["generation"] == 1
    for method, params in [("gpu/register", gpu("a")), ("frontier/characterize", place), ("session/open", {}),
                           ("session/open", {"session": "new"}), ("session/close", {"session": "s"}),
                           ("session/close", {"session": "s", "force": True}),
                           ("trial/next", {"session": "s", "worker": "w"})]:
        check_error(reader.error(method, params), kind="readOnly")
    reader.send(reader.message("trial/update", {"session": "s", "trial": 1, "step": 1, "score": 1, "dataFraction": 1}))
    assert [message["params"]["error"]["data"]["kind"] for message in fence(reader, [])] == ["readOnly"]
    # It keeps no owner from closing a session.
    owner.result("session/close", {"session": "s"})
    assert owner.result("session/list", {})["sessions"] == []


def test_a_reader_takes_no_part_in_who_owns(share, read, tmp_path):  # noqa: F811
    owner, reader = opened(share()), opened(read())
    owner.result("gpu/register", gpu("a"))
    owner.process.kill()
    owner.process.wait()
    before = files(tmp_path / "state")
    assert gpus(reader) == ["a"]
    check_error(reader.error("gpu/register", gpu("b")), kind="readOnly")
    assert files(tmp_path / "state") == before
    # The next owner is joined without a word, and what it changes is pushed.
    reader.result("session/watch", {"session": "s", "pushes": ["trials"]})
    successor = opened(share())
    successor.result("pool/submit", POOL)
    train(successor, "w", 2.0)
    assert [reader.receive()["method"] for _ in range(2)] == ["trial/assigned", "trial/ended"]
    assert reader.result("session/list", {})["sessions"][0]["revision"] == 3 + WORKER_REPORTS


def test_a_reader_without_an_owner_serves_the_journals_as_they_are(share, read, tmp_path):  # noqa: F811
    owner = opened(share())
    owner.result("pool/submit", POOL)
    train(owner, "w", 2.0)
    owner.process.kill()
    owner.process.wait()
    journal = next((tmp_path / "state" / "sessions").glob("*.journal"))
    # A torn tail stays where it is.
    content = journal.read_bytes().rstrip(b"\0")
    journal.write_bytes(content + b"torn")
    (tmp_path / "state" / "lock").unlink()
    before = files(tmp_path / "state")
    reader = read()
    assert reader.result("session/list", {}) == {"sessions": [], "stored": ["s"]}
    answer = reader.result("session/open", {"session": "s"})
    assert (answer["resumed"], answer["durability"]) == (True, "journal") and "--read-only" in answer["readOnly"]
    reader.result("session/watch", {"session": "s", "pushes": ["trials"], "fromRevision": 0})
    assert [message["method"] for message in fence(reader, [])] == ["trial/assigned", "trial/ended"]
    check_error(reader.error("trial/next", {"session": "s", "worker": "w"}), kind="readOnly")
    # A name is not told from a change: neither one without a journal, nor one whose journal has no record yet.
    (journal.parent / "begun.journal").touch()
    for params, found in (({"session": "other"}, '"other", which has no journal with a record'),
                          ({"session": "begun"}, '"begun", which has no journal with a record'), ({}, "none")):
        error = reader.error("session/open", params)
        check_error(error, code=1012, kind="readOnly", path="session")
        assert error["data"]["found"] == found and "session/list" in error["data"]["fix"]
    (journal.parent / "begun.journal").unlink()
    assert reader.finish()[0] == 0
    assert files(tmp_path / "state") == before


def test_a_reader_needs_a_directory(binary, tmp_path):
    for options in ([], ["--state", str(tmp_path / "none")]):
        server = Server([binary, "serve", "--read-only", *options])
        error = server.error("initialize", {})
        check_error(error, kind="stateUnavailable")
        assert "write" not in error["data"]["expected"]
        server.close()
    assert not (tmp_path / "none").exists()
