"""A search and a frontier to draw."""

import pytest
from places import FIXTURES
from recorded_search import begin, recorded, train
from trimtab import Trimtab


@pytest.fixture(scope="session")
def energy(binary):
    """A session whose pipeline `gpt` has a frontier."""
    with Trimtab([binary, "serve"], roots=[str(FIXTURES)], timeout=120) as client:
        session = client.open_session("energy")
        session.define_pipeline("gpt", schedule="1f1b", stages=8, microbatches=24, blocking_power_watts=95.0)
        session.submit_profile("gpt", csv_path=str(FIXTURES / "profiles" / "modelled-h100-8stage.csv"))
        session.characterize("gpt")
        yield session


@pytest.fixture(scope="session")
def search(binary):
    """A session whose search is well under way."""
    with Trimtab([binary, "serve"], roots=[str(FIXTURES)], timeout=120) as client:
        session, curves = client.open_session("search"), recorded()
        begin(session, curves)
        train(session, curves, 60)
        yield session
