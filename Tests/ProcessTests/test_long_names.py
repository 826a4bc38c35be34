"""Names as long as a message and made of combining marks, wherever a client may write a name.

To compare or hash such a name by Unicode equivalence takes minutes of the one thread that answers everybody, so each
test here would wait in vain for an answer.
"""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from conftest import AWAIT_SECONDS, REPOSITORY, Server

MARKS = "\u0301\u0323" * 250_000
TRANSCRIPTS = REPOSITORY / "fixtures" / "transcripts"


def client_messages(path):
    """What the client of a transcript sends, batches and what is malformed on purpose left out."""
    messages = []
    for line in path.read_text().splitlines():
        if line.startswith("--> {"):
            try:
                message = json.loads(line[4:])
                json.dumps(message, ensure_ascii=False).encode()
            except ValueError:
                continue
            if isinstance(message.get("params", {}), dict) and isinstance(message.get("method"), str):
                messages.append(message)
    return messages


def strings(value, path=()):
    """(path without indices, string) for each string inside and for each key, whose path ends with `key`."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner, path)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield (*path, "key"), key
            yield from strings(inner, (*path, key))


def replaced(value, old, new):
    """The value with one string changed wherever it stands, keys included."""
    if isinstance(value, str):
        return new if value == old else value
    if isinstance(value, list):
        return [replaced(inner, old, new) for inner in value]
    if isinstance(value, dict):
        return {replaced(key, old, new): replaced(inner, old, new) for key, inner in value.items()}
    return value


def mentions(message, text):
    return any(text == found for _, found in strings(message.get("params", {})))


def places(path):
    """Where each string of a transcript stands: string -> {(method, path)}."""
    found = {}
    for message in client_messages(path):
        for place, text in strings(message.get("params", {})):
            found.setdefault(text, set()).add((message["method"], place))
    return found


def renamings():
    """(transcript, string): together they reach every place where a string stands in any transcript."""
    reached, chosen = set(), []
    for path in sorted(TRANSCRIPTS.glob("*.transcript"), key=lambda path: path.stat().st_size):
        found = places(path)
        for text in sorted(found, key=lambda text: -len(found[text])):
            if found[text] - reached:
                reached |= found[text]
                chosen.append((path, text))
    return chosen


BEGIN = {"jsonrpc": "2.0", "id": "begin", "method": "initialize", "params": {}}
MANIFEST = """\
# note
name = "vqa"

[pool]
encoders = ["clip", "siglip"]
language_models = ["qwen"]

[pool.task]
name = "vqa"
alignment_sample_count = 558_000
metric = { name = "accuracy", direction = "maximize" }

[search]
strategy = "race"
"""
BY_TRANSCRIPT: dict[Path, list[str]] = {}
for transcript, name in renamings():
    BY_TRANSCRIPT.setdefault(transcript, []).append(name)


@pytest.fixture
def start(binary):
    """Starts servers that are gone when the test ends."""
    servers = []

    def started(*arguments, framing="lines"):
        servers.append(Server([binary, *map(str, arguments)], framing=framing))
        return servers[-1]

    yield started
    for server in servers:
        server.close()


def play(server, messages):
    """Sends messages one after another and waits for each answer; a refusal is an answer."""
    for message in messages:
        server.send(json.dumps(message, ensure_ascii=False).encode())
        if "id" in message:
            server.answer(message["id"])


@pytest.mark.parametrize("joins", [False, True], ids=["alone", "joined"])
@pytest.mark.parametrize("path", BY_TRANSCRIPT, ids=lambda path: path.stem)
def test_a_long_name_in_any_place_of_a_request_is_answered(start, tmp_path, path, joins):
    messages = [message for message in client_messages(path) if message["method"] not in ("shutdown", "exit")]
    if messages[0]["method"] != "initialize":
        messages.insert(0, BEGIN)
    for number, name in enumerate(BY_TRANSCRIPT[path]):
        print(path.stem, repr(name[:60]))
        # A handshake that is refused hides what follows, so its names are changed where nothing else has them.
        is_only_there = {method for method, _ in places(path)[name]} == {"initialize"}
        state = ["--state", tmp_path / str(number)] if joins else []
        if joins:
            play(start("serve", *state), [BEGIN])
        last = max(index for index, message in enumerate(messages) if mentions(message, name))
        for long in ["/" + MARKS] if joins else [name + MARKS, "/" + MARKS]:
            play(start("serve", *state), [
                replaced(message, name, long) if is_only_there or message["method"] != "initialize" else message
                for message in messages[:last + 1]])


@pytest.mark.parametrize("joins", [False, True], ids=["alone", "joined"])
def test_a_long_method_is_answered(start, tmp_path, joins):
    state = ["--state", tmp_path / "state"] if joins else []
    if joins:
        play(start("serve", *state), [BEGIN])
    server = start("serve", *state)
    for beginning in ["", "session/open", "session/close", "$/cancelRequest", "textDocument/didOpen"]:
        method = beginning + MARKS
        play(server, [BEGIN, {"jsonrpc": "2.0", "method": method},
                      {"jsonrpc": "2.0", "id": MARKS, "method": method, "params": {}}])


FEATURES = ("hover", "completion", "codeAction", "codeLens", "inlayHint", "documentSymbol", "foldingRange", "rename",
            "semanticTokens", "diagnostic")


def editing():
    """The messages of an editor that asks for everything on each line of the manifest."""
    lines = MANIFEST.split("\n")
    document = {"uri": "file:///search/trimtab.toml"}
    everything = {"start": {"line": 0, "character": 0}, "end": {"line": len(lines), "character": 0}}
    requests: list[tuple[str, dict[str, Any]]] = [
        ("documentSymbol", {}), ("foldingRange", {}), ("semanticTokens/full", {}), ("codeLens", {}),
        ("diagnostic", {"previousResultId": "earlier"}), ("inlayHint", {"range": everything}),
        ("codeAction", {"range": everything, "context": {"diagnostics": [], "only": ["quickfix"]}})]
    for line, content in enumerate(lines):
        for character in (1, len(content)):
            place = {"position": {"line": line, "character": character}}
            requests += [("hover", place), ("completion", place), ("rename", {**place, "newName": "other"})]
    return [
        {**BEGIN, "params": {"capabilities": {"textDocument": {name: {} for name in FEATURES}}}},
        {"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": {
            **document, "languageId": "trimtab", "version": 1, "text": MANIFEST}}},
        {"jsonrpc": "2.0", "id": "frontier", "method": "workspace/textDocumentContent", "params": {
            "uri": "trimtab:/frontier?file:///search/trimtab.toml"}},
        *({"jsonrpc": "2.0", "id": number, "method": f"textDocument/{method}",
           "params": {"textDocument": document, **params}} for number, (method, params) in enumerate(requests))]


@pytest.mark.parametrize("old", [
    "name", "vqa", "search", "pool", "clip", "encoders", "accuracy", "metric", "race", "# note", "trimtab", "earlier",
    "quickfix", "other", "trimtab:/frontier?", "file:///search/", "file:///search/trimtab.toml", ".toml"])
def test_a_long_name_anywhere_in_an_editors_request_is_answered(start, old):
    def changed(value):
        if isinstance(value, str):
            inside = "\n" in value or ":/" in value
            return value.replace(old, old + MARKS) if inside else replaced(value, old, old + MARKS)
        if isinstance(value, list):
            return [changed(inner) for inner in value]
        return {key: changed(inner) for key, inner in value.items()} if isinstance(value, dict) else value

    messages = [{**message, "params": changed(message["params"])} for message in editing()]
    assert messages != editing()
    play(start("serve", framing="headers"), messages)


ENVELOPE = {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}


def test_a_long_name_anywhere_in_an_assistants_request_is_answered(start):
    server = start("mcp")
    pool = {"session": "s", "encoders": [{"id": "a"}], "languageModels": [{"id": "b"}],
            "task": {"name": "t", "metric": {"name": "m", "direction": "maximize"}, "alignmentSampleCount": 10}}
    uri = "trimtab://s/pipelines/p/curve"
    calls: list[tuple[str, dict[str, Any]]] = [
        ("tools/call", {"name": "submit_pool", "arguments": pool}),
        ("tools/call", {"name": "list_sessions", "arguments": {"x": 1}}),
        ("resources/read", {"uri": uri}), ("resources/list", {"cursor": "c"}), ("tasks/get", {"taskId": "t"}),
        ("initialize", {"protocolVersion": "2025-11-25", "capabilities": {"c": {}}, "clientInfo": {"name": "n"}})]
    played = 0
    for method, params in calls:
        params = {"_meta": ENVELOPE, **params} if method != "initialize" else params
        names = sorted({text for _, text in strings(params)})
        addressed = {**params, "uri": "trimtab://" + MARKS}
        for changed in [addressed, *(replaced(params, name, name + MARKS) for name in names)]:
            play(server, [{"jsonrpc": "2.0", "id": played, "method": method, "params": changed}])
            played += 1
        play(server, [{"jsonrpc": "2.0", "id": played, "method": method + MARKS, "params": params}])


def run(binary, *arguments, text=""):
    return subprocess.run([str(one) for one in (binary, *arguments)], capture_output=True, text=True, check=False,
                          input=text, timeout=AWAIT_SECONDS)


def request(name, text):
    return json.dumps({"jsonrpc": "2.0", "id": name, "method": name, "params": {name: text}}, ensure_ascii=False)


@pytest.mark.parametrize("trace", [
    f"[Trace - 10:17:36 AM] Sending request 'x{MARKS} - (x{MARKS})'.\nParams: {{}}\n",
    f"[Trace - 10:17:36 AM] Sending {MARKS} 'x - (1)'.\n[Trace - 1] Sending notification 'x'.\n",
    f"[Trace - 10:17:36 AM] Received response 'x - (1)' in 1ms. Request failed: {MARKS} ({MARKS}).\n",
    f"[LSP   - 10:17:36 AM] {{\"isLSPMessage\":true,\"type\":\"send{MARKS}\",\"message\":{{}}}}\n",
    f"-->{MARKS}\n[{MARKS}]{MARKS}\n\n{MARKS}\n[Trace - 1] Sending notification 'x'.\n",
    f"--> {request('x', MARKS)}\n".replace('"jsonrpc": "2.0", ', ""),
], ids=["request", "kind", "error", "inspector", "line", "journal"])
def test_a_long_name_in_a_trace_becomes_a_transcript(binary, tmp_path, trace):
    (tmp_path / "trace").write_text(trace)
    made = run(binary, "transcript", tmp_path / "trace")
    assert made.returncode == 0 and made.stdout.startswith(("-->", "<--"))


LONG_CAPTURE = f"""# {MARKS}
%{MARKS}
%mask x{MARKS}
%compare open
x{MARKS} --> {request("x" + MARKS, MARKS)}
x{MARKS} <-- {{"jsonrpc":"2.0","id":"x{MARKS}","error":{{"code":1,"message":"%any{MARKS}"}}}}
"""


def test_a_long_name_in_any_place_of_a_capture_is_shown_and_compared(binary, tmp_path):
    (tmp_path / "one").write_text(LONG_CAPTURE)
    (tmp_path / "other").write_text(LONG_CAPTURE.replace(f'{MARKS}"}}}}', f'{MARKS[::-1]}"}}}}'))
    assert "only in the other" not in run(binary, "view", tmp_path / "one", tmp_path / "other").stdout
    replayed = run(binary, "replay", tmp_path / "one", "--", binary, "serve", "--from", tmp_path / "one")
    assert (replayed.returncode, replayed.stdout.splitlines()[-1]) == (0, "1 of 1 as recorded")


def test_long_names_are_looked_up_in_a_capture_that_serves(binary, tmp_path):
    (tmp_path / "one").write_text(LONG_CAPTURE)
    for asked in (request("x" + MARKS, MARKS), request("x" + MARKS, MARKS[::-1])):
        served = run(binary, "serve", "--from", tmp_path / "one", text=asked + "\n")
        assert json.loads(served.stdout)["id"] == "x" + MARKS


def test_long_names_are_redacted(binary, tmp_path):
    sent = [{"jsonrpc": "2.0", "method": "x", "params": {"session": name, "message": f"no {name}"}}
            for name in ("x" + MARKS, "x" + MARKS[::-1], MARKS)]
    run(binary, "record", "--redact", "--out", tmp_path / "out", "--", "cat",
        text="".join(json.dumps(one, ensure_ascii=False) + "\n" for one in sent))
    recorded = [line for line in (tmp_path / "out").read_text().splitlines() if line.startswith("-->")]
    assert [json.loads(line[4:])["params"] for line in recorded] == [
        {"session": f"session{number}", "message": f"no session{number}"} for number in (1, 2, 3)]


@pytest.mark.parametrize(("arguments", "expected"), [
    # To Unicode the sign and the mark behind it are one character.
    (["replay", "x", "--framing=\u0338"], "--framing: expected headers or lines"),
    (["replay", "x", "--" + MARKS[:30_000]], "expected one of"), ([MARKS[:30_000]], "--help or --version"),
    (["completion", "bash" + MARKS[:30_000]], "expected completion bash|zsh|fish"),
    (["similarity", "x", "y", "--kernel", "rbf" + MARKS[:30_000]], "--kernel: expected linear or rbf"),
])
def test_a_long_argument_is_refused_by_its_bytes(binary, arguments, expected):
    refused = run(binary, *arguments)
    assert refused.returncode == 64 and expected in refused.stderr and len(refused.stderr) < 1000


def test_a_long_name_in_a_script_is_read(binary, tmp_path):
    script = tmp_path / "train.sh"
    script.write_text(f"A={MARKS}\n{MARKS}=$A ${{{MARKS}}} $(({MARKS})) --x{MARKS} '{MARKS}'\n"
                      "torchrun --pipeline-model-parallel-size 4\n")
    made = run(binary, "init", "--megatron", script, tmp_path / "trimtab.toml")
    assert made.returncode == 0, made.stderr[:300]
    assert "stages = 4" in (tmp_path / "trimtab.toml").read_text()
