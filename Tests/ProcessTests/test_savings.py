"""Energy saved without slowdown: realised plans, simulated again from their clocks with the measured figures."""

import pytest
from conftest import FIXTURES, MODELLED, shared_data
from test_linear_program import realise, solve
from trimtab import Trimtab

# Published savings in percent at no slowdown, 8 stages, by microbatches (SOSP'24, Table 6, GPT-3 175B).
PUBLISHED = {"a100": {12: 15.20, 24: 14.19, 48: 13.62, 96: 13.32}, "a40": {12: 11.81, 24: 10.22, 48: 9.34, 96: 8.88}}
CELLS = [(gpu, microbatches) for gpu, row in PUBLISHED.items() for microbatches in row]


@pytest.fixture(scope="module")
def client(binary):
    with Trimtab([binary, "serve"], roots=[str(FIXTURES), str(shared_data())], timeout=300) as client:
        yield client


def saving(client, path, stages, power, microbatches):
    """(saving, the most any plan could save) at a realised time not above all-max-frequency's."""
    session, frontier, problem = solve(client, path, stages, power, microbatches)
    full_seconds, full_joules = problem.all_max_frequency()
    asked = frontier.all_max_frequency.iteration_time_seconds  # as the server states it, not computed again
    seconds, joules = realise(problem, session.plan("p", deadline_seconds=asked))
    assert seconds <= full_seconds * (1 + 1e-12)
    stated = session.query("p", deadline_seconds=asked)
    assert stated.saving_fraction == pytest.approx(1 - joules / full_joules, abs=1e-9)
    return 1 - joules / full_joules, 1 - stated.lower_bound.energy_joules / full_joules


@pytest.mark.parametrize("gpu, microbatches", CELLS, ids=lambda value: str(value))
def test_savings_reach_the_published_ones(client, measured_profiles, gpu, microbatches):
    path, stages, power = measured_profiles[gpu]
    saved, possible = saving(client, path, stages, power, microbatches)
    print(f"{gpu} {microbatches}: {saved:.2%} saved, {possible:.2%} possible, {PUBLISHED[gpu][microbatches]} published")
    assert saved <= possible
    assert 100 * saved >= PUBLISHED[gpu][microbatches]


@pytest.mark.parametrize("gpu, microbatches, least", [("h100", 12, 0.08), ("a100", 12, 0.05)])
def test_modelled_profiles_save_energy_at_no_slowdown(client, gpu, microbatches, least):
    path, stages, power = MODELLED[gpu]
    saved, possible = saving(client, path, stages, power, microbatches)
    assert least <= saved <= possible
