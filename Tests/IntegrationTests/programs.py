"""Programs of the system that tests use; a test without one is skipped by name."""

import shutil

import pytest


def program(name, package):
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"no {name}: install your system's {package}")
    return found
