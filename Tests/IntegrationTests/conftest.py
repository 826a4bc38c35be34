"""Shared by the groups: the client of this repository, the binary that it spawns, a browser, the place of pictures."""

import os
import shutil
import sys
from pathlib import Path

import pytest
from places import CLIENT, REPOSITORY
from vscode_library import unpack

sys.path.insert(0, str(CLIENT))
# Whatever the tests start finds the client, too.
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(CLIENT), os.environ.get("PYTHONPATH")]))


@pytest.fixture(scope="session")
def binary():
    path = Path(os.environ.get("TRIMTAB_BINARY") or REPOSITORY / ".build" / "release" / "trimtab")
    if not path.exists():
        pytest.skip(f"no binary at {path}: build it, or set TRIMTAB_BINARY")
    return str(path.resolve())


@pytest.fixture(scope="session")
def pictures(tmp_path_factory):
    """Where pictures are kept: $TRIMTAB_PICTURES, to look at them, else a folder that goes."""
    wanted = os.environ.get("TRIMTAB_PICTURES")
    folder = Path(wanted) if wanted else tmp_path_factory.mktemp("pictures")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.skip("no Chromium: install your system's chromium package")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        one = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield one
        one.close()


@pytest.fixture(scope="session")
def vscode_jsonrpc(tmp_path_factory):
    """A folder with vscode-jsonrpc, of a version that clients of today use."""
    folder = tmp_path_factory.mktemp("library")
    assert int(unpack(folder).split(".")[0]) >= 9
    return folder
