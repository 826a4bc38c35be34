"""Every kind of bad input is refused with a precise error and changes nothing: the session's export and revision are
compared before and after."""

import os

import pytest
from conftest import FIXTURES, check_error, define, prepare, unchanged

ROW = {"stage": 0, "instruction": "forward", "frequency": 1200, "timeSeconds": 0.05, "energyJoules": 15.0}
HEADER = "stage,instruction,frequency,time,energy\n"


@pytest.fixture
def asked(server):
    """A session whose pipeline `p` (4 stages) has its profile and its frontier."""
    return prepare(server)


def refused(server, method, params, **expected):
    """The error of a request that must be refused and change nothing."""
    with unchanged(server, params["session"]):
        error = server.error(method, params)
        check_error(error, **expected)
    return error


# Profiles

BAD_FIELDS = [(field, value) for field in ("timeSeconds", "energyJoules")
              for value in (0, -1.5, None, "0.05", True, [0.05], 1e308 * 10)]


@pytest.mark.parametrize("field, value", BAD_FIELDS, ids=repr)
def test_a_row_with_a_bad_figure(server, asked, field, value):
    rows = [ROW, {**ROW, "frequency": 1100, field: value}]
    if value == float("inf"):  # not JSON at all: the body is refused
        request = server.frame(server.request("profile/submit", {**asked, "rows": rows}))
        with unchanged(server, "s"):
            server.send_bytes(request)
            check_error(server.answer(None)["error"], code=-32700)
        return
    refused(server, "profile/submit", {**asked, "rows": rows}, code=-32602, path=f"rows[1].{field}")


@pytest.mark.parametrize("field", sorted(ROW))
def test_a_row_without_a_field(server, asked, field):
    row = {name: value for name, value in ROW.items() if name != field}
    refused(server, "profile/submit", {**asked, "rows": [ROW, row]}, code=-32602, path=f"rows[1].{field}")


@pytest.mark.parametrize("stage", [4, 99, -1, 0.5, "0"], ids=repr)
def test_a_row_of_an_unknown_stage(server, asked, stage):
    error = refused(server, "profile/submit", {**asked, "rows": [ROW, {**ROW, "stage": stage}]})
    assert "rows[1]" in error["data"]["path"]


def test_a_row_of_an_instruction_the_pipeline_has_not(server, asked):
    error = refused(server, "profile/submit", {**asked, "rows": [{**ROW, "instruction": "sideways"}]})
    assert "sideways" in str(error)


@pytest.mark.parametrize("figure", ["nan", "NaN", "inf", "-inf", "Infinity", "1e999", "0", "-3", "", "abc", "0x1p3"])
@pytest.mark.parametrize("column", [3, 4], ids=["time", "energy"])
def test_a_csv_with_a_bad_figure(server, asked, column, figure):
    cells = ["0", "forward", "1100", "0.06", "14.0"]
    cells[column] = figure
    text = HEADER + "0,forward,1200,0.05,15.0\n" + ",".join(cells) + "\n"
    error = refused(server, "profile/submit", {**asked, "csvText": text})
    assert "3" in str(error), "the error names the line"


@pytest.mark.parametrize("text", [
    "", HEADER, "stage,instruction,frequency,time\n0,forward,1,0.1\n", HEADER + "0,forward,1200,0.05\n",
    HEADER + "9,forward,1200,0.05,15.0\n", HEADER + "x,forward,1200,0.05,15.0\n", "\x00\x01",
], ids=["empty", "no-rows", "column-missing", "cell-missing", "unknown-stage", "stage-word", "binary"])
def test_a_csv_of_the_wrong_shape(server, asked, text):
    refused(server, "profile/submit", {**asked, "csvText": text})


def test_a_profile_given_twice_over_or_not_at_all(server, asked):
    refused(server, "profile/submit", {**asked, "rows": [ROW], "csvText": HEADER + "0,forward,1200,0.05,15.0\n"})
    refused(server, "profile/submit", asked)


def test_holes_in_the_profile(server):
    """A profile may arrive in pieces, so a hole is reported; a frontier over it is refused."""
    asked = prepare(server, characterize=False)
    server.result("pipeline/define", {**asked, "pipeline": "q", "schedule": "1f1b", "stages": 2, "microbatches": 2,
                                      "blockingPowerWatts": 80})
    asked["pipeline"] = "q"
    rows = [{**ROW, "frequency": f, "timeSeconds": 60 / f, "energyJoules": f / 80} for f in (1200, 1100, 1000)]
    missing = server.result("profile/submit", {**asked, "rows": rows})["missing"]
    assert missing == [{"stage": 0, "instruction": "backward"}, {"stage": 1, "instruction": "forward"},
                       {"stage": 1, "instruction": "backward"}]
    error = refused(server, "frontier/characterize", asked)
    assert "backward" in str(error)


# Files

@pytest.mark.parametrize("path", ["/etc/passwd", "../../../../etc/passwd", str(FIXTURES / ".." / ".." / "LICENSE"),
                                  str(FIXTURES) + "-elsewhere/x.csv", "/proc/self/environ"])
def test_a_file_outside_the_declared_roots(server, asked, path):
    error = refused(server, "profile/submit", {**asked, "csvPath": path}, path="csvPath")
    assert "root:" not in str(error)


def test_a_link_that_leads_out_of_the_roots(spawn, tmp_path):
    (tmp_path / "root").mkdir()
    (tmp_path / "secret.csv").write_text(HEADER + "0,forward,1200,0.05,15.0\n")
    os.symlink(tmp_path / "secret.csv", tmp_path / "root" / "innocent.csv")
    server = spawn(roots=[str(FIXTURES), str(tmp_path / "root")])
    asked = prepare(server)
    refused(server, "profile/submit", {**asked, "csvPath": str(tmp_path / "root" / "innocent.csv")}, path="csvPath")


def test_a_file_that_is_not_there_or_no_file(server, asked, tmp_path):
    refused(server, "profile/submit", {**asked, "csvPath": str(FIXTURES / "no-such.csv")}, path="csvPath")
    refused(server, "profile/submit", {**asked, "csvPath": str(FIXTURES)}, path="csvPath")


def test_without_roots_no_file_is_read(spawn):
    server = spawn()
    server.result("session/open", {"session": "s"})
    server.result("pipeline/define", {"session": "s", "pipeline": "p", "schedule": "1f1b", "stages": 4,
                                      "microbatches": 2, "blockingPowerWatts": 80})
    refused(server, "profile/submit", {"session": "s", "pipeline": "p",
                                       "csvPath": str(FIXTURES / "modelled-a100-4stage.csv")}, path="csvPath")


# Pipelines

def explicit(dependencies, count=3, stages=1):
    return {"stages": stages, "blockingPowerWatts": 80, "dependencies": dependencies,
            "instructions": [{"id": f"i{n}", "stage": 0, "instruction": "step"} for n in range(count)]}


@pytest.mark.parametrize("dependencies", [
    [["i0", "i1"], ["i1", "i2"], ["i2", "i0"]], [["i1", "i1"]], [["i0", "i1"], ["i1", "i0"]],
], ids=["round", "self", "pair"])
def test_a_cyclic_graph(server, asked, dependencies):
    error = refused(server, "pipeline/define", {"session": "s", "pipeline": "new", **explicit(dependencies)})
    assert "i1" in str(error) or "i0" in str(error), "the error names an instruction of the cycle"


@pytest.mark.parametrize("change", [
    {"dependencies": [["i0", "nowhere"]]}, {"instructions": []}, {"stages": 0}, {"stages": -1}, {"stages": 1.5},
    {"blockingPowerWatts": -1}, {"blockingPowerWatts": "80"}, {"blockingPowerWatts": [80, 80]},
    {"instructions": [{"id": "i0", "stage": 5, "instruction": "step"}], "dependencies": []},
    {"instructions": [{"id": "i0", "stage": 0, "instruction": "step"}] * 2, "dependencies": []},
], ids=repr)
def test_a_graph_that_makes_no_sense(server, asked, change):
    refused(server, "pipeline/define", {"session": "s", "pipeline": "new", **explicit([]), **change})


@pytest.mark.parametrize("change", [
    {"schedule": "2f2b"}, {"schedule": None}, {"microbatches": 0}, {"microbatches": None}, {"microbatches": 10**12},
    {"stages": 10**12}, {"pipeline": None}, {"pipeline": ""}, {"tensorParallelWidth": 0}, {"gpus": ["absent"] * 4},
], ids=repr)
def test_a_schedule_that_makes_no_sense(server, asked, change):
    params = {"session": "s", "pipeline": "new", "schedule": "1f1b", "stages": 4, "microbatches": 4,
              "blockingPowerWatts": 80, **change}
    refused(server, "pipeline/define", params)


# Queries

def test_a_deadline_below_the_minimum_is_told_the_minimum(server, asked):
    least = server.result("frontier/query", {**asked, "objective": "fastest"})["plan"]["iterationTimeSeconds"]
    for method in ("frontier/query", "plan/get"):
        error = refused(server, method, {**asked, "deadlineSeconds": least * 0.999}, kind="deadlineBelowMinimum")
        assert error["data"]["minimumTimeSeconds"] == pytest.approx(least, rel=1e-9)


@pytest.mark.parametrize("selector", [
    {}, {"deadlineSeconds": 3, "objective": "fastest"}, {"deadlineSeconds": "soon"}, {"deadlineSeconds": 0},
    {"deadlineSeconds": -1}, {"slowdownFraction": -0.1}, {"energyBudgetJoules": 0}, {"energyBudgetJoules": 1e-3},
    {"averagePowerWatts": -5}, {"averagePowerWatts": 1e-3}, {"objective": "prettiest"}, {"objective": 3},
], ids=repr)
def test_a_selector_that_selects_nothing(server, asked, selector):
    refused(server, "frontier/query", {**asked, **selector})


@pytest.mark.parametrize("plan", [-1, 10**9, 1.5, "0"], ids=repr)
def test_a_plan_that_is_not_there(server, asked, plan):
    for method in ("plan/get", "plan/uncertainty"):
        refused(server, method, {**asked, "plan": plan}, path="plan")


@pytest.mark.parametrize("change", [
    {"resampleCount": 0}, {"resampleCount": 100_001}, {"confidenceFraction": 1}, {"resampling": "guesses"},
    {"averagePowerWatts": 1e6}, {"plan": None},
], ids=repr)
def test_noise_asked_for_in_vain(server, asked, change):
    refused(server, "plan/uncertainty", {**asked, "plan": 0, **change})


@pytest.mark.parametrize("change", [
    {"prices": []}, {"prices": [{"startSeconds": 0}]}, {"prices": [{"startSeconds": 3600, "pricePerJoule": 1}]},
    {"prices": [{"startSeconds": t, "pricePerJoule": 1} for t in (0, 5, 5)]}, {"iterationCount": 0},
    {"iterationCount": 1e9}, {"iterationsPerSecond": 0.5}, {"iterationCount": None}, {"endSeconds": 0},
    {"mayPause": True, "pausedPowerWatts": 1e9}, {"unit": ""}, {"iterationCount": None, "valuePerIteration": -1},
], ids=repr)
def test_price_series_that_make_no_sense(server, asked, change):
    refused(server, "plan/series", {**params_of("plan/series"), **asked, **change})


@pytest.mark.parametrize(
    "change",
    [
        {"withdraw": [{"stage": 0, "instruction": "forward", "frequency": 1}]},
        {"rows": None},
        {"withdraw": [{"stage": 0, "instruction": "forward"}] * 2},
        {"withdraw": [{"stage": 9, "instruction": "forward"}]},
        {"samplingIntervalSeconds": 0},
        {"keepSamples": 1},
        {"rows": [{**ROW, "samples": []}]},
        {"rows": [{**ROW, "samples": [{"timeSeconds": 1, "energyJoules": 1}]}]},
        {"rows": [{**ROW, "sensorPowerWatts": -1}]},
        {
            "rows": [
                {**ROW, "timeSeconds": None, "energyJoules": None, "samples": [{"timeSeconds": 0, "energyJoules": 1}]}
            ]
        },
    ],
    ids=repr,
)
def test_samples_and_withdrawals_that_make_no_sense(server, asked, change):
    refused(server, "profile/submit", {**asked, "rows": [ROW], **change})


@pytest.mark.parametrize("change", [{"withdraw": []}, {"withdraw": [], "rows": []}, {"rows": []}], ids=repr)
def test_an_empty_list_of_changes_changes_nothing(server, asked, change):
    def measurements():
        return server.result("session/export", {"session": asked["session"]})["requests"]

    before = measurements()
    assert server.result("profile/submit", {**asked, **change})["rowCount"] > 0
    assert measurements() == before


def test_asking_before_there_is_a_frontier(server):
    asked = prepare(server, characterize=False)
    for method in ("frontier/query", "plan/get"):
        refused(server, method, {**asked, "objective": "fastest"})
    refused(server, "frontier/curve", asked)


# Names

METHODS = ["session/close", "session/export", "gpu/register", "gpu/retire", "gpu/list", "pipeline/define",
           "profile/submit", "frontier/characterize", "frontier/query", "frontier/curve", "plan/get",
           "plan/uncertainty", "plan/series", "pipeline/get"]
PARAMS = {"gpus": [{"id": "g"}], "ids": ["g"], "pipeline": "p", "schedule": "1f1b", "stages": 1, "microbatches": 1,
          "blockingPowerWatts": 1, "rows": [ROW], "objective": "fastest",
          "prices": [{"startSeconds": 0, "pricePerJoule": 1e-7}], "endSeconds": 3600, "iterationCount": 100}


def params_of(method):
    wanted = {"gpu/register": ["gpus"], "gpu/retire": ["ids"], "profile/submit": ["pipeline", "rows"],
              "pipeline/define": ["pipeline", "schedule", "stages", "microbatches", "blockingPowerWatts"],
              "frontier/query": ["pipeline", "objective"], "plan/get": ["pipeline", "objective"],
              "plan/uncertainty": ["pipeline", "objective"], "pipeline/get": ["pipeline"],
              "plan/series": ["pipeline", "prices", "endSeconds", "iterationCount"],
              "frontier/characterize": ["pipeline"], "frontier/curve": ["pipeline"]}
    return {name: PARAMS[name] for name in wanted.get(method, [])}


@pytest.mark.parametrize("method", METHODS)
def test_an_unknown_session(server, asked, method):
    with unchanged(server, "s"):
        error = server.error(method, {**params_of(method), "session": "absent"})
        check_error(error, path="session")
        assert "absent" in str(error)


@pytest.mark.parametrize("method", METHODS[7:])  # a profile may come before its pipeline
def test_an_unknown_pipeline(server, asked, method):
    error = refused(server, method, {**params_of(method), "session": "s", "pipeline": "nothing"}, path="pipeline")
    assert "nothing" in str(error)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("params", [None, [], ["s"], {}, {"session": 5}, {"session": ""}], ids=repr)
def test_params_of_the_wrong_shape(server, asked, method, params):
    with unchanged(server, "s"):
        check_error(server.error(method, params))


@pytest.mark.parametrize("gpus", [
    [{}], [{"id": ""}], [{"id": 3}], [{"id": "a"}, {"id": "a"}], [{"id": "a", "blockingPowerWatts": -1}],
    [{"id": "a", "memoryBytes": -1}], [{"id": "a", "powerLimitWatts": 0}], "a",
], ids=repr)
def test_gpus_that_make_no_sense(server, asked, gpus):
    refused(server, "gpu/register", {"session": "s", "gpus": gpus})


def test_retiring_a_gpu_that_is_not_there(server, asked):
    refused(server, "gpu/retire", {"session": "s", "ids": ["absent"]})


def test_the_mistakes_of_one_session_do_not_disturb_another(server, asked):
    before = server.result("frontier/curve", asked)
    server.result("session/open", {"session": "clumsy"})
    server.error("pipeline/define", {"session": "clumsy", "pipeline": "p", **explicit([["i0", "i0"]])})
    server.error("profile/submit", {"session": "clumsy", "pipeline": "p", "rows": [{**ROW, "timeSeconds": 0}]})
    server.error("frontier/characterize", {"session": "clumsy", "pipeline": "p"})
    server.result("session/close", {"session": "clumsy"})
    assert server.result("frontier/curve", asked) == before


# Figures that are good one by one

def test_times_too_far_apart_to_be_added(server):
    """The fastest iteration would last no tick of the exact arithmetic; this once ended the process."""
    server.result("session/open", {"session": "s"})
    of = {"session": "s", "pipeline": "p"}
    server.result("pipeline/define", {**of, "schedule": "1f1b", "stages": 1, "microbatches": 1,
                                      "blockingPowerWatts": 60})
    rows = [{**ROW, "timeSeconds": 1e-30}, {**ROW, "frequency": 900, "timeSeconds": 1e5, "energyJoules": 1.0},
            {**ROW, "instruction": "backward", "timeSeconds": 1e-29}]
    server.result("profile/submit", {**of, "rows": rows})
    refused(server, "frontier/characterize", of, code=2002, kind="invalidProfile", path="pipeline")


def test_a_blocking_power_that_drowns_the_energies(server, asked):
    """Energies of joules beside 1e29 W would be lost in rounding, and no gap would have a meaning."""
    of = {**asked, "pipeline": "drowned"}
    for method, params in define("s", pipeline="drowned"):
        server.result(method, {**params, "blockingPowerWatts": 1e29} if method == "pipeline/define" else params)
    error = refused(server, "frontier/characterize", of, code=2002, kind="invalidProfile", path="pipeline")
    assert "watts" in error["data"]["fix"]


def test_blocking_powers_too_great_to_be_added(server, asked):
    refused(server, "pipeline/define", {**asked, "schedule": "1f1b", "stages": 4, "microbatches": 2,
                                        "blockingPowerWatts": 1e30}, code=2001, path="blockingPowerWatts")


def test_a_slowdown_beyond_all_numbers(server, asked):
    refused(server, "frontier/query", {**asked, "slowdownFraction": 1e308}, code=-32602, path="slowdownFraction")


def test_a_graph_whose_energy_comes_from_nowhere(server):
    """Instructions that overlap on a stage count its waiting power twice; the energy of the whole may then be 0."""
    of = {"session": "s", "pipeline": "p"}
    server.result("session/open", {"session": "s"})
    instructions = [{"id": name, "stage": 0, "instruction": "forward"} for name in ("a", "b")]
    server.result("pipeline/define", {**of, "stages": 1, "instructions": instructions, "blockingPowerWatts": 2})
    server.result("profile/submit", {**of, "rows": [{**ROW, "timeSeconds": 1.0, "energyJoules": 1.0}]})
    error = refused(server, "frontier/characterize", of, code=2002, kind="invalidProfile", path="pipeline")
    assert "overlap" in error["data"]["fix"]


# Sizes beyond the limits: refused at once, so that no session waits

def test_a_schedule_too_large_to_write_out(server, asked):
    huge = {**asked, "schedule": "1f1b", "stages": 4096, "microbatches": 65536, "blockingPowerWatts": 60}
    error = refused(server, "pipeline/define", huge, code=2001, kind="invalidPipeline", path="microbatches")
    assert "65536 instructions" in error["data"]["fix"]
    refused(server, "pipeline/define", {**huge, "microbatches": 9}, code=2001, kind="invalidPipeline",
            path="microbatches")
    server.result("pipeline/define", {**huge, "pipeline": "large", "microbatches": 8})
    # Split backwards make three instructions of two: only the written-out schedule tells that it is too long.
    split = {**huge, "schedule": "zbh1", "stages": 64, "microbatches": 512}
    error = refused(server, "pipeline/define", split, code=2001, path="microbatches")
    assert error["data"]["found"] == "98304"


def test_a_profile_with_too_many_measurements(server, asked):
    def rows(first, count):
        return [{**ROW, "frequency": frequency} for frequency in range(first, first + count)]

    refused(server, "profile/submit", {**asked, "rows": rows(0, 65537)}, code=-32602, path="rows")
    server.result("profile/submit", {**asked, "rows": rows(0, 60000)})
    refused(server, "profile/submit", {**asked, "rows": rows(60000, 6000)}, code=2002)


def test_a_profile_with_too_much_text(server, asked):
    refused(server, "profile/submit", {**asked, "csvText": HEADER + "\n" * (16 << 20)}, code=2002, path="csvText")
