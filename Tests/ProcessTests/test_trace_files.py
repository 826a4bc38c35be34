"""`from_trace` on small traces whose every figure is known; real jobs are in IntegrationTests/torch."""

import gzip
import json
import os
import subprocess
import sys
import xml.etree.ElementTree

import pytest
from trimtab import from_trace
from trimtab.trace import TraceError, parse_cell

BASE = 1_790_000_000_000_000_000


class Rank:
    """Writes the trace of a rank; times in milliseconds."""

    def __init__(self, rank, world=2, host="a"):
        self.about = {"distributedInfo": {"rank": rank, "world_size": world}, "host_name": host,
                      "baseTimeNanoseconds": BASE}
        self.events, self.correlation = [], 0

    def event(self, category, name, start, end, **args):
        self.events.append({"ph": "X", "cat": category, "name": name, "ts": start * 1000, "dur": (end - start) * 1000,
                            "pid": 1, "tid": 1, "args": args})

    def label(self, cell, start, end, prefix="PP:"):
        self.event("user_annotation", prefix + cell, start, end)

    def receive(self, cell, posted, came):
        """A receive that is posted by an action of the runtime and ends when it is waited for."""
        self.label(cell, posted, posted + 0.2)
        self.event("user_annotation", "gloo:recv", posted + 0.1, came)

    def kernel(self, name, launched, start, end):
        self.correlation += 1
        self.event("cuda_runtime", "cudaLaunchKernel", launched, launched + 0.01, correlation=self.correlation)
        self.event("kernel", name, start, end, correlation=self.correlation)

    def write(self, folder):
        path = folder / f"{self.about['distributedInfo']['rank']}.json"
        path.write_text(json.dumps({**self.about, "traceEvents": self.events}))
        return path


def two_stages(first=0, slow=1.0):
    """One microbatch on two ranks: F 10 ms, B 20 ms, a transfer of 2 ms there and 3 ms back, 5 ms between."""
    ranks = Rank(0), Rank(1)
    for turn in range(2):
        t = first + turn * 70 * slow
        ranks[0].label("0F0", t, t + 10)
        ranks[1].receive("1RECV_F0", t, t + 12)
        ranks[1].label("1F0", t + 1, t + 22)
        ranks[1].label("1B0", t + 22, t + 42)
        ranks[0].receive("0RECV_B0", t + 10.5, t + 45)
        ranks[0].label("0B0", t + 11, t + 65)
    return ranks


def test_the_time_of_each_rank_is_divided(tmp_path):
    report = from_trace([rank.write(tmp_path) for rank in two_stages()])
    assert [round(one.seconds, 6) for one in report.iterations] == [0.07, 0.065]
    first, second = report.iterations[0].shares
    assert first.busy == pytest.approx(0.03)
    assert first.waiting == pytest.approx(0.032)
    assert first.transfer == pytest.approx(0.003)
    assert first.between == pytest.approx(0.005)
    assert second.busy == pytest.approx(0.03)
    assert second.waiting == pytest.approx(0.010)
    assert second.transfer == pytest.approx(0.002)
    assert second.drain == pytest.approx(0.023)
    there, back = report.links()
    assert (there.sender, there.direction, back.sender, back.direction) == (0, "F", 1, "B")
    assert there.seconds == pytest.approx(0.002)
    assert back.seconds == pytest.approx(0.003)
    assert report.schedule_csv() == "0F0,0B0\n1F0,1B0\n"
    assert {(one.stage, one.instruction): round(one.median_seconds, 6) for one in report.instruction_times()} == {
        (0, "forward"): 0.01, (0, "backward"): 0.02, (1, "forward"): 0.01, (1, "backward"): 0.02}
    assert "56% bubble" in report.summary()
    picture = xml.etree.ElementTree.fromstring(report.svg())
    titles = [title.text for title in picture.iter("{http://www.w3.org/2000/svg}title")]
    assert "0B0: 0.0200 s" in titles
    assert "1B0 is on its way: 0.0030 s" in titles
    assert "waits for 0F0: 0.0100 s" in titles


def test_a_label_of_the_hook_counts_and_not_the_one_around_it(tmp_path):
    ranks = two_stages()
    ranks[1].label("1F0", 13, 21, prefix="trimtab:")
    ranks[1].label("1F0", 83, 91, prefix="trimtab:")
    report = from_trace([rank.write(tmp_path) for rank in ranks])
    times = {(one.stage, one.instruction): one for one in report.instruction_times()}
    assert times[1, "forward"].median_seconds == pytest.approx(0.008)
    assert times[1, "forward"].count == 2


def test_what_an_overlapped_pair_waits_for_between_its_halves_is_no_work(tmp_path):
    """The forward takes 10 ms, the backward 20; its input comes 19 ms after the forward, 3 ms after it was made."""
    first, second = Rank(0), Rank(1)
    first.label("0F0", 0, 10)
    first.receive("0RECV_B0", 10.5, 40)
    first.label("(0F1;0B0)OVERLAP_F_B", 11, 60)
    first.event("cpu_op", "aten::linear", 11, 21)
    first.event("cpu_op", "aten::addmm", 12, 20)
    first.event("cpu_op", "AddmmBackward0", 41, 60)
    second.receive("1RECV_F0", 0, 12)
    second.label("1F0", 1, 22)
    second.label("1B0", 22, 37)
    report = from_trace([rank.write(tmp_path) for rank in (first, second)])
    share = report.iterations[0].shares[0]
    assert share.busy == pytest.approx(0.040)
    assert share.waiting == pytest.approx(0.016)
    assert share.transfer == pytest.approx(0.003)
    assert share.overhead == pytest.approx(0.001)
    times = {one.instruction: one.median_seconds for one in report.instruction_times() if one.stage == 0}
    assert times["forwardWithBackwardOf0"] == pytest.approx(0.030)
    assert {link.direction: link.seconds for link in report.links()}["B"] == pytest.approx(0.003)


def test_waiting_for_its_own_message_is_no_transfer_of_the_other(tmp_path):
    """1F1B waits for its send before its receive: what the send took is not laid to the receive."""
    ranks = two_stages()
    for turn in range(2):
        t = 70 * turn
        ranks[0].events = [one for one in ranks[0].events if one["ts"] != (t + 11) * 1000]
        ranks[0].label("0B0", t + 45, t + 65, prefix="trimtab:")
        ranks[0].event("user_annotation", "gloo:send", t + 10, t + 44.9)
    report = from_trace([rank.write(tmp_path) for rank in ranks])
    share = report.iterations[0].shares[0]
    assert share.sending == pytest.approx(0.0029)
    assert share.transfer == pytest.approx(0.0001)
    assert next(link for link in report.links() if link.direction == "B").seconds is None


def test_a_rank_is_slow_beside_a_reference_though_stages_differ(tmp_path):
    report = from_trace([rank.write(tmp_path) for rank in two_stages()])
    ranks = two_stages()
    for event in ranks[0].events:
        if event["name"] == "PP:0B0":
            event["dur"] += 9000
    slow = from_trace([rank.write(tmp_path) for rank in ranks])
    (found,) = slow.slow_ranks(report)
    assert found.rank == 0
    assert found.fraction == pytest.approx(0.3)
    assert report.slow_ranks(report) == ()


def test_kernels_say_when_instructions_ran_on_a_gpu(tmp_path):
    """The processor launches ahead; the times are the kernels', and NCCL's kernel says when the message had come."""
    first, second = Rank(0), Rank(1)
    first.label("0F0", 0, 1)
    first.kernel("gemm", 0.2, 5, 15)
    first.label("0B0", 2, 3)
    first.kernel("gemm", 2.2, 40, 58)
    first.kernel("gemm", 2.4, 58, 60)
    second.label("1RECV_F0", 0, 0.5)
    second.kernel("ncclDevKernel_SendRecv", 0.2, 1, 17)
    second.label("1F0", 1, 2)
    second.kernel("gemm", 1.5, 17.5, 27)
    second.label("1B0", 2, 3)
    second.kernel("gemm", 2.5, 27, 38)
    report = from_trace([first.write(tmp_path), second.write(tmp_path)])
    times = {(one.stage, one.instruction): round(one.median_seconds, 6) for one in report.instruction_times()}
    assert times == {(0, "forward"): 0.01, (0, "backward"): 0.02, (1, "forward"): 0.0095, (1, "backward"): 0.011}
    assert next(link for link in report.links() if link.direction == "F").seconds == pytest.approx(0.002)


def test_iterations_that_the_trace_cuts_are_left_out(tmp_path):
    ranks = two_stages()
    cut = Rank(0)
    cut.label("0B0", -30, -10)
    cut.events += ranks[0].events
    report = from_trace([cut.write(tmp_path), ranks[1].write(tmp_path)])
    assert len(report.iterations) == 2
    assert report.incomplete_iteration_count == 1


def test_what_cannot_be_used_is_refused_with_its_file(tmp_path):
    first, second = two_stages()
    one, other = first.write(tmp_path), second.write(tmp_path)
    with pytest.raises(TraceError, match="no trace has stages \\[0\\]"):
        from_trace([other])
    with pytest.raises(TraceError, match="two traces are of rank 0"):
        from_trace([one, one])
    with pytest.raises(TraceError, match="no trace to read"):
        from_trace([])
    broken = tmp_path / "broken.json"
    broken.write_text('{"traceEvents": [')
    with pytest.raises(TraceError, match=r"broken\.json is no trace"):
        from_trace([broken])
    broken.write_bytes(b"\xff" * 4096)
    with pytest.raises(TraceError, match=r"broken\.json is no trace .{,200}$"):
        from_trace([broken])
    cut = tmp_path / "cut.json.gz"
    whole = gzip.compress(one.read_bytes())
    for content in (whole[:-20], whole[:40] + bytes(40) + whole[80:], b"no gzip"):
        cut.write_bytes(content)
        with pytest.raises(TraceError, match=r"cut\.json\.gz is no trace"):
            from_trace([cut])
    broken.write_text('{"traceEvents": []}')
    with pytest.raises(TraceError, match="does not say its rank"):
        from_trace([broken])
    replica = two_stages()[0]
    replica.about["distributedInfo"]["rank"] = 5
    files = [one, other, replica.write(tmp_path)]
    with pytest.raises(TraceError, match=r"stage 0 is on ranks \[0, 5\].*ranks="):
        from_trace(files)
    assert len(from_trace(files, ranks=[0, 1]).iterations) == 2


def test_compressed_traces_are_read(tmp_path):
    files = []
    for rank in two_stages():
        path = rank.write(tmp_path)
        files.append(path.with_suffix(".json.gz"))
        files[-1].write_bytes(gzip.compress(path.read_bytes()))
    assert len(from_trace(files).iterations) == 2


@pytest.mark.parametrize("cell", ["3F7", "0B12", "1I0", "1W0", "2R3", "2FB3", "(0F7;7B3)OVERLAP_F_B", "0RECV_F1"])
def test_cells_survive_reading(cell):
    action = parse_cell(cell)
    assert action is not None
    assert action.cell == cell
    assert parse_cell(cell + "?") is None


def test_modules_are_there_without_an_import_and_load_no_library():
    program = ("import sys, trimtab; trimtab.gpu.attach; trimtab.profile.Profiler; trimtab.zeus.read_plan; "
               "trimtab.trace.label; print(sorted({'torch', 'pynvml', 'zeus', 'numpy', 'httpx'} & set(sys.modules)))")
    shown = subprocess.run([sys.executable, "-c", program], text=True, capture_output=True, check=True,
                           env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    assert shown.stdout.strip() == "[]"
