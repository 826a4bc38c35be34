"""`trimtab-pfo-server` by plain HTTP, and `python -m trimtab convert`; Zeus's client is in IntegrationTests/zeus."""

import json
import os
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import pytest
from trimtab import ServerExited, Trimtab
from trimtab.errors import error_from
from trimtab.zeus import (
    FormatError,
    Measurement,
    read_plan,
    read_profile,
    read_schedules,
    results_profile,
    write_plan,
    write_profile,
    write_schedules,
)
from trimtab.zeus.jobs import Jobs
from trimtab.zeus.server import make_server

CLOCKS = [1410, 1200, 1005, 810, 600, 495, 390, 300, 210]
JOB = {"job_id": "", "pp_degree": 2, "dp_degree": 1, "tp_degree": 2, "world_size": 4}


def measurement(stage, kind, clock):
    seconds = (1 + 0.3 * stage) * (1 if kind == "forward" else 2) * 0.05 * (0.3 + 0.7 * CLOCKS[0] / clock)
    return seconds, seconds * (90 + 250 * (clock / CLOCKS[0]) ** 3)


def profile():
    return [Measurement(stage, kind, clock, *measurement(stage, kind, clock))
            for stage in range(2) for kind in ("forward", "backward") for clock in CLOCKS]


@contextmanager
def serving(binary, state, *options):
    server, client = make_server(
        ["--port", "0", "--state", str(state), "--blocking-power", "60", *options], command=[binary, "serve"])
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        client.close()


def call(url, path, body=None, timeout=60):
    request = urllib.request.Request(url + path, None if body is None else json.dumps(body).encode(),
                                     {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def rank(number, **changes):
    return {"rank": number, "dp_rank": 0, "pp_rank": number // 2, "tp_rank": number % 2,
            "available_frequencies": CLOCKS, **changes}


def registered(url, job=JOB):
    status, identity = call(url, "/register_job", job)
    assert status == 200
    for number in range(job["world_size"]):
        assert call(url, f"/register_rank/{identity}", rank(number)) == (200, None)
    return identity


def asked(url, identity, ranks=range(4)):
    with ThreadPoolExecutor(len(ranks)) as pool:
        return list(pool.map(lambda number: call(url, f"/schedule/{identity}?rank={number}"), ranks))


def test_ranks_get_the_plan_of_the_engine_in_the_order_of_the_schedule(binary, tmp_path):
    file = tmp_path / "profile.csv"
    file.write_text(write_profile(profile(), zeus=True))
    options = ("--profile", str(file), "--microbatches", "4", "--slowdown", "0.05")
    with serving(binary, tmp_path / "state", *options) as url:
        identity = registered(url)
        answers = asked(url, identity)
    with Trimtab([binary, "serve"], timeout=60) as client:
        session = client.open_session("same")
        session.define_pipeline("p", schedule="1f1b", stages=2, microbatches=4, blocking_power_watts=60.0,
                                tensor_parallel_width=2)
        session.submit_profile("p", csv_text=file.read_text(), knob_columns=[])
        session.characterize("p")
        point = session.query("p", slowdown_fraction=0.05)
        stages = session.plan("p", plan=point.plan.plan).stages
    assert point.saving_fraction > 0.05
    for number, (status, answer) in enumerate(answers):
        assert status == 200
        assert answer == {"rank": number, "frequencies": [
            [one.instruction, one.frequency] for one in stages[number // 2].instructions]}


def test_a_schedule_waits_for_all_ranks_and_outlives_the_server(binary, tmp_path):
    file = tmp_path / "profile.csv"
    file.write_text(write_profile(profile()))
    options = ("--profile", str(file))
    state = tmp_path / "state"
    with serving(binary, state, *options) as url:
        identity = registered(url, {**JOB, "job_metadata": "gpt 3/microbatches=3"})
        assert "/" not in identity
        with pytest.raises(TimeoutError):
            call(url, f"/schedule/{identity}?rank=0", timeout=0.5)
        first = asked(url, identity)
        assert [len(answer["frequencies"]) for _, answer in first] == [6] * 4
    with serving(binary, state, *options) as url:
        assert call(url, f"/schedule/{identity}?rank=2") == first[2]
        _, again = call(url, "/register_job", JOB)
        assert again != identity
    files = {path.name for path in (state / "jobs" / identity).iterdir()}
    assert files == {"job.json", "ranks.json", "ranks.jsonl", "0.sched.json", "planned.json"}


def test_what_some_ranks_have_sent_outlives_the_server(binary, tmp_path):
    state, options = tmp_path / "state", ("--microbatches", "3")
    with serving(binary, state, *options) as url:
        _, identity = call(url, "/register_job", JOB)
        for number in range(2):
            call(url, f"/register_rank/{identity}", rank(number))
    with (state / "jobs" / identity / "ranks.jsonl").open("a") as file:
        file.write('{"rank": 2, "dp_')  # a loss of power while rank 2 registered
    with serving(binary, state, *options) as url:
        for number in range(2, 4):
            assert call(url, f"/register_rank/{identity}", rank(number)) == (200, None)
        schedules = asked(url, identity)
        reports(url, identity, schedules, ranks=range(3))
    with serving(binary, state, *options) as url:
        reports(url, identity, schedules, ranks=[3])
        assert clocks_of(asked(url, identity)) == {CLOCKS[1]}


def test_interleaved_stages_of_a_rank_are_measured_together(binary, tmp_path):
    options = ("--microbatches", "4", "--schedule", "interleaved1f1b", "--chunks-per-rank", "2")
    with serving(binary, tmp_path / "state", *options) as url:
        identity = registered(url)
        for _ in CLOCKS:
            schedules = asked(url, identity)
            assert all(len(answer["frequencies"]) == 16 for _, answer in schedules)
            if len(clocks_of(schedules)) > 1:
                return
            reports(url, identity, schedules)
        assert len(clocks_of(asked(url, identity))) > 1


def clocks_of(schedules):
    return {clock for _, answer in schedules for _, clock in answer["frequencies"]}


def reports(url, identity, schedules, ranks=range(4)):
    """Each rank posts what it measured; energies rise again at the lowest clocks."""
    for number in ranks:
        status, answer = schedules[number]
        assert status == 200
        times, energies = {}, {}
        for kind in ("forward", "backward"):
            values = [measurement(number // 2, kind, clock) for name, clock in answer["frequencies"] if name == kind]
            times[kind] = [[seconds for seconds, _ in values]] * 2
            energies[kind] = [[joules for _, joules in values]] * 2
        assert call(url, f"/result/{identity}", {
            "rank": number, "iter_time": [1.0, 1.0], "iter_energy": [5.0, 5.0], "time_breakdown": times,
            "energy_breakdown": energies}) == (200, None)


def test_without_a_profile_the_ranks_measure_clock_by_clock_until_energy_rises(binary, tmp_path):
    state, options = tmp_path / "state", ("--microbatches", "3", "--slowdown", "0.05")
    swept = []
    with serving(binary, state, *options) as url:
        identity = registered(url)
        for _ in range(4):
            schedules = asked(url, identity)
            swept.append(clocks_of(schedules))
            reports(url, identity, schedules)
    with serving(binary, state, *options) as url:  # goes on where the first was
        for _ in range(len(CLOCKS)):
            planned = asked(url, identity)
            if len(found := clocks_of(planned)) > 1:
                break
            swept.append(found)
            reports(url, identity, planned)
        reports(url, identity, planned)
        assert asked(url, identity) == planned
    energies = {(stage, kind): [measurement(stage, kind, clock)[1] for clock in CLOCKS]
                for stage in range(2) for kind in ("forward", "backward")}
    assert swept == [{clock} for clock in CLOCKS[:len(swept)]]
    lowest = min(range(len(CLOCKS)), key=energies[0, "forward"].__getitem__)
    assert len(swept) == min(lowest + 6, len(CLOCKS))
    file = tmp_path / "profile.csv"
    file.write_text(write_profile([row for row in profile() if {row.frequency} in swept]))
    with serving(binary, tmp_path / "other", "--profile", str(file), *options) as url:
        assert asked(url, registered(url)) == planned


def result(number, *names, **changed):
    return {"rank": number, "iter_time": [1.0], "iter_energy": [5.0],
            "time_breakdown": {name: [[0.1]] for name in names},
            "energy_breakdown": {name: [[20.0]] for name in names}, **changed}


def test_a_result_that_the_job_cannot_use_is_refused_to_the_rank_that_sent_it(binary, tmp_path):
    state, options = tmp_path / "state", ("--microbatches", "3", "--slowdown", "0.05")
    with serving(binary, state, *options) as url:
        identity = registered(url)
        schedules = asked(url, identity)
        for body, reason in (
                (result(0, "forward", "backward", "optimizer"), "reports optimizer, which its schedule has not"),
                (result(0, "forward"), "reports no backward, which its schedule has"),
                (result(0), "reports no backward"),
                (result(0, "forward", "backward", energy_breakdown={"forward": [[20.0]]}), "does not match"),
                (result(0, "forward", "backward", time_breakdown={"forward": [[]], "backward": [[0.1]]},
                        energy_breakdown={"forward": [[]], "backward": [[20.0]]}), "an iteration without forward")):
            status, answer = call(url, f"/result/{identity}", body)
            assert status == 400
            assert reason in answer["detail"]
        reports(url, identity, schedules)
        assert clocks_of(asked(url, identity)) == {CLOCKS[1]}


@pytest.mark.parametrize(("name", "text"), [
    # As a server before this one has left it: of four ranks one has measured what its schedule has not.
    ("0.prof.json", json.dumps([result(0, "optimizer"), *(result(n, "forward", "backward") for n in (1, 2, 3))])),
    ("0.prof.jsonl", json.dumps(result(0, "optimizer")) + "\n"),
    ("0.prof.json", "[]]"),
    ("0.sched.json", "[]"),
    ("job.json", "[]"),
    ("job.json", "{"),
])
def test_a_job_whose_files_are_wrong_says_so_and_leaves_the_others_alone(binary, tmp_path, name, text):
    state, options = tmp_path / "state", ("--microbatches", "3")
    with serving(binary, state, *options) as url:
        good, bad = registered(url), registered(url)
        schedules = asked(url, good)
        asked(url, bad)
    (state / "jobs" / bad / name).write_text(text)
    with serving(binary, state, *options) as url:
        assert asked(url, good) == schedules
        for path, body in ((f"/schedule/{bad}?rank=0", None), (f"/register_rank/{bad}", rank(0)),
                           (f"/result/{bad}", result(0, "forward", "backward"))):
            status, answer = call(url, path, body)
            assert status == 400
            assert f"job {bad} cannot be restored" in answer["detail"]
        assert registered(url) not in (good, bad)


@pytest.mark.parametrize(("path", "body", "status", "reason"), [
    ("/register_job", {**JOB, "job_id": "mine"}, 422, "job_id"),
    ("/register_job", {**JOB, "world_size": 5}, 422, "product of the degrees, 4"),
    ("/register_job", {**JOB, "pp_degree": 0}, 422, "pp_degree"),
    ("/register_job", {key: value for key, value in JOB.items() if key != "tp_degree"}, 422, "tp_degree"),
    ("/register_rank/none", rank(0), 400, "no job 'none'"),
    ("/register_rank/JOB", rank(4), 400, "rank 4 is not below world_size 4"),
    ("/register_rank/JOB", rank(0, available_frequencies="all"), 422, "available_frequencies"),
    ("/register_rank/JOB", rank(1, tp_rank=0), 400, "rank 1 is where rank 0 is"),
    ("/schedule/JOB?rank=x", None, 422, "rank"),
    ("/schedule/JOB?rank=7", None, 400, "rank 7"),
    ("/result/JOB", {"rank": 0, "iter_time": [1], "iter_energy": [1]}, 400, "no schedule is out"),
    ("/result/JOB", {"rank": 0, "iter_time": "1", "iter_energy": []}, 422, "iter_time"),
    ("/schedule/JOB", {}, 405, "Method Not Allowed"),
    ("/nothing", None, 404, "Not Found"),
])
def test_what_is_wrong_is_refused_with_the_reason(service, path, body, status, reason):
    url, identity = service
    code, answer = call(url, path.replace("JOB", identity), body)
    assert code == status
    assert reason in answer["detail"]


@pytest.fixture(scope="module")
def service(binary, tmp_path_factory):
    """A server with a job of which rank 0 has registered."""
    with serving(binary, tmp_path_factory.mktemp("pfo") / "state") as url:
        _, identity = call(url, "/register_job", JOB)
        call(url, f"/register_rank/{identity}", rank(0))
        yield url, identity


def test_clocks_that_a_gpu_lacks_and_unknown_microbatches_are_told_to_all_ranks(binary, tmp_path):
    file = tmp_path / "profile.csv"
    file.write_text(write_profile([replace(row, frequency=row.frequency + 5) for row in profile()]))
    with serving(binary, tmp_path / "state", "--profile", str(file)) as url:
        for job, reason in ((JOB, "--microbatches"), ({**JOB, "job_metadata": "microbatches=2"}, "has no clock of")):
            for status, answer in asked(url, registered(url, job)):
                assert status == 400
                assert reason in answer["detail"]


def test_other_jobs_are_served_while_one_is_planned(binary, tmp_path, monkeypatch):
    planning, go_on, plans = threading.Event(), threading.Event(), Jobs._plans

    def slowly(*arguments):
        planning.set()
        assert go_on.wait(60)
        return plans(*arguments)

    monkeypatch.setattr(Jobs, "_plans", slowly)
    with serving(binary, tmp_path / "state", "--microbatches", "3") as url, ThreadPoolExecutor(1) as pool:
        try:
            asking = pool.submit(asked, url, registered(url))
            assert planning.wait(60)
            registered(url)
        finally:
            go_on.set()
        assert clocks_of(asking.result()) == {CLOCKS[0]}


@pytest.mark.parametrize(("error", "status", "count"), [
    (ServerExited(-9, ()), 503, 1),
    (error_from({"code": 1004, "message": "too much", "data": {"kind": "overloaded"}}), 503, 1),
    (OSError("no space"), 503, 1),
    (error_from({"code": 1008, "message": "started again", "data": {"kind": "outcomeUnknown"}}), 200, 2),
    (error_from({"code": 2002, "message": "no", "data": {"kind": "invalidProfile"}}), 400, 1),
])
def test_only_what_would_be_refused_again_ends_a_job(binary, tmp_path, monkeypatch, error, status, count):
    calls, plans = [], Jobs._plans

    def once(*arguments):
        calls.append(arguments)
        if len(calls) == 1:
            raise error
        return plans(*arguments)

    monkeypatch.setattr(Jobs, "_plans", once)
    with serving(binary, tmp_path / "state", "--microbatches", "3") as url:
        identity = registered(url)
        assert {code for code, _ in asked(url, identity)} == {status}
        assert len(calls) == count
        again = asked(url, identity)
        assert {code for code, _ in again} == {400 if status == 400 else 200}
        assert status == 400 or clocks_of(again) == {CLOCKS[0]}


# Files


def test_a_profile_of_several_ranks_becomes_one_of_its_stages():
    text = ("rank,dp_rank,pp_rank,tp_rank,stage,instruction,frequency,time,energy\n"
            "0,0,0,0,0,forward,1410,0.10,20\n1,0,0,1,0,forward,1410,0.12,22\n2,0,1,0,1,forward,1410,0.2,30\n")
    rows = read_profile(text)
    assert rows == [Measurement(0, "forward", 1410, 0.12, 21.0), Measurement(1, "forward", 1410, 0.2, 30.0)]
    assert read_profile(write_profile(rows, zeus=True)) == read_profile(write_profile(rows)) == rows
    with pytest.raises(FormatError, match="no column energy"):
        read_profile("stage,instruction,frequency,time\n")
    with pytest.raises(FormatError, match="line 3"):
        read_profile("stage,instruction,frequency,time,energy\n0,forward,1410,1,1\n0,forward,fast,1,1\n")


def test_plans_are_read_as_literals_and_never_evaluated(tmp_path):
    named = [[("forward", 1410), ("backward", 0)], [("forward", 900), ("backward", 1200)]]
    assert read_plan(write_plan(named)) == named
    assert read_schedules(write_schedules(named)) == named
    bare = "[\n[1410, 1400, 1300, 1200],\n[1, 2, 3, 4],\n]\n# Iteration 0: total cost 5\n"
    assert read_plan(bare) == [
        [("forward", 1410), ("forward", 1400), ("backward", 1300), ("backward", 1200)],
        [("forward", 1), ("backward", 2), ("forward", 3), ("backward", 4)]]
    mark = tmp_path / "evaluated"
    for evil in (f"__import__('pathlib').Path({str(mark)!r}).touch()", "[[1, 2]] + [[1, 2]]", "[" * 100_000, "{}",
                 "[[('forward', True)]]", "[[('forward', -1)]]", "[[1, 2, 3]]"):
        with pytest.raises(FormatError):
            read_plan(evil)
    assert not mark.exists()


def test_results_are_a_profile_of_the_clocks_they_ran_at():
    schedules = json.dumps([{"rank": 0, "frequencies": [["forward", 1410], ["forward", 900], ["backward", 1410]]}])
    result = {"rank": 0, "iter_time": [1.0], "iter_energy": [1.0],
              "time_breakdown": {"forward": [[0.1, 0.2], [0.3, 0.2]], "backward": [[0.5], [0.5]]},
              "energy_breakdown": {"forward": [[1, 2], [3, 2]], "backward": [[5], [5]]}}
    rows = results_profile(json.dumps([result]), schedules)
    assert rows == [Measurement(0, "backward", 1410, 0.5, 5.0), Measurement(0, "forward", 900, 0.2, 2.0),
                    Measurement(0, "forward", 1410, 0.2, 2.0)]
    result["energy_breakdown"] = {"forward": [[1, 2]], "backward": [[5], [5]]}
    with pytest.raises(FormatError, match="energy_breakdown does not match"):
        results_profile(json.dumps([result]), schedules)


def test_the_command_converts_and_says_what_it_cannot(tmp_path):
    def convert(*arguments):
        return subprocess.run([sys.executable, "-m", "trimtab", "convert", *map(str, arguments)], text=True,
                              capture_output=True, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})

    plan, schedules, profiled = tmp_path / "plan.py", tmp_path / "0.sched.json", tmp_path / "out.csv"
    plan.write_text("[[('forward', 1410), ('backward', 900)]]")
    assert convert(plan, schedules).returncode == 0
    assert json.loads(schedules.read_text()) == [{"rank": 0, "frequencies": [["forward", 1410], ["backward", 900]]}]
    (tmp_path / "0.prof.json").write_text(json.dumps([{
        "rank": 0, "iter_time": [1], "iter_energy": [1], "time_breakdown": {"forward": [[0.1]], "backward": [[0.2]]},
        "energy_breakdown": {"forward": [[1]], "backward": [[2]]}}]))
    assert convert(tmp_path / "0.prof.json", profiled, "--to", "zeus-profile").returncode == 0
    assert profiled.read_text().splitlines()[1] == "0,0,0,0,0,backward,900,0.2,2.0"
    refused = convert(plan, profiled)
    assert refused.returncode == 1
    assert "a file of kind plan cannot become one of kind profile" in refused.stderr
