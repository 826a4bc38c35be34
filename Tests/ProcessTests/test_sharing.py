"""Several processes with one state directory: one owns it, the others join, and any of them may end."""

import fcntl
import json
import os
import random
import shutil
import signal
import socket
import stat

import pytest
from conftest import FIXTURES, MODELLED, Server, check_error, define, prepare, prepare_long_work


@pytest.fixture
def share(binary, tmp_path):
    """Starts processes with the same state directory, the first of which owns it."""
    servers = []

    def start(framing="headers", state=None, cwd=None, **params):
        server = Server([binary, "serve", "--state", str(state or tmp_path / "state")], framing=framing, cwd=cwd)
        servers.append(server)
        assert server.initialize(**params)["capabilities"]["durability"] == "journal"
        return server

    yield start
    for server in servers:
        server.close()


def gpu(name, session="s"):
    return {"session": session, "gpus": [{"id": name}]}


def gpus(server, session="s"):
    return [entry["id"] for entry in server.result("gpu/list", {"session": session})["gpus"]]


def test_a_joined_process_shares_live_sessions(share):
    owner, joined, other = share(), share(framing="lines"), share()
    assert owner.result("session/open", {"session": "s"})["resumed"] is False
    owner.result("gpu/register", gpu("a"))
    check_error(joined.error("gpu/list", {"session": "s"}), kind="unknownSession")
    opened = joined.result("session/open", {"session": "s"})
    assert (opened["resumed"], opened["revision"], opened["durability"]) == (True, 1, "journal")
    joined.result("gpu/register", gpu("b"))
    assert gpus(owner) == gpus(joined) == ["a", "b"]
    assert [s["session"] for s in other.result("session/list", {})["sessions"]] == ["s"]


def test_pushes_reach_those_that_opened_the_session(share):
    owner, joined, other = share(roots=[str(FIXTURES)]), share(), share()
    place = prepare(owner, characterize=False)
    joined.result("session/open", {"session": "s"})
    joined.result("frontier/characterize", place)
    # Before whatever they ask next.
    met = []
    owner.send(owner.request("session/list", {}, id="last"))
    owner.answer("last", met=met)
    assert "frontier/changed" in [message["method"] for message in met]
    met = []
    other.send(other.request("session/list", {}, id="last"))
    other.answer("last", met=met)
    assert met == []


def test_each_client_has_its_own_lifecycle_and_ids(share):
    owner, joined = share(), share(unknownFields="refuse")
    for server in (owner, joined):
        server.send(server.request("session/open", {"session": "s"}, id="same"))
    assert all("result" in server.answer("same") for server in (owner, joined))
    assert "warnings" in owner.result("session/list", {"x": 1})
    check_error(joined.error("session/list", {"x": 1}), code=-32602)
    check_error(joined.error("initialize", {}), code=-32600)
    joined.result("shutdown", {})
    check_error(joined.error("session/list", {}), kind="shutDown")
    joined.send(joined.message("exit"))
    assert joined.exit_code()[0] == 0
    owner.result("gpu/register", gpu("a"))


def test_a_joined_process_ends_with_its_input(share):
    owner, joined, abrupt = share(), share(), share()
    request = joined.request("session/open", {"session": "s"})
    joined.send(request, joined.message("exit"))
    assert joined.exit_code()[0] == 1
    abrupt.send(abrupt.request("session/list", {}, id=1))
    code, left = abrupt.finish()
    assert code == 0 and [message["id"] for message in left] == [1]
    assert owner.result("session/list", {}) is not None


def test_batches_and_cancellation_pass(share):
    share()
    joined = share(roots=[str(FIXTURES)])
    place = prepare_long_work(joined)
    joined.send(joined.request("frontier/characterize", {**place, "workDoneToken": "t"}, id="long"))
    begun = joined.receive()
    assert begun["method"] == "$/progress" and begun["params"]["value"]["kind"] == "begin"
    joined.send([joined.request("session/list", {}, id=f"b{number}") for number in range(3)])
    assert [answer["id"] for answer in joined.receive()] == ["b0", "b1", "b2"]
    joined.send(joined.message("$/cancelRequest", {"id": "long"}))
    check_error(joined.answer("long")["error"], code=-32800)


@pytest.mark.parametrize("others", [0, 1], ids=["takes over itself", "joins another"])
def test_a_computation_goes_on_in_the_next_owner(share, others):
    owner, joined = share(roots=[str(FIXTURES)]), share()
    place = prepare(owner, "s", characterize=False, profile="h100", microbatches=24)
    joined.result("session/open", {"session": "s"})
    joined.send(joined.request("frontier/characterize", {**place, "workDoneToken": "t"}, id="long"))
    met = [joined.receive()]
    assert met[0]["params"]["value"]["kind"] == "begin"
    # The one that has joined for longer is stopped until another has the lock.
    following = [share() for _ in range(others)]
    if following:
        joined.process.send_signal(signal.SIGSTOP)
    owner.process.kill()
    owner.process.wait()
    for server in following:
        assert server.result("session/open", {"session": "s"})["resumed"] is True
    joined.process.send_signal(signal.SIGCONT)
    assert joined.answer("long", met=met)["result"]["planCount"] > 1
    told = [message["params"]["value"] for message in met if message["method"] == "$/progress"]
    assert [value["kind"] for value in told if value["kind"] != "report"] == ["begin", "end"] == \
        [told[0]["kind"], told[-1]["kind"]]
    percentages = [value["percentage"] for value in told[:-1]]
    assert percentages == sorted(set(percentages))
    assert joined.result("frontier/query", {**place, "objective": "fastest"})["generation"] == 1


def test_a_client_with_many_computations_holds_up_no_other(share):
    owner, joined = share(roots=[str(FIXTURES)]), share(roots=[str(FIXTURES)])
    place = prepare_long_work(owner, "many")
    # One takes seconds.
    asked = [owner.request("frontier/characterize", place, id=f"long{number}") for number in range(50)]
    owner.send(*asked)
    small = prepare(joined, "s", characterize=False)
    assert joined.result("frontier/characterize", {**small, "effort": "quick"})["planCount"] > 1
    owner.send(*(owner.message("$/cancelRequest", {"id": request["id"]}) for request in asked))
    ends = [owner.answer(request["id"]) for request in asked]
    assert sum("error" in end for end in ends) >= 45


def test_files_are_opened_by_the_joined_process(share, tmp_path):
    share()
    mine, path = tmp_path / "mine", MODELLED["a100"][0]
    mine.mkdir()
    shutil.copy(path, mine / "profile.csv")
    outside = tmp_path / "outside.csv"
    shutil.copy(path, outside)
    # Relative paths begin where the joined process does, and only its client's roots count.
    joined = share(roots=[str(mine)], cwd=str(mine))
    joined.result("session/open", {"session": "s"})
    (define_pipeline, submit) = define("s")
    joined.result(*define_pipeline)
    for reference in ("profile.csv", str(mine / "profile.csv"), (mine / "profile.csv").as_uri()):
        answer = joined.result("profile/submit", {**submit[1], "csvPath": reference})
        assert answer["file"] == str(mine / "profile.csv")
    check_error(joined.error("profile/submit", {**submit[1], "csvPath": str(outside)}), kind="fileOutsideRoots")
    check_error(joined.error("profile/submit", {**submit[1], "csvPath": "none.csv"}), kind="unreadableFile")
    joined.result("frontier/characterize", {"session": "s", "pipeline": "p"})


def test_a_path_longer_than_a_socket_address_will_do(share, tmp_path):
    state = tmp_path
    while len(str(state)) < 3900:
        state /= "d" * min(200, 3999 - len(str(state)))
    state.parent.mkdir(parents=True)
    owner, joined = share(state=state), share(state=state)
    owner.result("session/open", {"session": "s"})
    assert joined.result("session/open", {"session": "s"})["resumed"] is True
    run = state / "run"
    assert stat.S_IMODE(run.stat().st_mode) == 0o700
    assert stat.S_IMODE((run / "socket").stat().st_mode) == 0o600


def test_a_process_of_another_version_is_turned_away(share, tmp_path):
    owner = share()
    joined = socket.socket(socket.AF_UNIX)
    joined.connect(str(tmp_path / "state" / "run" / "socket"))
    for id, method, params in ((1, "$/join", {"version": "another"}), (2, "initialize", {})):
        body = json.dumps({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
        joined.sendall(f"Content-Length: {len(body)}\r\n\r\n{body}".encode())
    joined.shutdown(socket.SHUT_WR)
    answers = b"".join(iter(lambda: joined.recv(1 << 16), b""))
    joined.close()
    assert answers.count(b'"stateUnavailable"') == 1 and answers.count(b'"error"') == 2
    assert owner.result("session/list", {})["sessions"] == []


class ScriptedOwner:
    """Has the lock of a state directory, listens as its owner does, and says what the test wants."""

    def __init__(self, state):
        (state / "run").mkdir(mode=0o700, parents=True)
        state.chmod(0o700)
        self.lock = open(state / "lock", "w")
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(state / "run" / "socket"))
        os.chmod(state / "run" / "socket", 0o600)
        self.listener.listen()

    def accept(self):
        self.joined, _ = self.listener.accept()
        self.stream = self.joined.makefile("rb")

    def receive(self):
        length = int(self.stream.readline().split()[1])
        self.stream.readline()
        return json.loads(self.stream.read(length))

    def send(self, *messages):
        """In one write, so that they arrive together."""
        bodies = [json.dumps({"jsonrpc": "2.0", **message}, separators=(",", ":")) for message in messages]
        self.joined.sendall("".join(f"Content-Length: {len(body)}\r\n\r\n{body}" for body in bodies).encode())

    def close(self):
        for one in (self.stream, self.joined, self.listener):
            one.close()


@pytest.fixture
def scripted(binary, tmp_path):
    """A scripted owner, and a process that joins it."""
    owner = ScriptedOwner(tmp_path / "state")
    server = Server([binary, "serve", "--state", str(tmp_path / "state")])
    yield owner, server
    server.close()
    owner.lock.close()


def test_an_owner_of_another_version_turns_away(scripted):
    """It refuses the first two requests at once, and the process goes on without it."""
    owner, joined = scripted
    joined.send(joined.request("initialize", {}, id=1))
    owner.accept()
    error = {"code": 3021, "message": "another version", "data": {"kind": "stateUnavailable"}}
    owner.send(*({"id": owner.receive()["id"], "error": error} for _ in range(2)))
    check_error(joined.answer(1)["error"], kind="stateUnavailable")
    check_error(joined.error("session/list", {}), kind="notInitialized")
    owner.close()


def test_reports_are_refused_as_others_where_no_owner_comes(scripted):
    owner, joined = scripted
    joined.send(joined.request("initialize", {}, id=1))
    owner.accept()
    for result in ({"owner": "o"}, {}):
        owner.send({"id": owner.receive()["id"], "result": result})
    assert "result" in joined.answer(1)
    owner.close()
    joined.send(joined.message("trial/update", {"session": "s", "trial": 4, "step": 7, "score": 1.0}))
    joined.send(joined.request("session/list", {}, id=2))
    met = []
    check_error(joined.answer(2, met=met)["error"], kind="stateUnavailable")
    while not met:
        met.append(joined.receive())
    decided, = met
    assert decided["method"] == "trial/decided"
    assert [decided["params"][name] for name in ("session", "trial", "step")] == ["s", 4, 7]
    check_error(decided["params"]["error"], kind="stateUnavailable")


def test_a_notification_is_decided_for_its_client(share):
    owner, joined = share(), share()
    for server in (owner, joined):
        server.result("session/open", {"session": "s"})
    update = {"session": "s", "trial": 1, "step": 1, "sampleCount": 1, "score": 1.0}
    joined.send(joined.message("trial/update", update))
    assert joined.receive()["method"] == "trial/decided"
    met = []
    owner.send(owner.request("session/list", {}, id="last"))
    owner.answer("last", met=met)
    assert met == []


@pytest.mark.parametrize("is_killed", [True, False])
def test_another_takes_over_when_the_owner_ends(share, is_killed):
    owner, first, second = share(), share(), share(roots=[str(FIXTURES)])
    for server in (owner, first, second):
        server.result("session/open", {"session": "s"})
    prepare(second, "t")
    for number, server in enumerate((owner, first, second)):
        server.result("gpu/register", gpu(f"g{number}"))
    if is_killed:
        owner.process.kill()
    else:
        owner.result("shutdown", {})
        owner.send(owner.message("exit"))
    owner.process.wait()
    for server in (first, second):
        assert gpus(server) == ["g0", "g1", "g2"]
    # Sessions, roots and the rest of each client's state go on.
    check_error(first.error("frontier/query", {"session": "t", "pipeline": "p"}), kind="unknownSession")
    assert second.result("frontier/curve", {"session": "t", "pipeline": "p"})["generation"] == 1
    second.result(*define("t")[1])
    first.result("gpu/register", gpu("g3"))
    assert gpus(second) == ["g0", "g1", "g2", "g3"]


def test_a_session_that_was_closed_is_not_opened_by_a_takeover(share):
    owner, joined = share(), share()
    for server in (owner, joined):
        server.result("session/open", {"session": "s"})
    check_error(joined.error("session/close", {"session": "s"}), kind="sessionShared")
    joined.result("session/close", {"session": "s", "force": True})
    owner.process.kill()
    owner.process.wait()
    check_error(joined.error("gpu/list", {"session": "s"}), kind="unknownSession")
    assert joined.result("session/list", {}) == {"sessions": [], "stored": []}


def test_what_has_the_lock_and_does_not_listen_is_named(binary, tmp_path):
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    with open(state / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        server = Server([binary, "serve", "--state", str(state)])
        check_error(server.error("initialize", {}), kind="stateUnavailable")
        server.close()


POOL = {"session": "s", "encoders": [{"id": "e"}, {"id": "f"}], "languageModels": [{"id": "l"}, {"id": "m"}],
        "search": {"strategy": "grid"},
        "task": {"name": "t", "metric": {"name": "loss", "direction": "minimize"}, "alignmentSampleCount": 10**6}}


@pytest.mark.parametrize("waits_for", [0, 1, 40])
def test_reports_under_way_are_decided_once_by_the_next_owner(share, waits_for):
    """Requests and notifications, of which the owner has answered none, some, or most when it is killed."""
    owner, joined = share(), share()
    for server in (owner, joined):
        server.result("session/open", {"session": "s"})
    joined.result("pool/submit", POOL)
    trial = joined.result("trial/next", {"session": "s", "worker": "w"})["trial"]
    requests, steps = [], range(1, 81)
    for step in steps:
        report = {"session": "s", "trial": trial, "step": step, "dataFraction": step / 1000, "score": 2.0 - step / 1000}
        number = None if step % 2 else f"u{step}"
        requests.append(joined.request("trial/update", report, id=number) if number
                        else joined.message("trial/update", report))
    requests.append(joined.request("trial/next", {"session": "s", "worker": "v"}, id="next"))
    joined.send(*requests)
    decided, answered = [], {}

    def take():
        message = joined.receive()
        if "id" in message:
            answered[message["id"]] = message
        elif message["method"] == "trial/decided":
            assert "error" not in message["params"], message
            decided.append(message["params"]["step"])

    for _ in range(waits_for):
        take()
    owner.process.kill()
    while len(decided) + len(answered) < len(requests):
        take()
    assert decided == [step for step in steps if step % 2]
    assert all("result" in answer for answer in answered.values())
    # Every report counts, and counts once; one worker has one trial.
    trials = joined.result("trial/list", {"session": "s"})["trials"]
    assert [entry["trial"] for entry in trials] == [trial, answered["next"]["result"]["trial"]]
    joined.send(joined.request("session/list", {}, id="last"))
    assert joined.answer("last", met=decided)["result"]["sessions"][0]["revision"] == 1 + 1 + len(steps) + 1
    assert len(decided) == len(steps) / 2


@pytest.mark.parametrize("waits_for", [0, 1, 20])
def test_no_trial_is_given_out_twice(share, waits_for):
    """Workers without names look the same, so a request that was carried out must not be carried out again."""
    owner, joined = share(), share()
    for server in (owner, joined):
        server.result("session/open", {"session": "s"})
    joined.result("pool/submit", {**POOL, "encoders": [{"id": f"e{number}"} for number in range(30)]})
    joined.send(*(joined.request("trial/next", {"session": "s"}, id=number) for number in range(40)),
                joined.request("session/open", {"session": "new", "seed": 1}, id="open"))
    answers = {}
    while len(answers) < 41:
        if len(answers) == waits_for:
            owner.process.kill()
        answer = joined.response()
        answers[answer["id"]] = answer["result"]
    assert answers.pop("open")["resumed"] is False
    assert sorted(answer["trial"] for answer in answers.values()) == list(range(1, 41))
    assert len(joined.result("trial/list", {"session": "s"})["trials"]) == 40


def left_behind(server):
    """What a killed process had sent; a message that it was killed in the middle of counts for nothing."""
    while data := os.read(server.stdout.fileno(), 1 << 20):
        server._buffer += data
    while (message := server._take()) is not None:
        yield message


def test_owners_are_killed_at_random_and_nothing_acknowledged_is_lost(share, tmp_path):
    """TRIMTAB_TAKEOVERS=200 is the long campaign (`make takeovertest`)."""
    seed = int(os.environ.get("CRASH_SEED") or random.randrange(2**32))
    chance = random.Random(seed)
    acknowledged, unknown = set(), set()
    servers = [share() for _ in range(3)]
    for server in servers:
        server.result("session/open", {"session": "s"})
    for round in range(int(os.environ.get("TRIMTAB_TAKEOVERS", "8"))):
        asked = {}
        for index, server in enumerate(servers):
            count = chance.randrange(1, 30)
            names = [f"{round}-{index}-{number}" for number in range(count)]
            asked[index] = names
            server.send(*(server.request("gpu/register", gpu(name), id=name) for name in names))
        # Some answers are waited for, so that the kill meets requests at every stage.
        owner = servers[0]
        for name in asked[0][: chance.randrange(len(asked[0]) + 1)]:
            assert "result" in owner.answer(name)
            acknowledged.add(name)
        owner.process.kill()
        acknowledged |= {message["id"] for message in left_behind(owner) if "result" in message}
        owner.close()
        unknown |= set(asked[0]) - acknowledged
        for index in (1, 2):
            for name in asked[index]:
                answer = servers[index].answer(name)
                # Carried out once, by whichever owner.
                assert "result" in answer, f"CRASH_SEED={seed}: {answer}"
                acknowledged.add(name)
        found = {index: set(gpus(servers[index])) for index in (1, 2)}
        assert found[1] == found[2], f"CRASH_SEED={seed}"
        assert acknowledged <= found[1] <= acknowledged | unknown, f"CRASH_SEED={seed}"
        # Each registers a GPU of its own, so that one carried out twice would count twice.
        revision = servers[1].result("session/list", {})["sessions"][0]["revision"]
        assert revision == len(found[1]), f"CRASH_SEED={seed}"
        # Whichever of the two owns the directory now comes first.
        lock = int((tmp_path / "state" / "lock").read_text())
        servers = sorted(servers[1:], key=lambda server: server.process.pid != lock) + [share()]
        assert servers[0].process.pid == lock
        assert servers[2].result("session/open", {"session": "s"})["resumed"] is True
