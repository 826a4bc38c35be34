"""`trimtab record`, `replay`, `serve --from`, `view` and `transcript`, with this server and with others."""

import json
import os
import re
import select
import shlex
import signal
import subprocess
import sys
import threading
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from conftest import AWAIT_SECONDS, REPOSITORY

# Computations take long where many programs run at once; this says nothing about speed.
PATIENT = ("--timeout", 5 * AWAIT_SECONDS)
TRANSCRIPTS = sorted((REPOSITORY / "fixtures" / "transcripts").glob("*.transcript"))
SMALL = REPOSITORY / "fixtures" / "transcripts" / "frontier.transcript"


def run(*arguments, **options):
    return subprocess.run([str(one) for one in arguments], capture_output=True, text=True, check=False, cwd=REPOSITORY,
                          timeout=10 * AWAIT_SECONDS, **options)


def messages(text, progress=False):
    """(arrow, message) of each line that is a message; a text, where a client sent what is no JSON."""
    found = []
    for line in text.splitlines():
        arrow, _, body = line.partition(" ")
        if arrow in ("-->", "<--"):
            try:
                message = json.loads(body)
            except ValueError:
                assert arrow == "-->"
                message = body
            if progress or not (isinstance(message, dict) and message.get("method") == "$/progress"):
                found.append((arrow, message))
    return found


def by_peer(pairs):
    """What the client sent in its order, and what the server sent in any."""
    sent = [message for arrow, message in pairs if arrow == "-->"]
    received = sorted(json.dumps(message, sort_keys=True) for arrow, message in pairs if arrow == "<--")
    return sent, received


def changed_once(text):
    """The same with one figure of the server changed."""
    return re.sub(r'^(<-- .*?"energyJoules":)(\d+)', r"\g<1>7\2", text, count=1, flags=re.M)


@pytest.mark.parametrize("framing", ["headers", "lines"])
def test_all_fixtures_replay(binary, framing, tmp_path):
    before = {path: path.read_bytes() for path in TRANSCRIPTS}
    done = run(binary, "replay", *PATIENT, "--framing", framing, "--junit", tmp_path / "report.xml", *TRANSCRIPTS)
    assert done.returncode == 0, done.stdout
    assert done.stdout.splitlines()[-1] == f"{len(TRANSCRIPTS)} of {len(TRANSCRIPTS)} as recorded"
    assert {path: path.read_bytes() for path in TRANSCRIPTS} == before
    suite = ElementTree.parse(tmp_path / "report.xml").getroot()
    assert suite.get("tests") == str(len(TRANSCRIPTS)) and suite.get("failures") == "0"


@pytest.mark.parametrize("framing", ["headers", "lines"])
@pytest.mark.parametrize("time", [1, 2, 3])
def test_recording_a_replay_gives_the_same_transcript(binary, framing, time, tmp_path):
    """To the byte, after canonical formatting."""
    for path in TRANSCRIPTS:
        out = tmp_path / path.name
        done = run(binary, "replay", *PATIENT, "--framing", framing, path, "--", binary, "record", "--out", out, "--",
                   binary, "serve")
        assert done.returncode == 0, done.stdout
        text = out.read_text().replace(f"{REPOSITORY}/", "ROOT/")
        assert by_peer(messages(text)) == by_peer(messages(path.read_text())), path.name


def test_a_mock_server_says_what_was_recorded(binary):
    for path in TRANSCRIPTS:
        done = run(binary, "replay", path, "--", binary, "serve", "--from", path)
        assert done.returncode == 0, done.stdout


def test_a_mock_server_uses_the_clients_ids_and_explains_what_it_lacks(binary, tmp_path):
    capture = tmp_path / "mock.transcript"
    capture.write_text('--> {"jsonrpc":"2.0","id":1,"method":"add","params":{"a":1,"b":[2]}}\n'
                       '<-- {"jsonrpc":"2.0","method":"noted","params":{}}\n'
                       '<-- {"jsonrpc":"2.0","id":1,"result":3}\n')
    asked = [{"jsonrpc": "2.0", "id": "x", "method": "add", "params": {"b": [2.0], "a": 1}},
             {"jsonrpc": "2.0", "id": 7, "method": "add", "params": {"a": 1, "b": [3]}},
             {"jsonrpc": "2.0", "id": 8, "method": "subtract"}]
    done = run(binary, "serve", "--from", capture, input="".join(json.dumps(one) + "\n" for one in asked))
    noted, sum, other, missing = map(json.loads, done.stdout.splitlines())
    assert noted["method"] == "noted" and sum == {"jsonrpc": "2.0", "id": "x", "result": 3}
    assert other["id"] == 7 and "b[0]: expected 2, found 3" in other["error"]["message"]
    assert missing["id"] == 8 and "subtract was never sent" in missing["error"]["message"]


def test_a_mock_server_knows_what_is_no_request_and_ends_where_the_capture_says(binary, tmp_path):
    capture = tmp_path / "odd.transcript"
    lines = ["%exit 3", "--> no JSON", "<-- 1", "--> [7,{}]", "<-- 2", "--> []", "<-- 3",
             '--> {"jsonrpc":"2.0","id":1,"method":"last"}', '<-- {"jsonrpc":"2.0","id":1,"result":4}']
    capture.write_text("".join(f"{line}\n" for line in lines))
    # An answer to a request that the server never made is not answered.
    sent = ["[]", '{"jsonrpc":"2.0","id":"of the server","result":null}', "no JSON", "[7,{}]",
            '{"jsonrpc":"2.0","id":9,"method":"last"}']
    done = run(binary, "serve", "--from", capture, input="".join(f"{line}\n" for line in sent))
    assert done.stdout.splitlines()[:3] == ["3", "1", "2"] and done.returncode == 3
    assert [json.loads(line) for line in done.stdout.splitlines()[3:]] == [{"jsonrpc": "2.0", "id": 9, "result": 4}]


def test_a_difference_is_shown_and_update_writes_it(binary, tmp_path):
    changed = tmp_path / "changed.transcript"
    original = SMALL.read_text()
    text = changed_once(original)
    lines = text.splitlines(keepends=True)
    lost = next(i for i, line in enumerate(lines) if line.startswith("<-- ") and '"result"' in line and i > 10)
    # One message differs, one was not recorded, one never comes.
    extra = '<-- {"jsonrpc":"2.0","method":"never/comes","params":{}}\n'
    changed.write_text("".join(lines[:lost] + lines[lost + 1:]) + extra)
    done = run(binary, "replay", "--timeout", "10", changed, "--tap")
    assert done.returncode == 1
    assert done.stdout.startswith("TAP version 14\n1..1\nnot ok 1 - ")
    assert re.search(r"energyJoules: expected 7\d+(\.\d+)?, found \d", done.stdout), done.stdout
    assert "expected nothing, found" in done.stdout and "never/comes" in done.stdout
    assert run(binary, "replay", "--timeout", "10", "--update", changed).returncode == 1
    assert by_peer(messages(changed.read_text(), True)) == by_peer(messages(original, True))
    assert run(binary, "replay", *PATIENT, changed).returncode == 0


def test_a_server_that_ends_early_or_says_nothing_fails(binary, tmp_path):
    capture = tmp_path / "one.transcript"
    capture.write_text('--> {"jsonrpc":"2.0","id":1,"method":"x"}\n<-- {"jsonrpc":"2.0","id":1,"result":1}\n')
    ended = run(binary, "replay", capture, "--", "sh", "-c", "exit 3")
    assert ended.returncode == 1 and "the end of the server: exited(3)" in ended.stdout
    silent = run(binary, "replay", "--timeout", "0.2", capture, "--", "sh", "-c", "cat >/dev/null")
    assert silent.returncode == 1 and "nothing in 0.2 s" in silent.stdout
    babbling = run(binary, "replay", "--timeout", "5", capture, "--", "sh", "-c", "echo nonsense; echo '[1]'; cat")
    assert babbling.returncode == 1 and "a JSON message" in babbling.stdout


ANSWERING = 'read -r line; echo \'{"jsonrpc":"2.0","id":1,"result":1}\'; cat >/dev/null; '


def test_a_server_that_ends_badly_after_its_last_message_fails(binary, tmp_path):
    """As one does in which a sanitizer has found something."""
    capture = tmp_path / "one.transcript"
    messages = '--> {"jsonrpc":"2.0","id":1,"method":"x"}\n<-- {"jsonrpc":"2.0","id":1,"result":1}\n'
    for ending, expected, said in (
            ("exit 0", "", ""), ("exit 66", "", "found exited(66)"), ("kill -SEGV $$", "", "found killed(signal: 11)"),
            ("exit 66", "%exit 66\n", ""), ("exit 0", "%exit 66\n", "to end with status 66, found exited(0)")):
        capture.write_text(expected + messages)
        done = run(binary, "replay", capture, "--tap", "--", "sh", "-c", ANSWERING + ending)
        assert (done.returncode == 1) == bool(said) and said in done.stdout, (ending, expected, done.stdout)
        assert ("not ok" in done.stdout) == bool(said)


def test_a_server_may_end_with_1_where_exit_comes_without_shutdown(binary, tmp_path):
    capture = tmp_path / "one.transcript"
    capture.write_text('--> {"jsonrpc":"2.0","id":1,"method":"x"}\n<-- {"jsonrpc":"2.0","id":1,"result":1}\n'
                       '--> {"jsonrpc":"2.0","method":"exit"}\n')
    assert run(binary, "replay", capture, "--", "sh", "-c", ANSWERING + "exit 1").returncode == 0
    assert run(binary, "replay", capture, "--", "sh", "-c", ANSWERING + "exit 2").returncode == 1


def test_several_clients_have_a_server_each(binary, tmp_path):
    capture = tmp_path / "two.transcript"
    capture.write_text("".join(
        f'{client} --> {{"jsonrpc":"2.0","id":{id},"method":"initialize"}}\n'
        f'{client} <-- {{"jsonrpc":"2.0","id":{id},"result":{{"serverInfo":{{"name":"trimtab"}}}}}}\n'
        for client, id in (("editor", 1), ("launcher", 1))))
    capture.write_text("%compare open\n" + capture.read_text())
    assert run(binary, "replay", capture).returncode == 0


def test_whatever_happens_to_the_file_the_traffic_goes_on(binary, tmp_path):
    for out in ("/dev/full", tmp_path / "no" / "such" / "folder"):
        done = run(binary, "replay", *PATIENT, SMALL, "--", binary, "record", "--out", out, "--", binary, "serve")
        assert done.returncode == 0, done.stdout
        assert "the recording ends" in done.stderr


def test_nothing_is_lost_in_a_flood(binary, tmp_path):
    out = tmp_path / "flood.transcript"
    count = 200_000
    lines = b"".join(b'{"jsonrpc":"2.0","method":"m","params":[%d]}\n' % i for i in range(count))
    done = subprocess.run([binary, "record", "--out", out, "--", "cat"], input=lines, capture_output=True, check=True,
                          timeout=10 * AWAIT_SECONDS)
    assert done.stdout == lines
    text = out.read_bytes()
    for arrow in (b"--> ", b"<-- "):
        numbers = re.findall(arrow + rb'.*"params":\[(\d+)\]', text)
        assert list(map(int, numbers)) == list(range(count))


def test_an_end_that_reads_late_holds_up_only_what_is_for_it(binary, tmp_path):
    """Both write more than all pipes hold before the client reads: the server takes its input meanwhile."""
    script = ("import sys, threading\n"
              "out = threading.Thread(target=sys.stdout.buffer.write, args=(b'{\"method\":\"push\"}\\n' * 300000,))\n"
              "out.start()\n"
              "taken = len(sys.stdin.buffer.read())\n"
              "out.join()\n"
              "sys.exit(taken != 6000000)\n")
    recorder = subprocess.Popen(
        [binary, "record", "--out", tmp_path / "out.transcript", "--", sys.executable, "-c", script],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    watch = threading.Timer(AWAIT_SECONDS, recorder.kill)
    watch.start()
    assert recorder.stdin is not None and recorder.stdout is not None
    recorder.stdin.write(b'{"method":"request"}' * 300_000)
    recorder.stdin.close()
    received = recorder.stdout.read()
    assert recorder.wait() == 0
    watch.cancel()
    recorder.stdout.close()
    assert received == b'{"method":"push"}\n' * 300_000


@pytest.mark.parametrize("headers", [False, True], ids=["lines", "headers"])
def test_bytes_that_are_no_text_pass_and_are_recorded_as_they_are(binary, tmp_path, headers):
    bodies = [b'{"jsonrpc":"2.0","method":"a\xff"}', b'{"text":"\xe2\x82"}', '{"text":"\u00e9"}'.encode()]
    sent = b"".join(b"Content-Length: %d\r\n\r\n%s" % (len(one), one) if headers else one + b"\n" for one in bodies)
    out = tmp_path / "out.transcript"
    done = subprocess.run([binary, "record", "--out", out, "--", "cat"], input=sent, capture_output=True, check=True,
                          timeout=AWAIT_SECONDS)
    assert done.stdout == sent
    text = out.read_text(encoding="utf-8")
    assert "\ufffd" not in text
    for arrow in ("-->", "<--"):
        lines = [line.split(" ", 1) for line in text.splitlines() if line.startswith(arrow)]
        assert [one for one, _ in lines] == [f"{arrow}!", f"{arrow}!", arrow]
        raw = [b"".join(bytes([part]) if isinstance(part, int) else part.encode() for part in json.loads(body))
               for _, body in lines[:2]]
        assert b"".join(raw) == sent[:len(b"".join(raw))] and lines[2][1].encode() == bodies[2]
    # The capture is what was said: it replays, and another byte is a difference.
    assert run(binary, "replay", out, "--", "cat").returncode == 0
    changed = tmp_path / "changed.transcript"
    changed.write_text("".join(line.replace(",255,", ",254,") if line.startswith("<--!") else line
                               for line in text.splitlines(keepends=True)))
    done = run(binary, "replay", changed, "--", "cat")
    assert done.returncode == 1 and "expected 254, found 255" in done.stdout


def test_a_server_that_answers_with_bytes_that_are_no_text_differs(binary, tmp_path):
    capture = tmp_path / "one.transcript"
    capture.write_text('--> {"id":1}\n<-- {"id":1,"result":"\ufffd"}\n')
    answer = r"""read line; printf '{"id":1,"result":"\377"}\n'"""
    done = run(binary, "replay", capture, "--", "sh", "-c", answer)
    assert done.returncode == 1 and "expected a JSON message in UTF-8" in done.stdout


@pytest.mark.parametrize("command", ["replay", "conformance"])
@pytest.mark.parametrize("ignores", [False, True], ids=["", "that ignore SIGTERM"])
def test_what_a_server_started_ends_with_it(binary, tmp_path, command, ignores):
    """Neither a shell around the server nor what it left in the background stays, be the replay in time or not."""
    pids = tmp_path / "pids"
    trap = "trap '' TERM; " if ignores else ""
    script = f"{trap}sleep 4321 >/dev/null & echo $! >> {pids}; {trap}sh -c '{trap}echo $$ >> {pids}; cat'; true"
    capture = tmp_path / "checks" / "one.transcript"
    capture.parent.mkdir()
    capture.write_text('--> {"id":1,"result":1}\n<-- {"id":1,"result":1}\n<-- {"id":2,"result":"never"}\n')
    what = [capture] if command == "replay" else ["--checks", capture.parent, "--framing", "lines"]
    done = run(binary, command, *what, "--timeout", "0.2", "--", "sh", "-c", script)
    assert done.returncode == 1 and "never" in done.stdout
    for pid in map(int, pids.read_text().split()):
        wait_for_end(pid)
    # The same where everything came.
    pids.unlink()
    capture.write_text('--> {"id":1,"result":1}\n<-- {"id":1,"result":1}\n')
    assert run(binary, command, *what, "--timeout", "60", "--", "sh", "-c", script).returncode == 0
    for pid in map(int, pids.read_text().split()):
        wait_for_end(pid)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_replay_ends_its_server_and_itself(binary, tmp_path, number):
    pids = tmp_path / "pids"
    os.mkfifo(pids)
    capture = tmp_path / "one.transcript"
    capture.write_text('--> {"id":1}\n<-- {"id":1,"result":1}\n')
    script = f"sh -c 'echo $$ $PPID > {pids}; cat > /dev/null'; true"
    replay = subprocess.Popen([binary, "replay", capture, "--", "sh", "-c", script], stdout=subprocess.PIPE)
    started = list(map(int, pids.read_text().split()))
    replay.send_signal(number)
    out, _ = replay.communicate(timeout=AWAIT_SECONDS)
    # As by a program that does not watch for signals, for shells that ask; and no report of what was cut short.
    assert (replay.returncode, out) == (-number, b"")
    for pid in started:
        wait_for_end(pid)


@pytest.mark.parametrize("server", [["/no/such/program"], ["sh", "-c", "exit 3"], ["cat"]])
def test_a_capture_without_messages_shows_nothing_and_fails(binary, tmp_path, server):
    capture = tmp_path / "empty.transcript"
    for text in ("", "# only a comment\n", "%framing lines\n"):
        capture.write_text(text)
        done = run(binary, "replay", capture, "--", *server)
        assert done.returncode == 1 and f"{capture}: expected a message to replay, found none" in done.stdout


def test_no_check_for_what_was_asked_fails(binary, tmp_path):
    (tmp_path / "one.transcript").write_text("%level base\n--> {}\n")
    done = run(binary, "conformance", "--checks", tmp_path, "--level", "lifecycle", "--", "cat")
    assert done.returncode == 66 and "of level lifecycle" in done.stderr


def write_all(stream, data):
    stream.write(data)
    stream.flush()


def test_what_has_passed_is_recorded_when_the_server_is_killed(binary, tmp_path):
    out, pid_file, count = tmp_path / "out.transcript", tmp_path / "pid", 20_000
    recorder = subprocess.Popen([binary, "record", "--out", out, "--", "sh", "-c", f"echo $$ > {pid_file}; exec cat"],
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert recorder.stdin is not None and recorder.stdout is not None
    lines = [b'{"jsonrpc":"2.0","method":"m","params":[%d]}\n' % index for index in range(count)]
    writer = threading.Thread(target=write_all, args=(recorder.stdin, b"".join(lines)))
    writer.start()
    assert [recorder.stdout.readline() for _ in range(count)] == lines
    os.kill(int(pid_file.read_text()), signal.SIGKILL)
    writer.join()
    assert recorder.wait(AWAIT_SECONDS) == 128 + signal.SIGKILL
    recorder.stdin.close()
    recorder.stdout.close()
    text = out.read_bytes().splitlines(keepends=True)
    assert [line[4:] for line in text if line.startswith(b"--> ")] == lines
    assert [line[4:] for line in text if line.startswith(b"<-- ")] == lines


@pytest.mark.parametrize("killed", ["client", "server"])
def test_either_end_may_be_killed(binary, tmp_path, killed):
    out, pid_file = tmp_path / "out.transcript", tmp_path / "pid"
    script = f"echo $$ > {pid_file}; exec {shlex.quote(binary)} serve"
    recorder = [binary, "record", "--out", str(out), "--", "sh", "-c", script]
    hello = '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}'
    # The client is a process of its own, which holds the only write end of the recorder's input.
    client = subprocess.Popen(
        [sys.executable, "-c", (
         "import subprocess, sys\n"
         f"p = subprocess.Popen({recorder!r}, stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
         f"p.stdin.write({hello.encode()!r} + b'\\n'); p.stdin.flush()\n"
         "p.stdout.readline(); print(p.pid, flush=True)\n"
         "print(p.wait(), flush=True)\n")],
        stdout=subprocess.PIPE, text=True)
    assert client.stdout is not None
    recorder_id, server_id = int(client.stdout.readline()), int(pid_file.read_text())
    if killed == "client":
        client.kill()
        client.wait()
        wait_for_end(recorder_id)
        wait_for_end(server_id)
    else:
        os.kill(server_id, signal.SIGKILL)
        assert client.stdout.readline() == f"{128 + signal.SIGKILL}\n"
        client.wait()
    sent, received = by_peer(messages(out.read_text()))
    assert sent == [json.loads(hello)] and len(received) == 1


def wait_for_end(process_id):
    """Waits for a process that is no child of ours."""
    try:
        descriptor = os.pidfd_open(process_id)
    except ProcessLookupError:
        return
    ended, _, _ = select.select([descriptor], [], [], AWAIT_SECONDS)
    os.close(descriptor)
    assert ended, f"process {process_id} goes on"


def test_redaction_leaves_no_path_and_no_name_and_replays(binary, tmp_path):
    out = tmp_path / "redacted.transcript"
    source = REPOSITORY / "fixtures" / "transcripts" / "gpus.transcript"
    run(binary, "replay", source, "--", binary, "record", "--redact", "--out", out, "--", binary, "serve")
    names = {message["params"]["session"] for _, message in messages(source.read_text())
             if isinstance(message.get("params"), dict) and "session" in message["params"]}
    text = out.read_text()
    assert names and not any(f'"{name}"' in text for name in names) and str(REPOSITORY) not in text
    assert len(messages(text)) == len(messages(source.read_text()))


class Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.rows, self.text = [], 0, ""

    def handle_starttag(self, tag, attrs):
        self.rows += tag == "details"
        if tag not in ("meta", "input", "html"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_a_page_shows_every_message_and_every_difference(binary, tmp_path):
    text = SMALL.read_text()
    page = Page()
    html = run(binary, "view", SMALL).stdout
    page.feed(html)
    assert page.open == [] and page.rows == len(messages(text, True))
    assert "http" not in re.sub(r"<pre>.*?</pre>", "", html, flags=re.S)
    other = tmp_path / "other.transcript"
    other.write_text(changed_once(text))
    both = run(binary, "view", SMALL, other).stdout
    assert both.count('class="answer differs"') == 1 and "differences only" in both
    assert 'class="answer differs"' not in run(binary, "view", SMALL, SMALL).stdout
    timed = tmp_path / "timed.transcript"
    run(binary, "replay", *PATIENT, SMALL, "--", binary, "record", "--times", "--out", timed, "--", binary, "serve")
    assert re.search(r"slowest answer [\d.]+ ms", run(binary, "view", timed).stdout)


TEXT_TRACE = """[Trace - 10:17:36 AM] Sending request 'initialize - (0)'.
Params: {
    "processId": null,
    "capabilities": {}
}


[Trace - 10:17:37 AM] Received response 'initialize - (0)' in 812ms.
Result: {
    "capabilities": {}
}


[Trace - 10:17:37 AM] Sending notification 'initialized'.
Params: {}


[Trace - 10:17:38 AM] Received notification 'window/logMessage'.
Params: {"type": 3, "message": "ready"}


[Trace - 10:17:38 AM] Sending request 'shutdown - (1)'.
No parameters provided.


[Trace - 10:17:38 AM] Received response 'shutdown - (1)' in 1ms. Request failed: not (yet) (-32600).
"""


def inspector_line(type, message, milliseconds):
    event = {"isLSPMessage": True, "type": type, "message": message, "timestamp": milliseconds}
    return f"[LSP   - 10:17:36 AM] {json.dumps(event)}\n"


def test_traces_of_editors_become_transcripts(binary, tmp_path):
    trace = tmp_path / "trace"
    trace.write_text(TEXT_TRACE)
    expected = [
        ("-->", {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {"processId": None, "capabilities": {}}}),
        ("<--", {"jsonrpc": "2.0", "id": 0, "result": {"capabilities": {}}}),
        ("-->", {"jsonrpc": "2.0", "method": "initialized", "params": {}}),
        ("<--", {"jsonrpc": "2.0", "method": "window/logMessage", "params": {"type": 3, "message": "ready"}}),
        ("-->", {"jsonrpc": "2.0", "id": 1, "method": "shutdown"}),
        ("<--", {"jsonrpc": "2.0", "id": 1, "error": {"code": -32600, "message": "not (yet)"}})]
    assert messages(run(binary, "transcript", trace).stdout) == expected
    trace.write_text(inspector_line("send-request", expected[0][1], 1000)
                     + inspector_line("receive-response", expected[1][1], 1812))
    lines = run(binary, "transcript", trace).stdout.splitlines()
    assert [line.split(" ", 2)[:2] for line in lines] == [["-->", "@0.0"], ["<--", "@0.812"]]
    assert [json.loads(line.split(" ", 2)[2]) for line in lines] == [message for _, message in expected[:2]]
    trace.write_text("nothing of the kind\n")
    assert run(binary, "transcript", trace).returncode == 65


def test_a_journal_and_an_exported_session_become_transcripts_that_replay(binary, tmp_path):
    session = SMALL.read_text()
    state = tmp_path / "state"
    # Only `durability` differs.
    assert run(binary, "replay", *PATIENT, SMALL, "--", binary, "serve", "--state", state).returncode == 1
    dump = tmp_path / "dump"
    dump.write_text(run(binary, "journal", "dump", state).stdout)
    name = next(message["params"]["session"] for arrow, message in messages(session)
                if arrow == "-->" and message["method"] == "session/open")
    asked = [{"jsonrpc": "2.0", "id": 1, "method": "initialize"},
             {"jsonrpc": "2.0", "id": 2, "method": "session/open", "params": {"session": name}},
             {"jsonrpc": "2.0", "id": 3, "method": "session/export", "params": {"session": name}}]
    exported = run(binary, "serve", "--state", state, input="".join(json.dumps(one) + "\n" for one in asked))
    (tmp_path / "export").write_text(exported.stdout.splitlines()[-1])
    for source in (dump, tmp_path / "export"):
        out = tmp_path / "made.transcript"
        out.write_text(run(binary, "transcript", source).stdout)
        assert out.read_text().count("session/open") == 1 and out.read_text().startswith("--> ")
        assert run(binary, "replay", *PATIENT, "--update", out).returncode == 1
        assert '"error"' not in out.read_text()
        assert run(binary, "replay", *PATIENT, out).returncode == 0
