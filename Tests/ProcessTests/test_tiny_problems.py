"""Small problems are solved exactly: every Pareto point that brute force found; the answer calls the list optimal."""

import json
import re
import subprocess

import pytest
from conftest import shared_data

FOLDER = shared_data().parent / "tiny-problems"
PROBLEMS = sorted(FOLDER.glob("*.json"))
if not PROBLEMS:
    pytest.skip(f"no small problems at {FOLDER}: set TRIMTAB_SHARED_DATA", allow_module_level=True)


@pytest.fixture(scope="module")
def server(binary):
    process = subprocess.Popen([binary, "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None and process.stdout is not None
    yield process
    process.stdin.close()
    process.wait(timeout=10)
    process.stdout.close()


def ask(server, method, **params):
    """The result of one request; notifications in between are skipped."""
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    server.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    server.stdin.flush()
    while True:
        length = 0
        while (line := server.stdout.readline().strip()):
            if match := re.fullmatch(rb"(?i)content-length: *(\d+)", line):
                length = int(match[1])
        message = json.loads(server.stdout.read(length))
        if message.get("id") == 1:
            assert "result" in message, message
            return message["result"]


def close(a, b):
    return abs(a - b) <= 1e-9 * max(abs(a), abs(b))


@pytest.mark.parametrize("path", PROBLEMS, ids=lambda path: path.stem)
def test_every_pareto_point_is_found(server, path):
    problem = json.loads(path.read_text())
    session = path.stem
    if not getattr(server, "initialized", False):
        ask(server, "initialize", clientInfo={"name": "tests"})
        server.initialized = True
    ask(server, "session/open", session=session)
    ask(server, "pipeline/define", session=session, **problem["define"])
    ask(server, "profile/submit", session=session, pipeline="p", rows=problem["rows"])
    answer = ask(server, "frontier/characterize", session=session, pipeline="p", certify=True)
    assert answer["optimal"] is True
    assert answer["certificate"]["holds"] is True
    plans = ask(server, "frontier/curve", session=session, pipeline="p")["plans"]
    found = [(plan["iterationTimeSeconds"], plan["energyJoules"]) for plan in plans]
    best = [(point["iterationTimeSeconds"], point["energyJoules"]) for point in problem["paretoByBruteForce"]]
    # Brute force adds doubles, the engine adds ticks: paths of equal length may differ in the last digit in either
    # sum, and then both plans of such a pair are listed.
    for seconds, joules in best:
        assert any(t <= seconds * (1 + 1e-12) and e <= joules * (1 + 1e-9) for t, e in found), (seconds, joules)
    for t, e in found:
        assert any(close(t, seconds) and joules <= e * (1 + 1e-9) for seconds, joules in best), (t, e)


def test_the_cheapest_plan_is_offered(binary):
    path = shared_data().parent / "faults" / "cheapest-plan-dropped.csv"
    output = subprocess.run(
        [binary, "frontier", str(path), "--stages", "1", "--microbatches", "1", "--blocking-power", "50", "--json"],
        capture_output=True, check=True, text=True).stdout
    assert min(plan["energyJoules"] for plan in json.loads(output)["plans"]) == pytest.approx(50, rel=1e-9)
