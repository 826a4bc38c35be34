"""The stub of NVML's library, built for the tests that need it."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def nvml_library(tmp_path_factory):
    """A folder with the stub as libnvidia-ml.so.1, for LD_LIBRARY_PATH."""
    compiler = next((found for name in ("cc", "clang", "gcc") if (found := shutil.which(name))), None)
    if compiler is None:
        pytest.skip("no C compiler: install clang")
    folder = tmp_path_factory.mktemp("nvml")
    subprocess.run([compiler, "-shared", "-fPIC", "-Wall", "-Wno-unused-parameter", "-o",
                    str(folder / "libnvidia-ml.so.1"), str(Path(__file__).with_name("nvml_stub.c"))], check=True)
    return folder


@pytest.fixture
def gpus(nvml_library, tmp_path, monkeypatch):
    """The environment of processes that find the stub, and the file that has what they changed."""
    state = tmp_path / "clocks"
    environment = {"LD_LIBRARY_PATH": str(nvml_library), "NVML_STUB_STATE": str(state)}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return dict(os.environ), state
