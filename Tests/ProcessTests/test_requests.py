"""Envelope, order, cancellation and progress, seen from outside."""

import json

import pytest
from conftest import FIXTURES, check_error, define, prepare, prepare_long_work


@pytest.mark.parametrize("id", ["text", 0, -7, 2**53, "92", 92], ids=repr)
def test_ids_come_back_as_they_were_sent(server, id):
    server.send(server.request("session/list", {}, id=id))
    answer = server.receive()
    assert answer["id"] == id and type(answer["id"]) is type(id)


@pytest.mark.parametrize("message", [
    {"jsonrpc": "1.0", "id": 1, "method": "session/list"}, {"id": 1, "method": "session/list"},
    {"jsonrpc": "2.0", "id": 1}, {"jsonrpc": "2.0", "id": 1, "method": 5},
    {"jsonrpc": "2.0", "id": 1, "method": "session/list", "params": "text"},
    {"jsonrpc": "2.0", "id": {}, "method": "session/list"}, 1, "text", None, [],
], ids=repr)
def test_a_malformed_envelope_is_an_invalid_request(server, message):
    server.send(json.dumps(message).encode())
    check_error(server.receive()["error"], code=-32600)
    assert server.result("session/list", {}) == {"sessions": []}


def test_an_unknown_method_is_refused_and_an_unknown_notification_ignored(server):
    check_error(server.error("no/such", {}), code=-32601)
    server.send(server.message("no/such", {}), server.message("$/noSuch", {}))
    assert server.result("session/list", {}) == {"sessions": []}


def test_a_batch_is_answered_by_a_batch(server):
    requests = [server.request("session/open", {"session": "a"}), server.message("no/such", {}),
                server.request("session/list", {}), 5]
    server.send(json.dumps(requests).encode())
    answers = {answer["id"]: answer for answer in server.receive()}
    assert answers[requests[0]["id"]]["result"]["session"] == "a"
    assert answers[requests[2]["id"]]["result"]["sessions"]
    assert answers[None]["error"]["code"] == -32600 and len(answers) == 3


def test_unknown_fields_are_ignored(server):
    assert server.result("session/open", {"session": "a", "notYetInvented": {"deep": [1]}})["session"] == "a"


def test_requests_of_a_session_take_effect_in_order(server):
    server.result("session/open", {"session": "s"})
    requests = []
    for round in range(20):
        requests.append(server.request("gpu/register", {"session": "s", "gpus": [{"id": f"gpu {round}"}]}))
        requests.append(server.request("gpu/list", {"session": "s"}))
    server.send(*requests)
    for round in range(20):
        server.answer(requests[2 * round]["id"])
        gpus = server.answer(requests[2 * round + 1]["id"])["result"]["gpus"]
        assert [gpu["id"] for gpu in gpus] == [f"gpu {n}" for n in range(round + 1)]


def test_knobs_come_back_as_they_were_sent(server):
    knobs = [1410, 1410.5, "1410", {"clock": 1410, "overlap": ["a", None]}]
    server.result("session/open", {"session": "s"})
    asked = {"session": "s", "pipeline": "p"}
    server.result("pipeline/define", {**asked, "stages": 1, "blockingPowerWatts": 10, "dependencies": [],
                                      "instructions": [{"id": "a", "stage": 0, "instruction": "step"}]})
    server.result("profile/submit", {**asked, "rows": [
        {"stage": 0, "instruction": "step", "frequency": knob, "timeSeconds": 1 + n, "energyJoules": 400 - 90 * n}
        for n, knob in enumerate(knobs)]})
    server.result("frontier/characterize", asked)
    seen = []
    for n in range(len(knobs)):
        plan = server.result("plan/get", {**asked, "deadlineSeconds": 1.5 + n})
        seen.append(plan["stages"][0]["instructions"][0]["frequency"])
    assert seen == knobs and list(map(type, seen)) == list(map(type, knobs))


@pytest.mark.parametrize("selector", [{"objective": "fastest"}, {"objective": "cheapest"}, {"deadlineSeconds": 1},
                                      {"objective": "energyDelayProduct"}, {"slowdownFraction": 0}], ids=repr)
def test_a_pipeline_with_nothing_to_choose_has_one_plan(server, selector):
    server.result("session/open", {"session": "s"})
    asked = {"session": "s", "pipeline": "p"}
    server.result("pipeline/define", {**asked, "stages": 1, "blockingPowerWatts": 0, "dependencies": [],
                                      "instructions": [{"id": "a", "stage": 0, "instruction": "step"}]})
    rows = [{"stage": 0, "instruction": "step", "frequency": 900, "timeSeconds": 1, "energyJoules": 6}]
    server.result("profile/submit", {**asked, "rows": rows})
    assert server.result("frontier/characterize", asked)["planCount"] == 1
    plan = server.result("frontier/query", {**asked, **selector})["plan"]
    assert (plan["plan"], plan["iterationTimeSeconds"], plan["energyJoules"], plan["gapFraction"]) == (0, 1, 6, 0)


def test_a_request_with_the_id_of_a_running_one_is_refused(server):
    busy = prepare_long_work(server)
    running = server.request("frontier/characterize", busy, id="same")
    server.send(running, server.request("session/list", {}, id="same"))
    check_error(server.answer("same")["error"], code=-32600)
    server.send(server.message("$/cancelRequest", {"id": "same"}))
    server.answer("same")
    server.send(server.request("session/list", {}, id="same"))  # free again once answered
    assert "result" in server.answer("same")


def test_a_cancelled_characterization_is_answered_as_cancelled_and_leaves_nothing(server):
    busy = prepare_long_work(server)
    before = server.result("session/list", {})
    request = server.request("frontier/characterize", {**busy, "workDoneToken": "t"})
    server.send(request)
    begun = server.receive()
    assert begun["method"] == "$/progress" and begun["params"]["value"]["kind"] == "begin"
    server.send(server.message("$/cancelRequest", {"id": request["id"]}))
    check_error(server.answer(request["id"], timeout=5)["error"], code=-32800)
    assert server.result("session/list", {}) == before
    check_error(server.error("frontier/query", {**busy, "objective": "fastest"}))


def test_cancelling_together_with_the_request(server):
    busy = prepare_long_work(server)
    request = server.request("frontier/characterize", busy)
    server.send(request, server.message("$/cancelRequest", {"id": request["id"]}))
    check_error(server.answer(request["id"], timeout=5)["error"], code=-32800)


@pytest.mark.parametrize("id", [99, "never", None], ids=repr)
def test_cancelling_what_does_not_run_is_ignored(server, id):
    server.send(server.message("$/cancelRequest", {"id": id}))
    assert server.result("session/list", {}) == {"sessions": []}


def test_progress_begins_rises_and_ends_before_the_answer(server):
    busy = prepare(server, characterize=False, profile="h100", microbatches=48)
    request, met = server.request("frontier/characterize", {**busy, "workDoneToken": "t"}), []
    server.send(request)
    assert "result" in server.answer(request["id"], met=met)
    met = [m for m in met if m["method"] == "$/progress"]
    assert {m["params"]["token"] for m in met} == {"t"}
    values = [m["params"]["value"] for m in met]
    assert [v["kind"] for v in values] == ["begin"] + ["report"] * (len(values) - 2) + ["end"]
    shares = [v["percentage"] for v in values[1:-1]]
    assert shares == sorted(set(shares)) and all(0 <= share <= 100 for share in shares)


def test_queries_are_answered_while_another_session_is_characterized(server):
    ready, busy = prepare(server, "ready"), prepare_long_work(server)
    work = server.request("frontier/characterize", busy)
    queries = [server.request("frontier/query", {**ready, "slowdownFraction": n / 100}) for n in range(20)]
    server.send(work, *queries)
    order = [server.response()["id"] for _ in queries]
    assert order == [query["id"] for query in queries]
    server.send(server.message("$/cancelRequest", {"id": work["id"]}))
    check_error(server.answer(work["id"])["error"], code=-32800)


def test_the_old_frontier_answers_while_its_own_session_is_characterized_again(server):
    asked = prepare(server, characterize=False, profile="h100", microbatches=96)
    characterization, query = {**asked, "effort": "quick"}, {**asked, "objective": "fastest"}
    server.result("frontier/characterize", characterization)
    before = server.result("frontier/query", query)
    work, again = server.request("frontier/characterize", characterization), server.request("frontier/query", query)
    server.send(work, again)
    assert server.response() == {"jsonrpc": "2.0", "id": again["id"], "result": before}
    server.answer(work["id"])


def test_the_same_requests_get_the_same_answers(spawn):
    transcripts = []
    for _ in range(2):
        server = spawn(roots=[str(FIXTURES)])
        said = [server.result("session/open", {"session": "s", "seed": 7})]
        said += [server.result(method, params) for method, params in define("s", microbatches=6)]
        asked = {"session": "s", "pipeline": "p"}
        for method in ("frontier/characterize", "frontier/curve", "session/export"):
            said.append(server.result(method, asked))
        transcripts.append(said)
    assert transcripts[0] == transcripts[1]


def test_an_export_sent_again_recreates_the_session(server, spawn):
    asked = prepare(server)
    export = server.result("session/export", {"session": "s"})
    copy = spawn(roots=[str(FIXTURES)])
    copy.result("session/open", {"session": "s"})
    for request in export["requests"]:
        copy.result(request["method"], {**request["params"], "session": "s"})
    assert copy.result("session/export", {"session": "s"})["requests"] == export["requests"]
    assert copy.result("frontier/curve", asked) == server.result("frontier/curve", asked)


def test_cancelling_a_computation_that_waits_for_a_thread(server):
    """Those in the queue are answered while others keep all threads busy, and give up their places."""
    of = prepare_long_work(server)
    ids = []
    for _ in range(300):  # more than may wait
        request = server.request("frontier/characterize", of)
        server.send(request)
        ids.append(request["id"])
    # All have been accepted, or refused because there is no room, when this is answered.
    accepted, met = server.request("session/list", {}), []
    server.send(accepted)
    server.answer(accepted["id"], met=met)
    codes = {message["id"]: message["error"]["code"] for message in met if "error" in message}
    first, rest = ids[:4], ids[4:]  # as many as have a thread go on, on any machine with few cores
    server.send(*(server.message("$/cancelRequest", {"id": id}) for id in rest))
    codes |= _codes(server, [id for id in rest if id not in codes])
    assert set(codes.values()) == {-32800, 1004}
    again = server.request("frontier/characterize", of)  # there is room again
    server.send(again, *(server.message("$/cancelRequest", {"id": id}) for id in [*first, again["id"]]))
    # Those that have a thread were still at work: no answer waited for them.
    assert set(_codes(server, [*first, again["id"]]).values()) == {-32800}


def _codes(server, ids):
    """The error code of each answer, in whatever order they come."""
    codes = {}
    while len(codes) < len(ids):
        answer = server.response()
        assert answer["id"] not in codes, answer
        codes[answer["id"]] = answer["error"]["code"]
    return codes


@pytest.mark.parametrize("id", [2**63, -(2**63) - 1, 10**300, 1.5], ids=["2^63", "-2^63-1", "1e300", "1.5"])
def test_an_id_beyond_64_bits_is_refused_with_a_true_text(server, id):
    server.send({"jsonrpc": "2.0", "id": id, "method": "session/list"})
    answer = server.receive()
    assert answer["id"] is None
    assert "a whole number from -2^63 to 2^63 - 1" in answer["error"]["message"]


@pytest.mark.parametrize("params", [None, [], [None], [{}]])
def test_an_absent_object_in_any_dress(server, params):
    server.send({"jsonrpc": "2.0", "id": 1, "method": "session/list", "params": params})
    assert server.answer(1)["result"] == {"sessions": []}


def test_a_batch_of_more_than_a_thousand_is_refused_whole(server):
    server.send([server.request("session/open", {"session": str(index)}) for index in range(1001)])
    check_error(server.receive()["error"], code=-32600)
    assert server.result("session/list", {}) == {"sessions": []}


def test_names_that_differ_in_their_normal_form_are_different(server):
    names = ["caf\u00e9", "cafe\u0301"]
    for name in names:
        server.result("session/open", {"session": name})
    listed = {entry["session"] for entry in server.result("session/list", {})["sessions"]}
    assert listed == set(names)


def test_a_long_name_is_answered_in_no_time_and_not_repeated(server):
    # Comparing or hashing these marks by Unicode equivalence takes minutes.
    marks = "\u0301\u0323" * 400_000
    for method, params in [(marks, {}), ("session/list", {marks: 1}), ("session/close", {"session": marks})]:
        server.send(server.request(method, params, id=method if method == marks else None))
        assert len(json.dumps(server.response()["error" if method != "session/list" else "result"])) < 2000
