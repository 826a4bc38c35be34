"""What `from_trace` says of real jobs, beside clock stamps of their own and what was done to them."""

import json
import re
import subprocess
import sys
from statistics import median

import pytest
import trimtab
from pipeline_job import Scenario, trace_all
from trimtab.trace import TraceError
from trimtab.trace.report import SHARES

DELAY_SECONDS = 0.02
SLOW_FRACTION = 0.3
TWO_RANKS = [
    Scenario("plain", "interleaved1f1b", chunks=2, microbatches=4),
    Scenario("late", "interleaved1f1b", chunks=2, microbatches=4, delays=[(0, 1, DELAY_SECONDS)]),
    Scenario("slow", "interleaved1f1b", chunks=2, microbatches=4, slow={1: SLOW_FRACTION}),
    Scenario("one", "1f1b", label=True),
    Scenario("gpipe", "gpipe", microbatches=3, iterations=2, label=True),
    Scenario("bare", "1f1b", microbatches=2, iterations=1),
    Scenario("pairs", "dualpipev", chunks=2, microbatches=4, slow={1: SLOW_FRACTION}),
]
FOUR_RANKS = [
    Scenario("plain", "1f1b", label=True),
    Scenario("late", "1f1b", label=True, delays=[(1, 2, DELAY_SECONDS)]),
    Scenario("slow", "1f1b", label=True, slow={2: SLOW_FRACTION}),
]
FORWARDS = {("two", "late"): (0, 1), ("four", "late"): (1, 2)}
SLOWED = {("two", "slow"): 1, ("four", "slow"): 2}
PAIRED = ("two", "pairs")  # whose stamps are of the halves
JOBS = [("two", one.name) for one in TWO_RANKS if one.name != "bare"] + [("four", one.name) for one in FOUR_RANKS]


@pytest.fixture(scope="module")
def traces(tmp_path_factory):
    """(job, scenario) -> trace files and stamps by rank."""
    found = {}
    for job, world, scenarios in (("two", 2, TWO_RANKS), ("four", 4, FOUR_RANKS)):
        for name, value in trace_all(world, scenarios, tmp_path_factory.mktemp(job)).items():
            found[job, name] = value
    return found


@pytest.fixture(scope="module")
def reports(traces):
    return {job: trimtab.from_trace(traces[job][0]) for job in JOBS}


@pytest.mark.parametrize("job", [job for job in JOBS if job != PAIRED], ids="-".join)
def test_instruction_times_are_those_of_clock_stamps(job, traces, reports):
    stamped = {}
    for seen in traces[job][1]:
        for stage, instruction, _, began, ended in seen:
            stamped.setdefault((stage, instruction), []).append((ended - began) / 1e9)
    times = reports[job].instruction_times()
    assert {(one.stage, one.instruction): one.count for one in times} == {
        table: len(seconds) for table, seconds in stamped.items()}
    for one in times:
        assert one.median_seconds == pytest.approx(median(stamped[one.stage, one.instruction]), rel=0.01), one


def test_an_overlapped_pair_lasts_as_long_as_its_halves(traces, reports):
    stamped = {}
    for seen in traces[PAIRED][1]:
        for stage, instruction, microbatch, began, ended in seen:
            stamped.setdefault((stage, instruction, microbatch), []).append((ended - began) / 1e9)
    pairs = {}
    for index, iteration in enumerate(reports[PAIRED].iterations):
        for ran in iteration.instructions:
            if ran.action.backward_stage is not None:
                halves = (stamped[ran.action.stage, "forward", ran.action.microbatch][index]
                          + stamped[ran.action.backward_stage, "backward", ran.action.backward_microbatch][index])
                pairs.setdefault((ran.action.stage, ran.action.kind), []).append(ran.seconds / halves)
    assert len(pairs) == 4
    for ratios in pairs.values():
        assert median(ratios) == pytest.approx(1, rel=0.01)


@pytest.mark.parametrize("job", JOBS, ids="-".join)
def test_work_and_bubbles_add_up_to_the_iteration_as_stamped(job, traces, reports):
    iterations, stamps = reports[job].iterations, traces[job][1]
    lengths = [len(seen) // len(iterations) for seen in stamps]
    for index, iteration in enumerate(iterations):
        own = [seen[index * length:(index + 1) * length] for seen, length in zip(stamps, lengths, strict=True)]
        if index + 1 < len(iterations):
            end = min(seen[(index + 1) * length][3] for seen, length in zip(stamps, lengths, strict=True))
        else:
            end = max(seen[-1][4] for seen in own)
        seconds = (end - min(seen[0][3] for seen in own)) / 1e9
        assert iteration.seconds == pytest.approx(seconds, rel=0.01)
        for share, seen in zip(iteration.shares, own, strict=True):
            assert share.busy + share.bubble == pytest.approx(iteration.seconds, abs=1e-9)
            assert min(getattr(share, name) for name in SHARES) >= 0
            idle = seconds - sum(ended - began for *_, began, ended in seen) / 1e9
            assert share.bubble == pytest.approx(idle, abs=0.01 * seconds), share


@pytest.mark.parametrize("job", FORWARDS, ids="-".join)
def test_a_late_link_is_named_with_its_size(job, reports):
    sender, receiver = FORWARDS[job]
    named = {(link.sender, link.receiver, link.direction): link for link in reports[job].slow_links()}
    link = named[sender, receiver, "F"]
    # Gradients on their way from the one to the other are late as well, where there are any.
    slowest = max(named.values(), key=lambda one: one.seconds)
    assert (slowest.sender, slowest.receiver) == (sender, receiver)
    usual = next(one for one in reports[job[0], "plain"].links() if (one.sender, one.receiver, one.direction) == (
        sender, receiver, "F"))
    assert link.seconds - usual.seconds == pytest.approx(DELAY_SECONDS, rel=0.05)
    assert f"transfers F from rank {sender} to {receiver}" in reports[job].summary()
    assert reports[job].slow_ranks() == ()


@pytest.mark.parametrize("job", SLOWED, ids="-".join)
def test_a_slow_rank_is_named_with_its_size_though_all_ranks_wait_for_it(job, reports):
    plain = reports[job[0], "plain"]
    for reference in (None, plain):
        (slow,) = reports[job].slow_ranks(reference)
        assert slow.rank == SLOWED[job]
        assert slow.fraction == pytest.approx(SLOW_FRACTION, rel=0.05)
    assert f"rank {slow.rank} is slow" in reports[job].summary()
    assert plain.slow_ranks() == ()


def test_the_server_is_given_the_schedule_the_times_and_the_iterations(binary, reports):
    report = reports["two", "plain"]
    with trimtab.Trimtab([binary, "serve"], timeout=60) as client:
        session = client.open_session("traced")
        session.define_pipeline("p", stages=4, schedule_csv=report.schedule_csv(), blocking_power_watts=50.0)
        assert session.submit_profile("p", rows=report.profile_rows(1410, power_watts=200.0)).missing == ()
        settings = [trimtab.PlanSetting(1410, time.stage, time.instruction) for time in report.instruction_times()]
        session.characterize("p", effort="quick")
        model = session.evaluate("p", settings)
        answer = session.report_iterations("p", report.measured_iterations(), settings=settings)
    assert model.plan.iteration_time_seconds == pytest.approx(report.iteration_time_seconds, rel=0.1)
    assert answer.iteration_count == len(report.iterations)


def test_a_trace_without_labels_is_refused_with_the_way_out(traces):
    with pytest.raises(TraceError, match=r"Schedule1F1B and ScheduleGPipe write no labels.*attach"):
        trimtab.from_trace(traces["two", "bare"][0])


def test_clocks_of_other_hosts_are_brought_together(traces, tmp_path, reports):
    """The same traces, as if rank 1 were on a host whose clock is 50 ms ahead."""
    files = traces["two", "plain"][0]
    moved = json.loads(files[1].read_text())
    moved["host_name"], moved["baseTimeNanoseconds"] = "elsewhere", moved["baseTimeNanoseconds"] + 50_000_000
    other = tmp_path / "other.json"
    other.write_text(json.dumps(moved))
    report = trimtab.from_trace([files[0], other])
    assert report.clock_offset_seconds[1] == pytest.approx(0.05, abs=0.002)
    assert report.iteration_time_seconds == pytest.approx(reports["two", "plain"].iteration_time_seconds, rel=0.02)


def test_the_picture_and_the_text_come_from_the_command_line(traces, tmp_path):
    picture = tmp_path / "trace.svg"
    files = [str(file) for file in traces["four", "slow"][0]]
    shown = subprocess.run([sys.executable, "-m", "trimtab.trace", *files, "--svg", str(picture)],
                           capture_output=True, text=True, check=True)
    assert re.search(r"rank 2 is slow \(\+(29|30|31)%\)", shown.stdout)
    assert picture.read_text().count("<title>") > 4 * 12
