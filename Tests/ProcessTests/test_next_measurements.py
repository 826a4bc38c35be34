"""What profile/next asks for on published profiles, and what plans on so few measurements are worth."""

import pytest
from conftest import check_error
from measurements import read_profile
from sweeps import Sweep, unlike


@pytest.fixture
def call(server):
    server.result("session/open", {"session": "s", "seed": 1})
    return lambda method, **params: server.result(method, {"session": "s", **params})


@pytest.mark.parametrize("seed", range(2))
def test_a_tenth_of_a_published_sweep(call, measured_profiles, seed):
    """No setting was chosen by these seeds. The A100's profile, its stages made unlike."""
    path, _, power = measured_profiles["a100"]
    sweep = Sweep(call, unlike(read_profile(path), 900 + seed), power, microbatches=6)
    budget = sweep.option_count // 10
    regrets = []
    while len(sweep.measured) < budget:
        answer = sweep.next(min(8, budget - len(sweep.measured)))
        assert answer["measurements"] and not answer["sufficient"]
        regrets.append(answer.get("expectedRegretFraction"))
    known = [regret for regret in regrets if regret is not None]
    assert known and known[-1] < known[0] / 2
    # The first measurements give each table two clocks.
    assert len({one[:2] for one in sweep.measured[:16]}) == 16
    assert sweep.excess() < 0.005


def test_what_is_worth_nothing_is_not_named(call, server):
    call("pipeline/define", pipeline="p", schedule="1f1b", stages=2, microbatches=4, blockingPowerWatts=60)
    check_error(server.error("profile/next", {"session": "s", "pipeline": "p"}), path="frequencies")
    clocks = list(range(900, 1411, 30))

    def submit(options):
        call("profile/submit", pipeline="p", rows=[
            {"stage": stage, "instruction": instruction, "frequency": clock,
             "timeSeconds": 0.05 * (1 + 0.2 * stage) * (0.3 + 0.7 * 1410 / clock),
             "energyJoules": 5 + 9 * (clock / 1410) ** 3}
            for stage, instruction, clock in options])

    first = call("profile/next", pipeline="p", frequencies=clocks, count=256)
    assert {one["reason"] for one in first["measurements"]} == {"coverage"} and "expectedRegretJoules" not in first
    submit([(one["stage"], one["instruction"], one["frequency"]) for one in first["measurements"]])
    asked = {"pipeline": "p", "frequencies": clocks, "sufficientRegretFraction": 0, "count": 4}
    answer = call("profile/next", **asked)
    assert [one["reason"] for one in answer["measurements"]] == ["regret"] * 4
    assert answer["measurements"][0]["savedJoules"] <= answer["expectedRegretJoules"]
    # Too dear for the iterations that are left, and cheap for many.
    assert call("profile/next", **asked, iterationCount=1, measurementJoules=1000)["sufficient"]
    assert not call("profile/next", **asked, iterationCount=1e9, measurementJoules=1000)["sufficient"]
    assert call("profile/next", **{**asked, "sufficientRegretFraction": 1})["measurements"] == []
    # A pause of the search costs nothing: the answer is the same again.
    assert call("profile/next", **asked) == answer
    submit([(stage, kind, clock) for stage in range(2) for kind in ("forward", "backward") for clock in clocks])
    known = call("profile/next", pipeline="p")
    assert known["sufficient"] and known["expectedRegretFraction"] < 1e-4
