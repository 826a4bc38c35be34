"""Start, handshake and every way of ending: exit codes, end of input, a dead parent, a client killed in mid-frame."""

import contextlib
import re
import select
import signal
import subprocess
import sys

import pytest
from conftest import WITHIN_A_SECOND, Server, check_error, prepare_long_work


def test_initialize_describes_the_server(spawn):
    server = spawn(initialize=False)
    result = server.initialize(clientInfo={"name": "process tests", "version": "1"})
    assert result["serverInfo"]["name"] == "trimtab"
    assert result["protocolVersion"] == "0.2"
    assert {"session/open", "frontier/characterize", "plan/get"} <= set(result["capabilities"]["methods"])


@pytest.mark.parametrize("params", [None, {}, "absent"], ids=["null", "empty", "absent"])
def test_shutdown_then_exit_ends_with_zero(spawn, params):
    server = spawn()
    extra = {} if params == "absent" else {"params": params}
    server.send({"jsonrpc": "2.0", "id": "end", "method": "shutdown", **extra})
    assert server.answer("end")["result"] is None
    server.send({"jsonrpc": "2.0", "method": "exit", **extra})
    assert server.exit_code() == (0, [])


def test_exit_without_shutdown_ends_with_one(spawn):
    server = spawn()
    server.send(server.message("exit"))
    assert server.exit_code() == (1, [])


@pytest.mark.parametrize("method", ["session/list", "shutdown", "no/such"])
def test_requests_before_initialize_are_refused(spawn, method):
    server = spawn(initialize=False)
    check_error(server.error(method, {}), code=-32002)
    server.initialize()  # the refusal did no harm
    assert server.result("session/list", {}) == {"sessions": []}


def test_exit_before_initialize_ends_with_one(spawn):
    server = spawn(initialize=False)
    server.send(server.message("exit"))
    assert server.exit_code()[0] == 1


def test_initialize_twice_is_refused(server):
    check_error(server.error("initialize", {"capabilities": {}}), code=-32600)


def test_requests_after_shutdown_are_refused(server):
    server.result("shutdown")
    check_error(server.error("session/open", {"session": "late"}), code=-32600)
    server.send(server.message("exit"))
    assert server.exit_code() == (0, [])


def test_end_of_input_ends_it_within_a_second(server):
    server.result("session/open", {})
    assert server.finish() == (0, [])


def test_end_of_input_ends_it_at_work_too(server):
    busy = prepare_long_work(server)
    request = server.request("frontier/characterize", busy)
    server.send(request)
    server.result("session/list", {})  # it has been accepted
    code, left = server.finish()
    assert code == 0
    assert [message["id"] for message in left if "method" not in message] in ([], [request["id"]])


def test_end_of_input_before_anything_was_said(spawn):
    server = spawn(initialize=False)
    code, left = server.finish()
    assert left == [] and code in (0, 1)


@pytest.mark.parametrize("cut", [
    b"Content-Le", b"Content-Length: 90\r\n\r\n", b'Content-Length: 90\r\n\r\n{"jsonrpc":',
], ids=["header", "blank", "body"])
def test_a_client_that_dies_in_mid_frame(server, cut):
    server.send_bytes(cut)
    code, left = server.finish()
    assert code in (0, 1)
    assert [message["id"] for message in left] in ([], [None])  # it may say that the input was cut


def test_the_death_of_its_parent_ends_it(binary):
    # The parent shares our pipes with the server, so that the server's input stays open when it is killed.
    relay = "import subprocess, sys; sys.exit(subprocess.call(sys.argv[1:]))"
    server = Server([sys.executable, "-c", relay, binary, "serve"])
    try:
        server.initialize(processId=server.process.pid)
        server.process.send_signal(signal.SIGKILL)
        server.process.wait(WITHIN_A_SECOND)
        assert server.receive(timeout=WITHIN_A_SECOND) is None, "the server outlived its parent"
    finally:
        server.close()


def test_a_reader_that_went_away_ends_it(server):
    server.process.stdout.close()
    with contextlib.suppress(BrokenPipeError):  # it may have noticed before
        server.send(server.request("session/list", {}))
        server.process.stdin.close()
    server.process.wait(WITHIN_A_SECOND)


def test_starting_it_twice_shares_nothing(spawn):
    first, second = spawn(), spawn()
    first.result("session/open", {"session": "only here"})
    assert second.result("session/list", {}) == {"sessions": []}


def test_version_says_what_initialize_says(binary, spawn):
    said = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True, timeout=10).stdout
    server = spawn(initialize=False)
    assert server.initialize()["serverInfo"]["version"] in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_a_signal_ends_it_in_order(server, number):
    request = server.request("frontier/characterize", prepare_long_work(server))
    server.send(request)
    server.result("session/list", {})  # the computation has been accepted
    server.process.send_signal(number)
    code, left = server.exit_code()
    assert code == 0
    answers = [message for message in left if "method" not in message]
    assert [answer["id"] for answer in answers] == [request["id"]]
    check_error(answers[0]["error"], code=-32800)
    assert "send it again" in answers[0]["error"]["message"]


def test_a_signal_ignored_at_start_stays_ignored(binary):
    # As `nohup` starts a program.
    server = Server([binary, "serve"], preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    try:
        server.initialize()
        server.process.send_signal(signal.SIGHUP)
        assert server.result("session/list", {}) == {"sessions": []}
        assert server.finish() == (0, [])
    finally:
        server.close()


def test_a_reader_that_pauses_at_the_end_gets_every_message_whole(server):
    server.result("session/open", {"session": "s"})
    unknown = server.request("session/list", {"x" * 100: 1})
    requests = [{**unknown, "id": index} for index in range(8000)]
    server.send(*requests)  # their answers are more than the system buffers
    server.stdin.close()
    select.select([], [], [], 0.5)  # the reader pauses
    code, left = server.exit_code(timeout=10)
    assert code == 0
    assert [message["id"] for message in left] == list(range(8000))


def test_the_end_of_input_ends_it_with_a_full_queue_of_work(server):
    busy = prepare_long_work(server)
    requests = [server.request("frontier/characterize", busy) for _ in range(250)]
    server.send(*requests)
    server.result("session/list", {})
    code, left = server.finish()
    assert code == 0
    answered = [message["id"] for message in left if "method" not in message]
    assert set(answered) <= {request["id"] for request in requests} and len(answered) == len(set(answered))


def test_a_process_that_is_no_ancestor_is_not_watched(binary):
    stranger = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    server = Server([binary, "serve"])
    try:
        server.initialize(processId=stranger.pid)
        stranger.kill()
        stranger.wait()
        select.select([], [], [], 0.6)  # longer than the server takes to look
        assert server.result("session/list", {}) == {"sessions": []}
        assert server.log().count("is no ancestor of this process") == 1
    finally:
        server.close()


def test_a_zombie_counts_as_dead(binary):
    # The outer process stays a zombie until this test waits for it; the inner one keeps the server.
    relay = "import subprocess, sys; sys.exit(subprocess.call(sys.argv[1:]))"
    command = [sys.executable, "-c", relay]
    server = Server([*command, *command, binary, "serve"])
    try:
        server.initialize(processId=server.process.pid)
        server.process.send_signal(signal.SIGKILL)
        assert server.receive(timeout=WITHIN_A_SECOND) is None, "the server outlived its client"
    finally:
        server.close()


def test_started_with_its_input_closed_it_ends(binary):
    command = ["sh", "-c", 'exec "$0" serve <&-', binary]
    assert subprocess.run(command, capture_output=True, timeout=WITHIN_A_SECOND, check=True).stdout == b""


def test_a_reader_that_goes_away_while_it_computes_ends_it(server):
    server.send(server.request("frontier/characterize", prepare_long_work(server)))
    server.result("session/list", {})
    server.process.stdout.close()
    assert server.process.wait(WITHIN_A_SECOND) == 1


def test_editors_add_an_option(binary):
    for command in ([binary, "serve", "--stdio"], [binary, "--stdio"]):
        server = Server(command)
        try:
            server.initialize(trace="messages")
            server.send(server.request("session/list", {}, id=7))
            assert server.receive()["method"] == "$/logTrace"
            assert server.answer(7)["result"] == {"sessions": []}
            assert server.finish()[0] == 0
        finally:
            server.close()


def test_holds_of_the_loop_are_logged_when_asked_for(binary):
    server = Server([binary, "serve", "--log-holds", "0"])
    try:
        server.initialize()
        server.result("session/list", {})
        server.result("session/list", {})
        assert re.search(r"^hold: \d+ us of CPU time", server.log(), re.MULTILINE)
    finally:
        server.close()
    wrong = subprocess.run([binary, "serve", "--log-holds", "-1"], capture_output=True, text=True, timeout=10)
    assert wrong.returncode == 64 and "--log-holds: expected a finite number of at least 0" in wrong.stderr
