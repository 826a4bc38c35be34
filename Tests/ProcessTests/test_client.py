"""The Python client against a scripted server: what it sends, how it waits, how it fails. Needs no binary."""

import asyncio
import base64
import itertools
import os
import queue
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimtab
import trimtab.rows
from conftest import AWAIT_SECONDS
from trimtab import AsyncTrimtab, Request, Trimtab

SCRIPT = str(Path(__file__).with_name("scripted_server.py"))
TIMEOUT = 0.05  # for calls that are never answered


@pytest.fixture(params=["headers", "lines"])
def framing(request):
    return request.param


@pytest.fixture
def start(framing):
    def start(kind=Trimtab, **options):
        command = [sys.executable, SCRIPT] + (["lines"] if framing == "lines" else [])
        return kind(command, framing=framing, **{"timeout": AWAIT_SECONDS, **options})

    return start


def test_answers_are_typed_and_frozen(start):
    with start() as client:
        session = client.open_session("s")
        point = session.query("p", deadline_seconds=3.0)
        assert (point.plan.plan, point.plan.energy_joules, point.lower_bound.price_watts) == (4, 5.5, 2.0)
        with pytest.raises(AttributeError):
            point.plan.plan = 5
        sent = client.call(Request("seen", {}))[-2]
        assert sent["params"] == {"session": "s", "pipeline": "p", "deadlineSeconds": 3.0}


def test_close_ends_the_server_in_order(start):
    client = start()
    assert client.close() == 0
    assert client.close() == 0
    with pytest.raises(trimtab.ServerExited):
        client.call(Request("echo", {}))


def test_large_requests_and_answers(start):
    with start() as client:
        rows = ["é" * 100] * 20_000
        assert client.call(Request("echo", {"rows": rows})) == {"rows": rows}


def test_what_is_not_json_is_refused_before_it_is_sent(start):
    with start() as client:
        with pytest.raises(ValueError):
            client.call(Request("echo", {"x": float("nan")}))
        assert client.call(Request("echo", {"x": 1})) == {"x": 1}


def test_notifications_progress_and_questions_met_on_the_way(start):
    said, progress = [], []
    with start(on_notification=lambda method, params: said.append((method, params))) as client:
        assert client.call(Request("talk", {}), progress=progress.append) == "done"
        assert said == [("window/logMessage", {"message": "hello"})]
        assert progress == [{"percentage": 10}, {"percentage": 20}]
        refusal = [message for message in client.call(Request("seen", {})) if message.get("id") == "from the server"]
        assert refusal[0]["error"]["code"] == -32601


def in_threads(*works):
    """Runs each in a thread of its own, and returns what they return or raise."""
    found: list[Any] = [None] * len(works)

    def run(number):
        try:
            found[number] = works[number]()
        except BaseException as error:
            found[number] = error

    threads = [threading.Thread(target=run, args=(number,), daemon=True) for number in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(AWAIT_SECONDS)
        assert not thread.is_alive()
    return found


def test_threads_share_a_client(start):
    with start() as client:
        together = threading.Barrier(4)

        def calls(name):
            together.wait()
            one = [client.call(Request("echo", {"of": [name, number]}))["of"] for number in range(100)]
            rest = client.pipeline_requests([Request("echo", {"of": [name, number]}) for number in range(100, 110)])
            return one + [answer["of"] for answer in rest]

        found = in_threads(*(lambda name=name: calls(name) for name in range(4)))
        assert found == [[[name, number] for number in range(110)] for name in range(4)]


def test_calls_go_on_while_another_thread_waits_for_pushes(start):
    with start() as client:
        heard = queue.Queue()

        def listen():
            for _ in range(50):
                heard.put(client.wait().method)

        def call():
            for number in range(50):
                assert client.call(Request("echo", {"of": number})) == {"of": number}
                client.call(Request("announce", {}))
                # Whichever thread has read it.
                assert heard.get(timeout=AWAIT_SECONDS) == "announced"

        assert in_threads(listen, call) == [None, None]


def test_calls_go_on_while_another_thread_waits_for_a_started_request(start):
    client = start()
    pending = client.start(Request("silent", {}))

    def call():
        for number in range(50):
            assert client.call(Request("echo", {"of": number})) == {"of": number}
        return client.close()

    waited, status = in_threads(pending.result, call)
    assert isinstance(waited, trimtab.ServerExited) and status == 0


def test_a_call_waits_for_its_turn_no_longer_than_its_timeout(start):
    begun = threading.Event()
    with start(on_notification=lambda *_: begun.set()) as client:
        def occupy():
            client.pipeline_requests([Request("talk", {"workDoneToken": "t"}), Request("silent", {})])

        def call():
            assert begun.wait(AWAIT_SECONDS)
            with pytest.raises(trimtab.CallTimeout, match="another thread"):
                client.call(Request("echo", {}), timeout=TIMEOUT)
            assert client.wait(timeout=TIMEOUT) is None
            # Closing does not wait for the call of another thread, which hears that the server has ended.
            client.close(timeout=TIMEOUT)

        occupied, called = in_threads(occupy, call)
        assert isinstance(occupied, trimtab.ServerExited) and called is None


@pytest.mark.parametrize("kind", [Trimtab, AsyncTrimtab])
@pytest.mark.parametrize("command, error, said", [
    ([], ValueError, "names no program"), ([" "], ValueError, "names no program"), (7, TypeError, "found 7"),
    (["trimtab", 7], TypeError, "the word 7"), ({"a": 1}, TypeError, "found {'a': 1}"),
    (["trimtab", "\0"], ValueError, "NUL")])
def test_a_command_that_is_none_is_refused(kind, command, error, said):
    async def begin():
        async with AsyncTrimtab(command):
            pass

    with pytest.raises(error, match=f"^command: expected .*{re.escape(said)}"):
        Trimtab(command) if kind is Trimtab else asyncio.run(begin())


def test_a_path_may_be_a_word_of_the_command():
    with Trimtab([Path(sys.executable), Path(SCRIPT)], timeout=AWAIT_SECONDS) as client:
        assert client.call(Request("echo", {"x": 1})) == {"x": 1}


def test_a_callback_may_call(start):
    answers = []
    with start() as client:
        client.on_notification = lambda method, params: answers.append(client.call(Request("echo", {"n": 1})))
        assert client.call(Request("talk", {}), progress=lambda value: None) == "done"
    assert answers == [{"n": 1}]


@pytest.mark.parametrize("code, kind, expected", [
    (-32700, None, trimtab.ParseError), (-32601, None, trimtab.MethodNotFound), (-32602, "x", trimtab.InvalidParams),
    (-32800, None, trimtab.RequestCancelled), (-32803, "deadlineBelowMinimum", trimtab.DeadlineBelowMinimum),
    (2001, None, trimtab.InvalidPipeline), (2999, "new", trimtab.RPCError),
])
def test_errors_are_classes(start, code, kind, expected):
    data = {"kind": kind, "fix": "do it so", "minimumTimeSeconds": 2.5}
    with start() as client, pytest.raises(trimtab.RPCError) as caught:
        client.call(Request("fail", {"code": code, "message": "no", "data": data}))
    assert type(caught.value) is expected and caught.value.code == code and caught.value.kind == kind
    assert "do it so" in str(caught.value)
    if isinstance(caught.value, trimtab.DeadlineBelowMinimum):
        assert caught.value.minimum_time_seconds == 2.5


def test_an_error_without_id_is_raised(start):
    with start() as client, pytest.raises(trimtab.ParseError):
        client.call(Request("garble", {}))


def test_a_timeout_cancels_on_the_wire_and_the_client_goes_on(start):
    with start() as client:
        with pytest.raises(TimeoutError):
            client.call(Request("silent", {}), timeout=TIMEOUT)
        late, cancel = client.call(Request("seen", {}))[-3:-1]
        assert (cancel["method"], cancel["params"]) == ("$/cancelRequest", {"id": late["id"]})


def test_folders_may_be_paths_and_roots_are_a_list(binary, tmp_path):
    (tmp_path / "profile.csv").write_text("stage,instruction,frequency,time,energy\n0,forward,1410,1,90\n")
    with trimtab.Trimtab([binary, "serve"], roots=[tmp_path], state_directory=tmp_path / "state") as client:
        session = client.open_session("s")
        session.define_pipeline("p", schedule="1f1b", stages=1, microbatches=1, blocking_power_watts=60.0)
        assert session.submit_profile("p", csv_path="profile.csv").row_count == 1
    assert (tmp_path / "state" / "sessions").is_dir()
    with pytest.raises(TypeError, match="roots: expected a list of folders, found 'profiles'"):
        trimtab.Trimtab([binary, "serve"], roots="profiles")


def test_every_method_takes_a_timeout_that_goes_before_the_clients(start):
    with start() as client:
        session = client.open_session("s", timeout=AWAIT_SECONDS)
        with pytest.raises(TimeoutError):
            session.job("silent", timeout=TIMEOUT)
        silent, cancel = client.call(Request("seen", {}))[-3:-1]
        assert silent["params"] == {"session": "s", "job": "silent"}, "the timeout is the client's own affair"
        assert cancel["method"] == "$/cancelRequest"


def test_a_server_that_dies_fails_the_call_with_its_last_words(start):
    with start() as client, pytest.raises(trimtab.ServerExited) as caught:
        client.call(Request("die", {}))
    assert caught.value.exit_code == 3 and caught.value.stderr_lines == ("the last words",)


def test_a_server_that_dies_in_mid_frame(start):
    with start() as client, pytest.raises(trimtab.ServerExited) as caught:
        client.call(Request("die/inFrame", {}))
    assert caught.value.exit_code == 4


def test_a_server_that_garbles_its_output(start):
    with start() as client, pytest.raises(trimtab.GarbledStream):
        client.call(Request("stray print", {}))


def test_a_server_that_never_starts():
    with pytest.raises(trimtab.ServerExited) as caught:
        Trimtab([sys.executable, "-c", "raise SystemExit('bad luck')"])
    assert caught.value.exit_code == 1 and caught.value.stderr_lines == ("bad luck",)


def test_a_started_request_is_answered_beside_others(start):
    with start() as client:
        first, silent = client.start(Request("echo", {"n": 1})), client.start(Request("silent", {}))
        assert not first.arrived
        assert client.call(Request("echo", {"n": 2})) == {"n": 2}
        assert first.arrived and first.result() == {"n": 1}
        with pytest.raises(trimtab.CallTimeout):
            silent.result(timeout=TIMEOUT)
        silent.cancel()
        assert client.call(Request("seen", {}))[-2]["method"] == "$/cancelRequest"


def test_pipelined_requests_keep_their_order_and_errors(start):
    requests = [Request("echo", {"n": n, "padding": "x" * 500}) for n in range(3000)]
    requests[7] = Request("fail", {"code": -32602, "message": "seven"})
    with start() as client:
        answers = client.pipeline_requests(requests)
        assert isinstance(answers.pop(7), trimtab.InvalidParams)
        assert [answer["n"] for answer in answers] == [n for n in range(3000) if n != 7]


def test_unknown_fields_are_python_warnings(start):
    with start() as client, pytest.warns(trimtab.UnknownFieldWarning) as caught:
        client.call(Request("warned", {}))
    assert [str(one.message) for one in caught] == [
        "trial/update has no field 'score_'; did you mean 'score'?",
        "warned has no field 'a.licenses'; did you mean 'licences'?", "warned has no field 'x'"]


def test_pushes_between_calls_are_heard(start):
    with start() as client:
        assert client.wait(timeout=TIMEOUT) is None
        client.call(Request("announce", {}))
        client.call(Request("talk", {}), progress=lambda value: None)
        pushes = [client.wait(AWAIT_SECONDS) for _ in range(2)]
        assert pushes == [trimtab.Push("announced", {}), trimtab.Push("window/logMessage", {"message": "hello"})]
        client.start(Request("announce", {}))
        assert [push.method for push in client.pushes(timeout=0.5)] == ["announced"]


def test_async_pushes_are_heard(start):
    async def main():
        async with start(AsyncTrimtab) as client:
            assert await client.wait(timeout=TIMEOUT) is None
            await client.call(Request("announce", {}))
            async for push in client.pushes(AWAIT_SECONDS):
                assert push == trimtab.Push("announced", {})
                break
            waiting = asyncio.ensure_future(client.wait())
            with pytest.raises(trimtab.ServerExited):
                await client.call(Request("die", {}))
            with pytest.raises(trimtab.ServerExited):
                await waiting

    asyncio.run(main())


# Values


def test_numbers_of_numpy_are_sent_as_numbers(start):
    scalars = {"a": np.float32(0.5), "b": np.int64(3), "c": np.bool_(True), "d": np.float64(0.25), "e": np.array(2.5)}
    with start() as client:
        assert client.call(Request("echo", scalars)) == {"a": 0.5, "b": 3, "c": True, "d": 0.25, "e": 2.5}
        assert client.call(Request("echo", {"rows": np.arange(6).reshape(2, 3)})) == {"rows": [[0, 1, 2], [3, 4, 5]]}
        with pytest.raises(ValueError):
            client.call(Request("echo", {"x": np.array([1.0, np.nan])}))
        with pytest.raises(TypeError, match="Path"):
            client.call(Request("echo", {"x": Path("x")}))
        session = client.open_session("s")
        client.start(session.request.update_trial(1, np.int64(2), np.float32("nan")))
        sent = client.call(Request("seen", {}))[-2]["params"]
        assert (sent["step"], sent["score"]) == (2, "NaN")


@pytest.mark.parametrize("kind", ["<f2", "<f4", ">f8"])
def test_an_array_of_features_travels_as_base64(start, kind):
    features = np.arange(12, dtype=kind).reshape(3, 4).T
    with start() as client:
        request = client.open_session("s").request.attach_representation("clip", rows=features)
    params = request.params
    assert params["shape"] == [4, 3] and "rows" not in params
    sent = np.frombuffer(base64.b64decode(params["base64"]), np.dtype(params["elementType"]).newbyteorder("<"))
    assert np.array_equal(sent.reshape(params["shape"]), features)


def test_columns_of_a_table_are_named_by_their_path():
    prediction = trimtab.Prediction(trimtab.Candidate("clip", "qwen"), "observed", rank=1)
    columns = trimtab.rows.columns(prediction)
    assert (columns["candidate.encoder"], columns["rank"], columns["status"]) == ("clip", 1, "observed")


# Interrupts


def test_the_server_has_a_session_of_its_own(start):
    async def main():
        async with start(AsyncTrimtab) as client:
            return os.getsid(client.process.pid) == client.process.pid

    with start() as client:
        assert os.getsid(client.process.pid) == client.process.pid
    assert asyncio.run(main())


INTERRUPTED = """
import sys
from trimtab import Request, Trimtab

with Trimtab(sys.argv[1:], timeout=60) as client:
    kept = client.start(Request("echo", {"kept": True}))
    try:
        client.on_notification = lambda method, params: print(method, flush=True)
        client.call(Request("announce", {}))
        client.call(Request("silent", {}))
    except KeyboardInterrupt:
        print(client.call(Request("echo", {"n": 1})), kept.result())
        print([one["method"] for one in client.call(Request("seen", {}))][-3:])
"""


def test_an_interrupt_of_the_terminal_ends_the_call_and_not_the_server():
    """Ctrl-C goes to every process of the terminal's foreground group."""
    environment = {**os.environ, "PYTHONPATH": str(Path(trimtab.__file__).parents[1])}
    process = subprocess.Popen([sys.executable, "-c", INTERRUPTED, sys.executable, SCRIPT], stdout=subprocess.PIPE,
                               env=environment, text=True, start_new_session=True)
    assert process.stdout is not None and process.stdout.readline() == "announced\n"
    os.killpg(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=AWAIT_SECONDS)
    assert output == "{'n': 1} {'kept': True}\n['$/cancelRequest', 'echo', 'seen']\n"
    assert process.returncode == 0


def interrupted_at(instruction, call):
    """Calls with KeyboardInterrupt raised before the given instruction of the client's code; whether it came so far."""
    package, count = str(Path(trimtab.__file__).parent), itertools.count()

    def trace(frame, event, argument):
        if not frame.f_code.co_filename.startswith(package):
            return None
        frame.f_trace_opcodes = True
        if event == "opcode" and next(count) == instruction:
            sys.settrace(None)
            raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
        return False
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)


@pytest.mark.parametrize("size", [10, 300_000], ids=["small", "more than a pipe holds"])
def test_an_interrupt_at_any_instruction_leaves_the_client_whole(start, size):
    """No answer of another request is lost or met twice, and nothing that was sent is cut."""
    padding = "x" * size
    with start() as client:
        for instruction in itertools.count(0, 1 if size < 100 else 11):
            pending = client.start(Request("echo", {"pending": instruction, "padding": padding}))
            came = interrupted_at(instruction, lambda: client.call(Request("echo", {"padding": padding})))
            for n in range(2):
                assert client.call(Request("echo", {"n": n})) == {"n": n}, instruction
            assert pending.result()["pending"] == instruction
            if not came:
                break
        assert instruction > 200, "the calls were followed"


def test_an_interrupt_while_a_started_request_is_awaited_loses_no_answer(start):
    with start() as client:
        for instruction in itertools.count():
            pending = client.start(Request("echo", {"n": instruction}))
            came = interrupted_at(instruction, pending.result)
            assert pending.result() == {"n": instruction}
            if not came:
                break
        assert instruction > 100, "the calls were followed"


# The same, awaited.

def test_async_calls_overlap(start):
    async def main():
        async with start(AsyncTrimtab) as client:
            session = await client.open_session("s")
            never = asyncio.ensure_future(client.call(Request("silent", {})))
            points = await asyncio.gather(*(session.query("p", deadline_seconds=t) for t in (1.0, 2.0, 3.0)))
            assert [point.plan.plan for point in points] == [4, 4, 4]
            never.cancel()
            with pytest.raises(asyncio.CancelledError):
                await never
            late = [m["id"] for m in await client.call(Request("seen", {})) if m["method"] == "silent"]
            seen = await client.call(Request("seen", {}))
            assert [m["params"]["id"] for m in seen if m["method"] == "$/cancelRequest"] == late
        assert client.process.returncode == 0

    asyncio.run(main())


def test_async_failures(start):
    async def main():
        async with start(AsyncTrimtab) as client:
            with pytest.raises(trimtab.CallTimeout):
                await client.call(Request("silent", {}), timeout=TIMEOUT)
            answers = await client.pipeline_requests(
                [Request("echo", {"n": 1}), Request("fail", {"code": -32602, "message": "no"})])
            assert answers[0] == {"n": 1} and isinstance(answers[1], trimtab.InvalidParams)
            pending = [asyncio.ensure_future(client.call(Request(m, {}))) for m in ("silent", "silent", "die")]
            outcomes = await asyncio.gather(*pending, return_exceptions=True)
            assert all(isinstance(o, trimtab.ServerExited) and o.exit_code == 3 for o in outcomes), outcomes
            with pytest.raises(trimtab.ServerExited):
                await client.call(Request("echo", {}))

    asyncio.run(main())


def test_async_progress(start):
    async def main():
        said, progress = [], []
        async with start(AsyncTrimtab, on_notification=lambda method, params: said.append(method)) as client:
            assert await client.call(Request("talk", {}), progress=progress.append) == "done"
        assert said == ["window/logMessage"] and progress == [{"percentage": 10}, {"percentage": 20}]

    asyncio.run(main())
