"""A server that is killed is started again from its state directory, and its client goes on.

A stopped server (SIGSTOP) has what it was sent and has read none of it: killed then, it leaves requests whose effect
the client cannot know, at a known instant.
"""

import asyncio
import signal
from typing import Any

import pytest
import trimtab
from trimtab import AsyncTrial, AsyncTrimtab, Metric, ModelPart, RestartWarning, SelectionTask, Trial, Trimtab

pytestmark = pytest.mark.filterwarnings("ignore::trimtab.RestartWarning")

POOL: Any = {
    "encoders": [ModelPart("clip"), ModelPart("dino")], "language_models": [ModelPart("qwen"), ModelPart("phi")],
    "task": SelectionTask("vqa", Metric("accuracy", "maximize"), 1000),
}


@pytest.fixture
def client(binary, tmp_path):
    with Trimtab(binary, state_directory=str(tmp_path / "state"), timeout=60) as client:
        yield client


@pytest.fixture
def session(client):
    session = client.open_session("search", seed=7)
    session.submit_pool(**POOL)
    return session


def ask(session):
    trial = session.ask("worker0")
    assert isinstance(trial, Trial)
    return trial


def kill(client):
    client.process.send_signal(signal.SIGKILL)
    if isinstance(client, Trimtab):
        client.process.wait()


def test_sessions_go_on_in_another_server(client, session):
    trial = ask(session)
    trial.report(1, 0.5, data_fraction=trial.to_fraction / 2, checkpoint="/saved/1")
    before, process = session.export(), client.process
    kill(client)
    with pytest.warns(RestartWarning, match="exit code -9"):
        again = ask(session)
    assert client.process is not process and client.process.poll() is None
    assert (again.number, again.assignment.repeated, again.resume.checkpoint) == (trial.number, True, "/saved/1")
    assert session.export().requests[: len(before.requests)] == before.requests


def test_a_report_under_way_is_made_once(client, session):
    trial = ask(session)
    client.process.send_signal(signal.SIGSTOP)
    report = client.start(session.request.update_trial(trial.number, 1, 0.5, data_fraction=trial.to_fraction / 2))
    kill(client)
    assert report.result().decision == "continue"
    assert [one.last_step for one in session.trials().trials] == [1]


def test_the_fate_of_a_change_under_way_is_the_callers_to_look_up(client, session):
    client.process.send_signal(signal.SIGSTOP)
    pin = client.start(session.request.pin_candidate("clip", "qwen"))
    query = client.start(session.request.suggestion())
    kill(client)
    with pytest.raises(trimtab.OutcomeUnknown):
        pin.result()
    assert query.result().untried_count == 4


def test_a_change_that_was_never_sent_is_sent(client, session):
    kill(client)
    assert session.pin_candidate("clip", "qwen").pinned


def test_a_notification_reaches_the_next_server(client, session):
    trial = ask(session)
    kill(client)
    trial.update_nowait(1, 0.5, data_fraction=trial.to_fraction / 2)
    push = client.wait(60)
    while push.method != "trial/decided":
        push = client.wait(60)
    assert (push.params["trial"], push.params["step"]) == (trial.number, 1)


def test_a_closed_session_stays_closed(client, session):
    session.close()
    other = client.open_session("other")
    kill(client)
    other.export()
    assert [one.session for one in client.list_sessions()] == ["other"]


def test_a_request_at_which_the_server_ends_twice_is_given_up(client, session):
    client.process.send_signal(signal.SIGSTOP)
    query = client.start(session.request.suggestion())
    kill(client)

    write = client._write

    def write_and_kill(data, deadline):
        last = b"suggestion/get" in data
        if last:
            client.process.send_signal(signal.SIGSTOP)
        write(data, deadline)
        if last:
            kill(client)

    client._write = write_and_kill
    with pytest.raises(trimtab.ServerExited):
        query.result()
    del client._write
    assert session.suggestion().untried_count == 4, "the next call starts a server"


@pytest.mark.parametrize("options", [{}, {"state": True, "restart": False}], ids=["in memory", "switched off"])
def test_without_a_state_directory_the_call_fails(binary, tmp_path, options):
    state = str(tmp_path) if options.pop("state", False) else None
    with Trimtab(binary, state_directory=state, timeout=60, **options) as client:
        session = client.open_session("s")
        kill(client)
        with pytest.raises(trimtab.ServerExited):
            session.export()


def test_awaited_calls_go_on_too(binary, tmp_path):
    async def main():
        async with AsyncTrimtab(binary, state_directory=str(tmp_path), timeout=60) as client:
            session = await client.open_session("search", seed=7)
            await session.submit_pool(**POOL)
            trial = await session.ask("worker0")
            assert isinstance(trial, AsyncTrial)
            client.process.send_signal(signal.SIGSTOP)
            calls = [asyncio.ensure_future(call) for call in (
                session.suggestion(), session.pin_candidate("clip", "qwen"),
                trial.report(1, 0.5, data_fraction=trial.to_fraction / 2))]
            await asyncio.sleep(0)  # each task has written its request
            first = client.process
            kill(client)
            suggestion: Any
            decision: Any
            suggestion, pin, decision = await asyncio.gather(*calls, return_exceptions=True)
            assert suggestion.cost.trial_count == 1 and decision.decision == "continue"
            assert isinstance(pin, trimtab.OutcomeUnknown)
            assert client.process is not first
            kill(client)
            again = await session.ask("worker0")
            assert isinstance(again, AsyncTrial) and again.number == trial.number
        assert client.process.returncode == 0

    asyncio.run(main())


def test_what_may_be_sent_again_is_in_the_protocol(client):
    from trimtab.restart import NAMED, REPEATABLE

    assert set(client.server["capabilities"]["methods"]) >= REPEATABLE | set(NAMED)
