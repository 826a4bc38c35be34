"""`trimtab.profile` with a modelled GPU: what it measures, in which order, when it ends, and what the server gets."""

import pytest
from trimtab import Trimtab
from trimtab.errors import MethodNotFound
from trimtab.gpu import DryRun
from trimtab.profile import Asked, CounterMeter, Measured, Profiler, Profiling, Sweep, energy_rises, joined, submit

CLOCKS = [1410, 1305, 1200, 1095, 1005, 900, 795, 690, 600, 495, 405, 300]
TABLES = [(0, "forward"), (0, "backward"), (1, "forward"), (1, "backward")]


def model(stage, instruction, clock):
    """Seconds and joules. The forward's energy is least at 1005 MHz, the backward's at 600."""
    seconds = (1 + stage) * (0.01 if instruction == "forward" else 0.02) * (0.2 + 0.8 * CLOCKS[0] / clock)
    least = 1005 if instruction == "forward" else 600
    return seconds, 1000 * seconds * (0.1 + ((clock - least) / 1000) ** 2) * clock / CLOCKS[0]


class GPU(DryRun):
    """A modelled GPU and its meter; `highest` is what heat lets it run at."""

    sampling_interval_seconds = 0.1

    def __init__(self, highest=CLOCKS[0]):
        super().__init__(supported=CLOCKS)
        self.highest, self.resets, self.noise = highest, 0, 0
        self.doing: tuple[int, str] | None = None

    def current(self):
        return min(super().current(), self.highest)

    def reset(self):
        self.resets += 1
        super().reset()

    def begin(self):
        self.measured = None

    def end(self):
        self.noise = (self.noise + 1) % 3 - 1  # -1, 0 and 1 in turn: even out over three executions
        assert self.doing is not None
        stage, instruction = self.doing
        seconds, joules = model(stage, instruction, self.current())
        return seconds * (1 + 0.1 * self.noise), joules * (1 - 0.1 * self.noise)


def iteration(gpu, profiler, microbatches=3):
    for microbatch in range(microbatches):
        for stage, instruction in TABLES:
            gpu.doing = (stage, instruction)
            profiler.begin(stage, instruction, microbatch)
            profiler.end(stage, instruction, microbatch)


@pytest.fixture
def job():
    gpu = GPU()
    return gpu, Profiler(gpu, gpu, executions=3)


def profiled(session, gpu, profiler, **options):
    profiling = Profiling(profiler, session, "p", clocks=gpu.supported(), **options)
    for _ in range(200):
        if profiling.step():
            return profiling
        iteration(gpu, profiler)
    raise AssertionError("profiling does not end")


class Session:
    """A session whose server names what to measure by a script."""

    name = "s"

    def __init__(self, answers):
        self.answers, self.asked, self.rows = answers, [], []

    def call(self, request):
        if self.answers is None:
            raise MethodNotFound(-32601, "method not found", {})
        self.asked.append((request.method, request.params))
        named = self.answers.pop(0)
        return {"sufficient": not named, "measurements": [
            {"stage": stage, "instruction": kind, "frequency": clock, "reason": "regret"}
            for stage, kind, clock in named]}

    def submit_profile(self, pipeline, *, rows):
        self.rows.extend(rows)


def test_means_of_several_executions_at_the_clock_that_was_asked_for(job):
    gpu, profiler = job
    profiler.assign([(0, "forward", 1200), (0, "forward", 795), (1, "backward", 300)])
    iteration(gpu, profiler)
    assert profiler.pending_count == 1
    iteration(gpu, profiler)
    taken = profiler.take()
    assert {(one.stage, one.instruction, one.mhz) for one in taken} == {
        (0, "forward", 1200), (0, "forward", 795), (1, "backward", 300)}
    for one in taken:
        seconds, joules = model(one.stage, one.instruction, one.mhz)
        assert one.count == 3
        assert one.seconds == pytest.approx(seconds, rel=0.08)
        assert one.joules == pytest.approx(joules, rel=0.08)
    assert profiler.take() == []
    assert profiler.pending_count == 0
    gpu.locked.clear()
    iteration(gpu, profiler)
    assert set(gpu.locked) <= {CLOCKS[0]}  # nothing to measure: at the highest clock


def test_a_sweep_ends_a_table_when_its_energy_has_risen_five_times(job):
    gpu, profiler = job
    session = Session(None)
    profiling = profiled(session, gpu, profiler)
    measured = {}
    for one in profiling.measured:
        measured.setdefault((one.stage, one.instruction), []).append(one.mhz)
    for (_, instruction), clocks in measured.items():
        least = CLOCKS.index(1005 if instruction == "forward" else 600)
        energies = [model(0, instruction, clock)[1] for clock in CLOCKS]
        turn = min(range(len(CLOCKS)), key=energies.__getitem__)
        assert abs(turn - least) <= 2
        assert clocks == CLOCKS[:min(turn + 6, len(CLOCKS))]
    assert len(measured[0, "forward"]) < len(CLOCKS)
    assert len(session.rows) == len(profiling.measured)
    assert gpu.resets == 1


def test_what_the_server_names_is_measured_until_it_says_enough(job):
    gpu, profiler = job
    first = [(0, "forward", 1410), (1, "backward", 300)]
    session = Session([first, [(0, "backward", 900)], []])
    profiling = profiled(session, gpu, profiler, iterationCount=1000, measurementJoules=50.0)
    assert [(one.stage, one.instruction, one.mhz) for one in profiling.measured] == first + [(0, "backward", 900)]
    assert [method for method, _ in session.asked] == ["profile/next"] * 3
    assert session.asked[0][1] == {"session": "s", "pipeline": "p", "frequencies": CLOCKS, "iterationCount": 1000,
                                   "measurementJoules": 50.0}


def test_a_clock_that_the_gpu_cannot_hold_is_left_out(monkeypatch):
    monkeypatch.setattr("trimtab.profile.profiler.SETTLE_SECONDS", 0.0)
    gpu = GPU(highest=1305)
    profiler = Profiler(gpu, gpu, executions=3)
    session = Session(None)
    profiling = profiled(session, gpu, profiler)
    assert {one.mhz for one in profiling.measured if not one.count} == {1410}
    assert 1410 not in {row.frequency for row in session.rows}
    assert 1305 in {row.frequency for row in session.rows}


def test_ranks_of_one_stage_are_joined():
    ranks = [Measured(0, "forward", 1410, 1.0, 10.0, 5), Measured(0, "forward", 1410, 1.2, 20.0, 4),
             Measured(1, "forward", 1410, 1.0, 10.0, 5), Measured(1, "forward", 1410, 0.0, 0.0, 0)]
    assert joined(ranks) == [Measured(0, "forward", 1410, 1.2, 15.0, 4), Measured(1, "forward", 1410, 0.0, 0.0, 0)]


@pytest.mark.parametrize(("energies", "ended"), [
    ([9, 8, 7, 8, 9, 10, 11, 12], True), ([9, 8, 7, 8, 9, 10, 11], False), ([9, 8, 7, 8, 9, 10, 9, 12], False),
    ([1, 2, 3, 4, 5, 6], True), ([1, 1, 2, 3, 4, 5], False), ([], False)])
def test_five_rises_in_a_row(energies, ended):
    assert energy_rises(dict(zip(CLOCKS, energies))) is ended


def test_the_server_takes_what_was_measured_with_the_interval_of_its_mean(binary):
    """Real measurements by the sweep, on the real server, which may have profile/next or not."""
    gpu = GPU()
    profiler = Profiler(gpu, gpu, executions=3)
    with Trimtab([binary, "serve"], timeout=60) as client:
        session = client.open_session("profiled")
        session.define_pipeline("p", schedule="1f1b", stages=2, microbatches=3, blocking_power_watts=20.0)
        source = Sweep(CLOCKS)
        for _ in range(len(CLOCKS)):
            profiler.assign(source.next(TABLES))
            if not profiler.pending_count:
                break
            iteration(gpu, profiler)
            taken = profiler.take()
            source.take(taken)
            submit(session, "p", taken, gpu.sampling_interval_seconds)
        submitted = session.submit_profile("p", rows=[])
        assert submitted.missing == ()
        frontier = session.characterize("p", effort="quick")
        assert frontier.plan_count > 1
        asked = Asked(session, "p", CLOCKS)
        asked.take([])
        named = asked.next(TABLES)
        assert all(one[:2] in TABLES and one[2] in CLOCKS for one in named)


def test_a_counter_is_read_when_the_gpu_is_done():
    said, counter = [], iter([100.0, 130.0])

    def joules():
        said.append("read")
        return next(counter)

    meter = CounterMeter(joules, synchronize=lambda: said.append("wait"))
    meter.begin()
    seconds, energy = meter.end()
    assert energy == 30.0
    assert seconds >= 0
    assert said == ["wait", "read", "wait", "read"]
