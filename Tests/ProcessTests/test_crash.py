"""A short campaign of kills at random instants (`make crashtest` is the long one), and single faults of storage."""

import json
import os
import resource
import subprocess
import time

import pytest
from crash.campaign import Campaign
from crash.points import POINTS, can_trace
from crash.server import Server


def test_killed_servers_lose_nothing_and_invent_nothing(binary):
    seed = int(os.environ.get("CRASH_SEED") or time.time_ns() % 2**32)
    campaign = Campaign(binary, seed)
    campaign.run(40)
    assert sum(campaign.kills.values()) >= 40 and not campaign.faults, f"CRASH_SEED={seed}: {campaign.summary()}"
    if can_trace:
        assert all(campaign.kills[point] for point in POINTS), f"CRASH_SEED={seed}: {campaign.summary()}"


@pytest.mark.parametrize("seed", ["12.4", "13.1"])
def test_conversations_that_once_went_on_differently_do_not(binary, seed):
    """A candidate went back to the only node, which had lost it."""
    campaign = Campaign(binary, 0)
    campaign.run_scenario(seed, is_shared=False)
    assert not campaign.faults, campaign.summary()


@pytest.fixture
def server(binary, tmp_path):
    server = Server(binary, "--state", str(tmp_path / "state"))
    server.result("initialize")
    yield server
    server.kill()
    server.wait()


def gpu(name):
    return {"session": "s", "gpus": [{"id": name}]}


def test_a_directory_that_cannot_be_used_is_refused(binary, tmp_path):
    (tmp_path / "file").write_text("")
    server = Server(binary, "--state", str(tmp_path / "file"))
    assert server.answer_to("initialize", {})["error"]["data"]["kind"] == "stateUnavailable"
    # Refused, not kept in memory; another directory will do.
    answer = server.result("initialize", {"stateDirectory": str(tmp_path / "other")})
    assert answer["capabilities"]["durability"] == "journal"
    server.kill()
    server.wait()


@pytest.mark.parametrize("place", ["initialize", "option", "environment"])
def test_the_directory_is_named_in_three_places(binary, tmp_path, place, monkeypatch):
    folders = {name: str(tmp_path / name) for name in ("initialize", "option", "environment")}
    monkeypatch.setenv("TRIMTAB_STATE", folders["environment"])
    options = [] if place == "environment" else ["--state", folders["option"]]
    server = Server(binary, *options)
    server.result("initialize", {"stateDirectory": folders["initialize"]} if place == "initialize" else {})
    assert server.result("session/open", {"session": "s"})["durability"] == "journal"
    server.kill()
    server.wait()
    assert [name for name, path in folders.items() if os.path.exists(path)] == [place]


def test_a_removed_journal_acknowledges_nothing(server, tmp_path):
    server.result("session/open", {"session": "s"})
    server.result("gpu/register", gpu("a"))
    (tmp_path / "state" / "sessions" / "s.journal").unlink()
    assert server.answer_to("gpu/register", gpu("b"))["error"]["data"]["kind"] == "storageFailed"
    assert server.answer_to("gpu/list", {"session": "s"})["error"]["data"]["kind"] == "storageFailed"


def test_a_full_disk_refuses_and_keeps_what_was_acknowledged(binary, tmp_path):
    # The largest file that the process may write stands for the disk's end.
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))

    state = str(tmp_path / "state")
    process = subprocess.Popen([binary, "serve", "--state", state], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               preexec_fn=limit)
    assert process.stdin is not None and process.stdout is not None
    requests = [{"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {}},
                {"jsonrpc": "2.0", "id": 1, "method": "session/open", "params": {"session": "s"}}]
    requests += [{"jsonrpc": "2.0", "id": number, "method": "gpu/register", "params": gpu(f"{number:0200}")}
                 for number in range(2, 2000)]
    process.stdin.write("".join(json.dumps(request) + "\n" for request in requests).encode())
    process.stdin.close()
    messages = [json.loads(line) for line in process.stdout]
    process.wait()
    answers = {answer["id"]: answer for answer in messages if "id" in answer and "method" not in answer}
    assert len(answers) == 2000
    accepted = [number for number in range(2, 2000) if "result" in answers[number]]
    refused = [answers[number]["error"]["data"]["kind"] for number in range(2, 2000) if "error" in answers[number]]
    assert accepted and refused and set(refused) == {"storageFailed"}

    server = Server(binary, "--state", state)
    server.result("initialize")
    assert server.result("session/open", {"session": "s"})["revision"] == len(accepted)
    server.kill()
    server.wait()


def journal(binary, *arguments):
    return subprocess.run([binary, "journal", *map(str, arguments)], capture_output=True, text=True, timeout=60)


def test_a_damaged_journal_is_found_kept_and_repaired(binary, tmp_path):
    state = tmp_path / "state"
    server = Server(binary, "--state", str(state))
    server.result("initialize")
    server.result("session/open", {"session": "s"})
    for name in "abcd":
        server.result("gpu/register", gpu(name))
    # Beside the owner, too.
    assert journal(binary, "check", state).stdout == "s: 5 records, revision 4\n"
    assert journal(binary, "repair", state).returncode == 66
    server.kill()
    server.wait()

    records = journal(binary, "dump", state).stdout.splitlines()
    assert [json.loads(record.removeprefix("--> "))["method"] for record in records] == \
        ["session/open"] + 4 * ["gpu/register"]
    path = state / "sessions" / "s.journal"
    whole = path.read_bytes()
    place = whole.index(b'"id":"c"')
    damaged = whole[:place] + b"X" + whole[place + 1:]
    path.write_bytes(damaged)
    found = journal(binary, "check", state)
    assert found.returncode == 65 and "record 4" in found.stderr and path.read_bytes() == damaged
    server = Server(binary, "--state", str(state))
    server.result("initialize")
    refusal = server.answer_to("session/open", {"session": "s"})["error"]["data"]
    assert refusal["kind"] == "journalUnusable" and refusal["record"] == 4
    server.kill()
    server.wait()
    assert path.read_bytes() == damaged

    repaired = journal(binary, "repair", state)
    assert repaired.returncode == 0 and "3 records kept" in repaired.stdout
    assert [file.read_bytes() for file in (state / "damaged").iterdir()] == [damaged]
    server = Server(binary, "--state", str(state))
    server.result("initialize")
    assert server.result("session/open", {"session": "s"})["revision"] == 2
    assert [entry["id"] for entry in server.result("gpu/list", {"session": "s"})["gpus"]] == ["a", "b"]
    server.kill()
    server.wait()


def test_a_compacted_journal_prints_the_same_requests(binary, server, tmp_path):
    state = tmp_path / "state"
    server.result("session/open", {"session": "s"})
    for number in range(200):
        server.result("gpu/register", gpu(f"g{number}"))
    gpus = server.result("gpu/list", {"session": "s"})
    # The owner alone may change anything.
    assert journal(binary, "compact", state).returncode == 66
    server.kill()
    server.wait()

    before, path = journal(binary, "dump", state).stdout, state / "sessions" / "s.journal"
    size = len(path.read_bytes().rstrip(b"\0"))
    assert journal(binary, "compact", state).returncode == 0
    assert len(path.read_bytes().rstrip(b"\0")) < size / 2 and journal(binary, "dump", state).stdout == before
    server = Server(binary, "--state", str(state))
    server.result("initialize")
    assert server.result("session/open", {"session": "s"})["revision"] == 200
    assert server.result("gpu/list", {"session": "s"}) == gpus
    server.kill()
    server.wait()


@pytest.mark.parametrize("arguments", [[], ["check"], ["look", "."], ["check", "a", "b"]])
def test_a_wrong_command_line_is_a_usage_error(binary, arguments):
    assert journal(binary, *arguments).returncode == 64


def test_what_is_no_state_directory_is_said(binary, tmp_path):
    assert journal(binary, "check", tmp_path / "none").returncode == 66


def test_a_journal_that_lost_its_header_is_named_and_left(binary, tmp_path):
    state = tmp_path / "state"
    server = Server(binary, "--state", str(state))
    server.result("initialize")
    name = server.result("session/open")["session"]
    server.result("gpu/register", {"session": name, "gpus": [{"id": "a"}]})
    server.kill()
    server.wait()
    path = state / "sessions" / f"{name}.journal"
    damaged = b"X" + path.read_bytes()[1:]
    path.write_bytes(damaged)

    found = journal(binary, "check", state)
    assert found.returncode == 65 and str(path.relative_to(state)) in found.stderr
    server = Server(binary, "--state", str(state))
    server.result("initialize")
    assert server.answer_to("session/open", {"session": name})["error"]["data"]["kind"] == "journalUnusable"
    # Its name was given out, and is not given to another session.
    assert server.result("session/open")["session"] != name
    server.kill()
    server.wait()
    assert path.read_bytes() == damaged


def test_a_session_that_could_not_be_kept_can_be_opened_once_it_can(server, tmp_path):
    folder = tmp_path / "state" / "sessions"
    folder.rmdir()
    assert server.answer_to("session/open", {"session": "s"})["error"]["data"]["kind"] == "storageFailed"
    assert server.result("session/list")["stored"] == []
    folder.mkdir(0o700)
    assert server.result("session/open", {"session": "s"})["resumed"] is False
    assert server.result("gpu/register", gpu("a"))["revision"] == 1


def test_a_name_cannot_write_lines_of_a_report(binary, server, tmp_path):
    server.result("session/open", {"session": "a\nb: 7 records\u001b[2K"})
    server.result("session/open", {"session": "é/plain"})
    assert journal(binary, "check", tmp_path / "state").stdout == \
        '"a\\nb: 7 records\\u001B[2K": 1 records, revision 0\né/plain: 1 records, revision 0\n'


def test_what_is_no_file_does_not_hold_up_the_rest(binary, server, tmp_path):
    server.result("session/open", {"session": "s"})
    os.mkfifo(tmp_path / "state" / "sessions" / "pipe.journal")
    found = journal(binary, "check", tmp_path / "state")
    assert found.returncode == 65 and "pipe.journal" in found.stderr and found.stdout == "s: 1 records, revision 0\n"


def test_a_path_with_a_zero_byte_is_refused(binary, tmp_path):
    server = Server(binary)
    refusal = server.answer_to("initialize", {"stateDirectory": f"{tmp_path}/state\0else"})["error"]
    assert refusal["data"]["kind"] == "stateUnavailable" and list(tmp_path.iterdir()) == []
    server.kill()
    server.wait()


def test_a_number_of_a_file_that_was_never_given_is_passed_over(binary, tmp_path):
    (tmp_path / "closed").mkdir(0o700)
    (tmp_path / "closed" / "s.9223372036854775807.journal").touch()
    server = Server(binary, "--state", str(tmp_path))
    server.result("initialize")
    server.result("session/open", {"session": "s"})
    assert server.result("session/close", {"session": "s"})["closed"]
    assert server.result("session/open", {"session": "s"})["resumed"] is False
    server.kill()
    server.wait()


def test_a_request_that_ends_the_process_makes_the_session_readable_and_no_crash_loop(binary, tmp_path):
    state = str(tmp_path / "state")
    server = Server(binary, "--state", state)
    server.result("initialize")
    server.result("session/open", {"session": "s"})
    server.result("pipeline/define", {"session": "s", "pipeline": "p", "schedule": "1f1b", "stages": 8,
                                      "microbatches": 16, "blockingPowerWatts": 50})
    server.result("profile/submit", {"session": "s", "pipeline": "p", "rows": [
        {"stage": stage, "instruction": kind, "frequency": clock, "timeSeconds": 90 / clock + 0.01 * stage,
         "energyJoules": 20 + clock / 100 * (1 + stage / 7)}
        for stage in range(8) for kind in ("forward", "backward") for clock in range(900, 1500, 30)]})
    server.result("gpu/register", gpu("before"))
    server.result("frontier/characterize", {"session": "s", "pipeline": "p", "roundCount": 1})
    server.result("gpu/register", gpu("after"))
    server.kill()
    server.wait()
    whole = (tmp_path / "state" / "sessions" / "s.journal").read_bytes()

    # A machine that gives the process a second of computing stands for one on which the request brings it down.
    def limited():
        return Server("/bin/sh", "-c", f'ulimit -t 1; exec "{binary}" serve --state "{state}"', command=True)

    deaths = 0
    while True:
        server = limited()
        server.result("initialize")
        server.send("session/open", {"session": "s"})
        answer = server.receive()
        if answer is not None:
            break
        server.wait()
        deaths += 1
        assert deaths <= 5
    assert deaths == 5
    assert answer["result"]["revision"] == 3 and "request 5" in answer["result"]["readOnly"]
    assert [entry["id"] for entry in server.result("gpu/list", {"session": "s"})["gpus"]] == ["before"]
    assert server.answer_to("gpu/register", gpu("new"))["error"]["data"]["kind"] == "journalUnusable"
    server.kill()
    server.wait()
    assert (tmp_path / "state" / "sessions" / "s.journal").read_bytes() == whole

    repaired = journal(binary, "repair", state)
    assert repaired.returncode == 0 and "request 5 (frontier/characterize) left out" in repaired.stdout
    server = limited()
    server.result("initialize")
    opened = server.result("session/open", {"session": "s"})
    assert opened["revision"] == 5 and "readOnly" not in opened
    assert [entry["id"] for entry in server.result("gpu/list", {"session": "s"})["gpus"]] == ["before", "after"]
    server.result("gpu/register", gpu("new"))
    server.kill()
    server.wait()
