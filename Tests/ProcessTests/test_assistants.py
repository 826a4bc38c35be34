"""`trimtab mcp` on raw lines: what a client sees that is of either era, or of none. The official SDK's client is in
`Tests/IntegrationTests/mcp`."""

import datetime
import time

import pytest
from conftest import AWAIT_SECONDS, FIXTURES, Server

ENVELOPE = {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {},
            "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"}}


@pytest.fixture
def assistant(binary):
    server = Server([binary, "mcp"], framing="lines")
    yield server
    server.close()


def ask(server, method, params=None):
    return server.call(method, params)


@pytest.mark.parametrize("asked, spoken", [
    ("2024-11-05", "2024-11-05"), ("2025-03-26", "2025-03-26"), ("2025-06-18", "2025-06-18"),
    ("2025-11-25", "2025-11-25"), ("1999-01-01", "2025-11-25")])
def test_the_handshake_agrees_on_a_revision(assistant, asked, spoken):
    answer = ask(assistant, "initialize", {"protocolVersion": asked, "capabilities": {}, "clientInfo": {"name": "t"}})
    assert answer["result"]["protocolVersion"] == spoken and "resultType" not in answer["result"]
    assert ask(assistant, "ping")["result"] == {}
    listed = ask(assistant, "tools/list")["result"]
    assert len(listed["tools"]) >= 12 and "ttlMs" not in listed


def test_the_stateless_era_needs_no_handshake(assistant):
    found = ask(assistant, "server/discover", {"_meta": ENVELOPE})["result"]
    assert found["supportedVersions"] == ["2026-07-28"] and found["resultType"] == "complete"
    assert found["_meta"]["io.modelcontextprotocol/serverInfo"]["name"] == "trimtab"
    listed = ask(assistant, "tools/list", {"_meta": ENVELOPE})["result"]
    assert listed["ttlMs"] == 0 and listed["cacheScope"] == "private"
    called = ask(assistant, "tools/call", {"_meta": ENVELOPE, "name": "list_sessions"})["result"]
    assert called["structuredContent"] == {"sessions": []} and called["isError"] is False


def test_what_is_not_spoken_is_refused(assistant):
    later = {**ENVELOPE, "io.modelcontextprotocol/protocolVersion": "2099-01-01"}
    error = ask(assistant, "tools/list", {"_meta": later})["error"]
    assert error["code"] == -32022
    assert error["data"] == {"supported": ["2026-07-28"], "requested": "2099-01-01"}
    assert ask(assistant, "tools/list")["error"]["code"] == -32600  # neither a handshake nor an envelope
    assert ask(assistant, "ping", {"_meta": ENVELOPE})["error"]["code"] == -32601  # gone in the stateless era
    assert ask(assistant, "prompts/list", {"_meta": ENVELOPE})["error"]["code"] == -32601
    for arguments in ([], "text", 1):
        wrong = {"_meta": ENVELOPE, "name": "suggest", "arguments": arguments}
        assert ask(assistant, "tools/call", wrong)["error"]["code"] == -32602


def test_a_list_that_is_none_is_refused(assistant):
    """An answer without a plan would pass for one that says there is none."""
    for wrong in (0.1, [], "0.1", [0.1] * 65, None):
        arguments = {"session": "s", "pipeline": "p", **({} if wrong is None else {"slowdownFractions": wrong})}
        called = ask(assistant, "tools/call", {
            "_meta": ENVELOPE, "name": "compare_plans", "arguments": arguments})["result"]
        assert called["isError"], called
        assert called["content"][0]["text"].startswith("slowdownFractions: expected a list of 1 to 64 numbers, found ")


def test_only_tools_that_say_so_begin_a_session(assistant):
    """A misspelt name of a session is told, and not made another session."""
    report = {"trial": 1, "step": 1, "score": 0.5, "dataFraction": 0.5}
    for name, arguments in (("next_trial", {"worker": "w"}), ("report_trial", report)):
        called = ask(assistant, "tools/call", {
            "_meta": ENVELOPE, "name": name, "arguments": {"session": "misspelt", **arguments}})["result"]
        assert called["isError"] and called["structuredContent"]["error"]["data"]["kind"] == "unknownSession", called
    listed = ask(assistant, "tools/call", {"_meta": ENVELOPE, "name": "list_sessions"})["result"]
    assert listed["structuredContent"]["sessions"] == []


def test_a_refusal_names_tools_and_not_methods(assistant):
    """An assistant has no methods: "send pool/submit" is nothing that it could do."""
    job = {"session": "s", "pipeline": "p", "schedule": "1f1b", "stages": 1, "microbatches": 1,
           "blockingPowerWatts": 60, "csvPath": str(FIXTURES / "modelled-h100-8stage.csv")}
    called = ask(assistant, "tools/call", {
        "_meta": ENVELOPE, "name": "characterize_profile", "arguments": job})["result"]
    assert called["isError"] and "`trimtab mcp --root`" in called["content"][0]["text"]
    called = ask(assistant, "tools/call", {
        "_meta": ENVELOPE, "name": "suggest", "arguments": {"session": "s"}})["result"]
    assert called["isError"] and "the tool submit_pool" in called["content"][0]["text"]


def test_an_argument_that_no_tool_has_is_told(assistant):
    called = ask(assistant, "tools/call", {
        "_meta": ENVELOPE, "name": "submit_pool", "arguments": {
            "session": "s", "encoders": [{"id": "a"}], "languageModels": [{"id": "b"}], "licenses": [],
            "task": {"name": "t", "metric": {"name": "m", "direction": "maximize"}, "alignmentSampleCount": 10}}})
    assert [one["path"] for one in called["result"]["structuredContent"]["warnings"]] == ["licenses"]


def test_names_of_any_kind_are_addresses(assistant):
    name, session = "ä b/%", "s:1"
    ask(assistant, "tools/call", {"_meta": ENVELOPE, "name": "characterize_profile", "arguments": {
        "session": session, "pipeline": name, "schedule": "1f1b", "stages": 1, "microbatches": 2,
        "blockingPowerWatts": 60,
        "csvText": "stage,instruction,frequency,time,energy\n0,forward,1410,1,30\n0,backward,1410,2,60\n"}})
    listed = [one["uri"] for one in ask(assistant, "resources/list", {"_meta": ENVELOPE})["result"]["resources"]]
    curve = next(address for address in listed if address.endswith("/curve"))
    assert curve == "trimtab://s%3A1/pipelines/%C3%A4%20b%2F%25/curve"
    read = ask(assistant, "resources/read", {"_meta": ENVELOPE, "uri": curve})["result"]["contents"]
    assert read[0]["uri"] == curve and '"lowerBound"' in read[0]["text"]


def test_it_ends_with_its_input(assistant):
    ask(assistant, "server/discover", {"_meta": ENVELOPE})
    assistant.stdin.close()
    assert assistant.process.wait(60) == 0


def test_a_resource_of_a_session_that_is_only_kept_can_be_read(binary, tmp_path):
    """The next process has opened nothing yet; a resource must not depend on a tool that was called before."""
    state = ["--state", str(tmp_path / "state")]
    defined = {"session": "kept", "pipeline": "p", "schedule": "1f1b", "stages": 1, "microbatches": 2,
               "blockingPowerWatts": 60,
               "csvText": "stage,instruction,frequency,time,energy\n0,forward,1410,1,30\n0,backward,1410,2,60\n"}
    for process, options in enumerate((state, state, [*state, "--read-only"])):
        server = Server([binary, "mcp", *options], framing="lines")
        try:
            if process == 0:
                call = {"_meta": ENVELOPE, "name": "characterize_profile", "arguments": defined}
                assert ask(server, "tools/call", call)["result"]["isError"] is False
            read = ask(server, "resources/read", {"_meta": ENVELOPE, "uri": "trimtab://kept/pipelines/p/curve"})
            assert '"lowerBound"' in read["result"]["contents"][0]["text"]
            absent = ask(server, "resources/read", {"_meta": ENVELOPE, "uri": "trimtab://none/pipelines/p/curve"})
            assert absent["error"]["data"]["kind"] == "unknownSession"
        finally:
            server.stdin.close()
            assert server.process.wait(60) == 0
            server.close()


def test_a_session_that_another_client_closed_is_opened_again(binary, tmp_path):
    state = ["--state", str(tmp_path / "state")]
    assistant, other = Server([binary, "mcp", *state], framing="lines"), Server([binary, "serve", *state])
    pool = {"session": "s", "encoders": [{"id": "e"}], "languageModels": [{"id": "m"}],
            "task": {"name": "t", "metric": {"name": "loss", "direction": "minimize"}, "alignmentSampleCount": 1000}}
    submit = {"_meta": ENVELOPE, "name": "submit_pool", "arguments": pool}
    ranking = {"_meta": ENVELOPE, "uri": "trimtab://s/ranking"}
    try:
        other.initialize()
        for _ in range(2):
            assert ask(assistant, "tools/call", submit)["result"]["isError"] is False
            assert "contents" in ask(assistant, "resources/read", ranking)["result"]
            other.result("session/open", {"session": "s"})
            other.result("session/close", {"session": "s", "force": True})
        assert ask(assistant, "resources/read", ranking)["error"]["data"]["kind"] == "unknownSession"
    finally:
        for server in (assistant, other):
            server.close()


TASKS = "io.modelcontextprotocol/tasks"
DECLARED = {**ENVELOPE, "io.modelcontextprotocol/clientCapabilities": {"extensions": {TASKS: {}}}}
PIPELINE = {"session": "s", "pipeline": "p", "schedule": "1f1b", "stages": 1, "microbatches": 2,
            "blockingPowerWatts": 60,
            "csvText": "stage,instruction,frequency,time,energy\n0,forward,1410,1,30\n0,backward,1410,2,60\n"}


def begin(assistant, **arguments):
    """The answer to a long call, which is a task."""
    return ask(assistant, "tools/call", {
        "_meta": DECLARED, "name": "characterize_profile", "arguments": {**PIPELINE, **arguments}})["result"]


def task(assistant, identifier, method="tasks/get", **params):
    return ask(assistant, method, {"_meta": DECLARED, "taskId": identifier, **params})


def ended(assistant, identifier):
    """The state once it is final. The server answers each request at once: that is the pace."""
    deadline = time.monotonic() + AWAIT_SECONDS
    while (state := task(assistant, identifier)["result"])["status"] == "working":
        assert time.monotonic() < deadline
    return state


def test_a_long_call_of_a_client_that_knows_tasks_is_one(assistant):
    found = ask(assistant, "server/discover", {"_meta": ENVELOPE})["result"]
    assert found["capabilities"]["extensions"] == {TASKS: {}}
    made = begin(assistant)
    assert made["resultType"] == "task" and made["status"] == "working" and made["ttlMs"] is None
    assert "content" not in made and len(made["taskId"]) == 32 and made["pollIntervalMs"] > 0
    state = ended(assistant, made["taskId"])
    assert state["resultType"] == "complete" and state["status"] == "completed"
    assert state["taskId"] == made["taskId"] and state["createdAt"] == made["createdAt"]
    created, updated = (datetime.datetime.fromisoformat(state[key].replace("Z", "+00:00"))
                        for key in ("createdAt", "lastUpdatedAt"))
    now = datetime.datetime.now(datetime.timezone.utc)
    assert created <= updated <= now + datetime.timedelta(seconds=1) and (now - created).total_seconds() < 3600
    assert state["ttlMs"] >= 3_600_000
    # The result is that of the call without a task.
    plain = ask(assistant, "tools/call", {
        "_meta": ENVELOPE, "name": "characterize_profile", "arguments": {**PIPELINE, "session": "other"}})
    plain["result"].pop("_meta")
    for result in (state["result"], plain["result"]):
        result["structuredContent"]["frontier"].pop("solveSeconds", None)
        result.pop("content")
    assert state["result"] == plain["result"]
    # It can be fetched again, and what is over stays as it is.
    assert task(assistant, made["taskId"], "tasks/cancel")["result"]["resultType"] == "complete"
    assert task(assistant, made["taskId"])["result"]["status"] == "completed"


def test_what_a_task_is_refused_for_is_its_result(assistant):
    state = ended(assistant, begin(assistant, csvText="stage\n")["taskId"])
    assert state["status"] == "completed" and state["result"]["isError"] is True
    assert state["result"]["structuredContent"]["error"]["data"]["kind"] == "invalidProfile"


def long_call(session):
    """The arguments of a call that is far from its end when it says so."""
    rows = "".join(f"{stage},{kind},{1410 - 15 * step},{scale * (1 + step / 90)},{scale * (30 - step / 9)}\n"
                   for stage in range(8) for kind, scale in (("forward", 1 + stage / 99), ("backward", 2))
                   for step in range(80))
    return {**PIPELINE, "session": session, "stages": 8, "microbatches": 2048,
            "csvText": "stage,instruction,frequency,time,energy\n" + rows}


def test_a_task_is_cancelled(assistant):
    made = begin(assistant, **long_call("s"))
    assert task(assistant, made["taskId"], "tasks/cancel")["result"]["resultType"] == "complete"
    state = ended(assistant, made["taskId"])
    assert state["status"] == "cancelled" and "result" not in state and "error" not in state
    # The server is free for another.
    assert ended(assistant, begin(assistant, pipeline="q")["taskId"])["status"] == "completed"


@pytest.mark.parametrize("is_batch", [False, True])
def test_a_cancelled_call_gets_no_answer(assistant, is_batch):
    """As the specification has it: "not send a response for the cancelled request"."""
    hello = {"protocolVersion": "2025-03-26", "capabilities": {}, "clientInfo": {"name": "t"}}
    ask(assistant, "initialize", hello)
    call = assistant.request("tools/call", {
        "name": "characterize_profile", "arguments": long_call("long"), "_meta": {"progressToken": "long"}})
    ping = assistant.request("ping")
    if is_batch:
        assistant.send([call, ping])
    else:
        assistant.send(call)
    while assistant.receive().get("method") != "notifications/progress":
        pass
    cancel = assistant.message("notifications/cancelled", {"requestId": call["id"], "reason": "no need"})
    # Again, and for what never was: both are passed over.
    assistant.send(cancel, cancel, assistant.message("notifications/cancelled", {"requestId": "never"}))
    if is_batch:
        # Of a batch the others are answered.
        batch = assistant.receive()
        assert [one["id"] for one in batch] == [ping["id"]]
    # The id is free for another call, which ends after what was cancelled has.
    again = {**call, "params": {"name": "characterize_profile", "arguments": PIPELINE}}
    assistant.send(again)
    met = []
    answer = assistant.answer(call["id"], met=met)
    assert answer["result"]["isError"] is False, answer
    assistant.stdin.close()
    while (message := assistant.receive()) is not None:
        met.append(message)
    assert met == [], met


def test_a_trial_that_fails_is_reported(assistant):
    def call(name, **arguments):
        return ask(assistant, "tools/call", {
            "_meta": ENVELOPE, "name": name, "arguments": {"session": "s", **arguments}})["result"]

    call("submit_pool", encoders=[{"id": "a"}], languageModels=[{"id": "b"}],
         task={"name": "t", "metric": {"name": "m", "direction": "maximize"}, "alignmentSampleCount": 10})
    first = call("next_trial", worker="w")["structuredContent"]["trial"]
    failed = call("fail_trial", trial=first, kind="lost", message="the node is gone")
    assert failed["isError"] is False and failed["structuredContent"]["goesOn"] is True
    assert call("next_trial", worker="w")["structuredContent"]["trial"] > first
    wrong = call("fail_trial", trial=first, kind="lost")
    assert wrong["isError"] is True and "fail_trial" not in wrong["structuredContent"]["error"]["message"]


def test_only_who_declares_tasks_gets_them(assistant):
    plain = ask(assistant, "tools/call", {"_meta": ENVELOPE, "name": "characterize_profile", "arguments": PIPELINE})
    assert plain["result"]["resultType"] == "complete" and plain["result"]["isError"] is False
    short = ask(assistant, "tools/call", {"_meta": DECLARED, "name": "list_sessions"})["result"]
    assert short["resultType"] == "complete" and short["structuredContent"]["sessions"]
    identifier = begin(assistant)["taskId"]
    for method in ("tasks/get", "tasks/update", "tasks/cancel"):
        error = ask(assistant, method, {"_meta": ENVELOPE, "taskId": identifier})["error"]
        assert error["code"] == -32021 and error["data"] == {"requiredCapabilities": {"extensions": {TASKS: {}}}}
        for wrong in ("0" * 32, "", None, 1):
            assert task(assistant, wrong, method)["error"]["code"] == -32602
    # Keys that are not outstanding are passed over.
    told = task(assistant, identifier, "tasks/update", inputResponses={"name": {"action": "accept"}})["result"]
    assert told["resultType"] == "complete"
    assert ended(assistant, identifier)["status"] == "completed"
    assert ask(assistant, "initialize", {"protocolVersion": "2025-11-25", "capabilities": {}})["result"][
        "capabilities"].get("extensions") is None
    assert ask(assistant, "tasks/get", {"taskId": identifier})["error"]["code"] == -32601
