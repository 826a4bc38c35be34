"""A search and a frontier to draw, a browser to look with, and the folder that pictures go to."""

import os
import shutil
from pathlib import Path

import pytest
from recorded_search import FIXTURES, begin, recorded, train
from trimtab import Trimtab


@pytest.fixture(scope="session")
def pictures(tmp_path_factory):
    """Where pictures are kept: $TRIMTAB_PICTURES, to look at them, else a folder that goes."""
    wanted = os.environ.get("TRIMTAB_PICTURES")
    folder = Path(wanted) if wanted else tmp_path_factory.mktemp("pictures")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


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


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium; the widgets run nowhere else."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.skip("no Chromium: install your system's chromium package")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        one = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield one
        one.close()
