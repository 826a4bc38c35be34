"""Requests that are too long for the loop: they run beside it, and order stays as if they did not."""

from typing import Any

import pytest
from conftest import FIXTURES, prepare

LONG = {"pipeline": "long", "schedule": "zbv", "stages": 4000, "microbatches": 5, "blockingPowerWatts": 80}
SHORT = {"pipeline": "short", "schedule": "1f1b", "stages": 2, "microbatches": 2, "blockingPowerWatts": 80}


@pytest.fixture
def sessions(spawn):
    server = spawn()
    for name in ("a", "b"):
        server.result("session/open", {"session": name})
    return server


def answers(server, requests):
    """Sends all in one write: the answers in the order of their arrival, as (index of the request, answer)."""
    server.send(*requests)
    order = {request["id"]: index for index, request in enumerate(requests)}
    arrived = [server.response() for _ in requests]
    return [(order[answer["id"]], answer) for answer in arrived]


def test_other_sessions_go_on_and_the_same_one_waits(sessions):
    arrived = answers(sessions, [
        sessions.request("pipeline/define", {"session": "a", **LONG}),
        sessions.request("pipeline/define", {"session": "a", **SHORT}),
        sessions.request("pipeline/define", {"session": "b", **SHORT}),
        sessions.request("session/list"),
    ])
    assert [index for index, _ in arrived] == [2, 3, 0, 1]
    by_index = dict(arrived)
    assert by_index[0]["result"]["revision"] == 1 and by_index[0]["result"]["instructionCount"] == 60_000
    assert by_index[1]["result"]["revision"] == 2


def test_a_request_that_waits_can_be_cancelled(sessions):
    long, waiting = (sessions.request("pipeline/define", {"session": "a", **params}) for params in (LONG, SHORT))
    sessions.send(long, waiting, sessions.message("$/cancelRequest", {"id": waiting["id"]}))
    assert sessions.answer(waiting["id"])["error"]["code"] == -32800
    assert sessions.answer(long["id"])["result"]["revision"] == 1
    assert sessions.error("pipeline/get", {"session": "a", "pipeline": "short"})["data"]["kind"] == "unknownPipeline"


def test_a_long_request_that_is_cancelled_changes_nothing(sessions):
    long = sessions.request("pipeline/define", {"session": "a", **LONG})
    after = sessions.request("pipeline/define", {"session": "a", **SHORT})
    sessions.send(long, after, sessions.message("$/cancelRequest", {"id": long["id"]}))
    assert sessions.answer(long["id"])["error"]["code"] == -32800
    assert sessions.answer(after["id"])["result"]["revision"] == 1
    assert sessions.error("pipeline/get", {"session": "a", "pipeline": "long"})["data"]["kind"] == "unknownPipeline"


def test_a_long_request_that_is_refused_changes_nothing(sessions):
    arrived = answers(sessions, [
        sessions.request("pipeline/define", {"session": "a", **LONG, "gpus": ["none"] * 2000}),
        sessions.request("pipeline/define", {"session": "a", **SHORT}),
    ])
    assert [index for index, _ in arrived] == [0, 1]
    assert arrived[0][1]["error"]["data"]["kind"] == "unknownGPU" and arrived[1][1]["result"]["revision"] == 1


def test_closing_waits_for_a_long_request(sessions):
    arrived = answers(sessions, [
        sessions.request("pipeline/define", {"session": "a", **LONG}),
        sessions.request("session/close", {"session": "a"}),
        sessions.request("pipeline/get", {"session": "a", "pipeline": "long"}),
    ])
    assert [index for index, _ in arrived] == [0, 1, 2]
    assert "result" in arrived[0][1] and arrived[1][1]["result"]["closed"]
    assert arrived[2][1]["error"]["data"]["kind"] == "unknownSession"


def test_shutdown_waits_for_long_requests(sessions):
    arrived = answers(sessions, [
        sessions.request("pipeline/define", {"session": "a", **LONG}),
        sessions.request("pipeline/define", {"session": "a", **SHORT}),
        sessions.request("shutdown"),
        sessions.request("session/list"),
    ])
    assert [index for index, _ in arrived] == [3, 0, 1, 2]
    by_index = dict(arrived)
    assert "result" in by_index[0] and "result" in by_index[1] and by_index[2]["result"] is None
    assert by_index[3]["error"]["code"] == -32600
    sessions.send(sessions.message("exit"))
    assert sessions.exit_code()[0] == 0


def test_many_requests_that_wait_keep_their_order(sessions):
    count = 500
    requests = [sessions.request("pipeline/define", {"session": "a", **LONG})]
    requests += [sessions.request("gpu/register", {"session": "a", "gpus": [{"id": f"g{i}"}]}) for i in range(count)]
    arrived = answers(sessions, requests)
    assert [index for index, _ in arrived] == list(range(count + 1))
    assert [answer["result"]["revision"] for _, answer in arrived] == list(range(1, count + 2))


def test_a_frontier_of_a_closed_session_does_not_reach_the_one_opened_in_its_place(sessions):
    def submit(scale):
        rows = [{"stage": stage, "instruction": kind, "frequency": clock, "timeSeconds": scale * 90 / clock,
                 "energyJoules": 20 + clock / 100} for stage in range(2) for kind in ("forward", "backward")
                for clock in range(600, 1500, 60)]
        return sessions.request("profile/submit", {"session": "a", "pipeline": "short", "rows": rows})

    def define(params):
        return sessions.request("pipeline/define", {"session": "a", **params})

    # The computation is done while the long request has the session, and close and open wait behind that.
    for microbatches in (4, 8, 16, 32):
        short = {**SHORT, "microbatches": microbatches}
        computing = sessions.request(
            "frontier/characterize", {"session": "a", "pipeline": "short", "effort": "quick", "planCount": 5})
        query = sessions.request("frontier/curve", {"session": "a", "pipeline": "short"})
        requests = [define(short), submit(1), computing, define(LONG),
                    sessions.request("session/close", {"session": "a"}),
                    sessions.request("session/open", {"session": "a"}), define(short), submit(3)]
        arrived = answers(sessions, requests)
        place, answer = next((place, answer) for place, (index, answer) in enumerate(arrived) if index == 2)
        closed = next(place for place, (index, _) in enumerate(arrived) if index == 4)
        assert place < closed if "result" in answer else answer["error"]["code"] == -32800
        sessions.send(query)
        assert sessions.answer(query["id"])["error"]["data"]["kind"] == "notCharacterized"
        sessions.result("session/close", {"session": "a"})
        sessions.result("session/open", {"session": "a"})


GPUS = [{"id": f"node-{n}/0"} for n in range(3000)]
POOL = {
    "task": {"name": "t", "metric": {"name": "m", "direction": "maximize"}, "alignmentSampleCount": 400},
    "search": {"strategy": "race"},
    "encoders": [{"id": f"e{n}", "parameterCount": 1000} for n in range(64)],
    "projectors": [{"id": "p", "parameterCount": 1000}],
    "languageModels": [{"id": f"m{n}", "parameterCount": 1000} for n in range(64)],
}
CSV = "stage,instruction,frequency,time,energy\n" + "".join(
    f"{stage},{instruction},{frequency},{100 / frequency},{frequency / 10}\n"
    for stage in range(4) for instruction in ("forward", "backward") for frequency in range(1000, 1400))

# Each with what its session needs before.
LONG_ONES: dict[str, tuple[list[tuple[str, dict[str, Any]]], dict[str, Any]]] = {
    "gpu/register": ([], {"gpus": GPUS}),
    "gpu/list": ([("gpu/register", {"gpus": GPUS})], {}),
    "gpu/retire": ([("gpu/register", {"gpus": GPUS})], {"ids": [gpu["id"] for gpu in GPUS]}),
    "session/export": ([("gpu/register", {"gpus": GPUS})], {}),
    "pipeline/get": ([("pipeline/define", LONG)], {"pipeline": "long"}),
    "pipeline/replicate": (
        [("pipeline/define", SHORT)], {"pipeline": "short", "replicas": [f"r{n}" for n in range(3000)]}),
    "job/get": (
        [("pipeline/define", SHORT),
         ("pipeline/replicate", {"pipeline": "short", "replicas": [f"r{n}" for n in range(3000)]})],
        {"job": "short"}),
    "profile/submit": (
        [("pipeline/define", {**SHORT, "stages": 4})], {"pipeline": "short", "csvText": CSV}),
    "pool/submit": ([], POOL),
    "suggestion/get": ([("pool/submit", POOL)], {}),
    "suggestion/ranking": ([("pool/submit", POOL)], {}),
}


@pytest.mark.parametrize("method", LONG_ONES)
def test_a_long_request_is_overtaken_by_other_sessions_and_not_by_its_own(sessions, method):
    before, params = LONG_ONES[method]
    for name, needed in before:
        sessions.result(name, {"session": "a", **needed})
    arrived = answers(sessions, [
        sessions.request(method, {"session": "a", **params}),
        sessions.request("pipeline/define", {"session": "a", **SHORT, "pipeline": "after"}),
        sessions.request("pipeline/define", {"session": "b", **SHORT}),
    ])
    assert [index for index, _ in arrived] == [2, 0, 1]
    assert all("result" in answer for _, answer in arrived)


def test_a_notification_waits_for_a_long_request_of_its_session(sessions):
    sessions.result("pool/submit", {"session": "a", **POOL})
    sessions.send(
        sessions.request("suggestion/ranking", {"session": "a"}, id="long"),
        sessions.message("trial/update", {"session": "a", "trial": 1, "step": 1, "dataFraction": 0.5, "score": 1}),
        sessions.request("pipeline/define", {"session": "b", **SHORT}, id="other"))
    arrived = [sessions.receive() for _ in range(3)]
    assert [message.get("id", message.get("method")) for message in arrived] == ["other", "long", "trial/decided"]
    assert arrived[2]["params"]["error"]["data"]["kind"] == "unknownTrial"


def test_a_list_of_many_sessions_holds_nothing_up_and_shows_one_moment(sessions):
    answers(sessions, [sessions.request("session/open", {"session": f"s{n}"}) for n in range(4000)])
    arrived = answers(sessions, [
        sessions.request("session/list"),
        sessions.request("session/open", {"session": "later"}),
        sessions.request("pipeline/define", {"session": "b", **SHORT}),
    ])
    assert [index for index, _ in arrived] == [1, 2, 0]
    listed = {session["session"]: session for session in arrived[2][1]["result"]["sessions"]}
    assert len(listed) == 4002 and "later" not in listed and listed["b"]["revision"] == 0


COMPUTATIONS: dict[str, dict[str, Any]] = {
    "frontier/characterize": {"pipeline": "p", "effort": "quick"},
    "plan/uncertainty": {"pipeline": "p", "plan": 0, "resampleCount": 100_000},
    "profile/next": {"pipeline": "p", "count": 256, "sufficientRegretFraction": 0},
}


@pytest.mark.parametrize("method", COMPUTATIONS)
def test_a_computation_holds_up_no_request_of_its_session(spawn, method):
    server = spawn(roots=[str(FIXTURES)])
    prepare(server, "a", characterize=method != "frontier/characterize")
    arrived = answers(server, [
        server.request(method, {"session": "a", **COMPUTATIONS[method]}),
        server.request("pipeline/define", {"session": "a", **SHORT}),
        server.request("session/open", {"session": "b"}),
    ])
    assert [index for index, _ in arrived] == [1, 2, 0]
    assert all("result" in answer for _, answer in arrived)


def test_requests_wait_while_their_session_is_recovered(spawn, tmp_path):
    state = str(tmp_path / "state")
    server = spawn(stateDirectory=state)
    server.result("session/open", {"session": "a"})
    for n in range(20):
        server.result("gpu/register", {"session": "a", "gpus": [{"id": f"{n}/{gpu['id']}"} for gpu in GPUS]})
    assert server.finish()[0] == 0

    server = spawn(stateDirectory=state)
    server.result("session/open", {"session": "b"})
    arrived = answers(server, [
        server.request("session/open", {"session": "a"}),
        server.request("pipeline/define", {"session": "a", **SHORT}),
        server.request("pipeline/define", {"session": "b", **SHORT}),
    ])
    assert [index for index, _ in arrived] == [2, 0, 1]
    by_index = dict(arrived)
    assert by_index[0]["result"]["resumed"] and by_index[1]["result"]["revision"] == 21


def test_a_long_message_holds_up_those_after_it(sessions):
    # Refused at once when it has been parsed, so that only parsing can take long.
    arrived = answers(sessions, [
        sessions.request("session/open", {"session": "a" * (2 << 20)}),
        sessions.request("pipeline/define", {"session": "b", **SHORT}),
    ])
    assert [index for index, _ in arrived] == [0, 1]
    assert "error" in arrived[0][1] and "result" in arrived[1][1]
