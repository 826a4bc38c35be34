"""The fixtures together show the whole contract: every method, push and error of protocol-spec/model.json.

`protocol-tool check` asks the same of each method's own errors.
"""

import ast
import json
import re

from conftest import REPOSITORY

FIXTURES = REPOSITORY / "fixtures"
MODEL = json.loads((REPOSITORY / "protocol-spec" / "model.json").read_text())
PATHS = sorted([*(FIXTURES / "transcripts").glob("*.transcript"), *(FIXTURES / "conversations").glob("*.transcript")])

# What takes hundreds or thousands of messages to show, or a connection that breaks at one moment: the test that has it.
ELSEWHERE = {
    "overloaded": "Tests/ProcessTests/test_requests.py::test_cancelling_a_computation_that_waits_for_a_thread",
    "revisionTooOld": "Tests/ServerTests/WatchTests.swift::whatIsForgotten",
    "outcomeUnknown": "Tests/ServerTests/RepeatedRequestTests.swift::theSameOwnerCannotTell",
}


def messages(path):
    """(whether the client sent it, message), batches taken apart; what is no JSON is left out."""
    for line in path.read_text().splitlines():
        found = re.match(r"(?:\w+ )?(-->|<--) (.*)", line)
        if not found:
            continue
        try:
            message = json.loads(found[2])
        except ValueError:
            continue
        for part in message if isinstance(message, list) else [message]:
            if isinstance(part, dict):
                yield found[1] == "-->", part


def errors(value):
    """The kinds of all errors within a message, those within pushes too."""
    if isinstance(value, dict):
        data = value.get("data")
        if "code" in value and isinstance(data, dict) and "kind" in data:
            yield data["kind"]
        for inner in value.values():
            yield from errors(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from errors(inner)


def shown():
    answered, pushed, sent, kinds = set(), set(), set(), set()
    for path in PATHS:
        asked = {}
        for is_sent, message in messages(path):
            method = message.get("method")
            if is_sent and isinstance(method, str):
                sent.add(method)
                asked[json.dumps(message.get("id"))] = method
            elif isinstance(method, str):
                pushed.add(method)
            elif "result" in message:
                answered.add(asked.get(json.dumps(message["id"])))
            if not is_sent:
                kinds.update(errors(message))
    return answered, pushed, sent, kinds


def test_every_method_push_and_error_is_shown():
    answered, pushed, sent, kinds = shown()
    assert {method["method"] for method in MODEL["methods"]} - answered == set()
    for notification in MODEL["notifications"]:
        direction = pushed if notification["direction"] == "serverToClient" else sent
        assert notification["method"] in direction, notification["method"]
    assert {request["method"] for request in MODEL["serverRequests"]} - pushed == set()
    missing = {error["kind"] for error in MODEL["errors"]} - kinds
    assert missing == set(ELSEWHERE)
    assert {"parseError", "invalidRequest", "methodNotFound", "invalidParams", "notInitialized", "shutDown"} <= kinds


def test_what_is_shown_elsewhere_is_there():
    for kind, test in ELSEWHERE.items():
        path, name = test.split("::")
        text = (REPOSITORY / path).read_text()
        code = next(error["code"] for error in MODEL["errors"] if error["kind"] == kind)
        if path.endswith(".py"):
            bodies = {node.name: ast.get_source_segment(text, node) or "" for node in ast.parse(text).body
                      if isinstance(node, ast.FunctionDef)}
            body = bodies[name]
        else:
            body = text.split(f" func {name}(", 1)[1].split("\n  }\n", 1)[0]
        assert kind in body or str(code) in body, test


def test_the_transcripts_are_many_small_and_say_what_they_show():
    texts = {path: path.read_text() for path in PATHS}
    assert len(texts) >= 60
    assert sum(len(text) <= 16_000 for text in texts.values()) >= 50
    for user in ("launchers", "notebooks", "editors", "replay in CI", "authors of clients"):
        told = [path for path, text in texts.items() if text.split("\n", 1)[0].startswith("# For ") and user in
                text.split("\n", 1)[0]]
        assert len(told) >= 3, user
    assert not [path.name for path, text in texts.items() if not text.startswith("# ")]
