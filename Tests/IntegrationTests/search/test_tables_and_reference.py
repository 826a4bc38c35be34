"""Lists of answers as pandas data frames, and the reference that pdoc makes of the docstrings."""

import subprocess
import sys

import pandas
import pytest
import trimtab
from places import CLIENT
from trimtab.methods import SessionMethods


def test_a_list_of_answers_becomes_a_data_frame():
    rows = trimtab.Rows([trimtab.Observation(0.5, 0.1), trimtab.Observation(1.0, 0.2)])
    assert rows.to_frame().to_dict("list") == {"data_fraction": [0.5, 1.0], "score": [0.1, 0.2]}


def test_objects_inside_become_columns():
    frame = trimtab.to_frame([trimtab.Prediction(trimtab.Candidate("clip", "qwen"), "observed", rank=1)])
    assert isinstance(frame, pandas.DataFrame)
    assert frame.loc[0, ["candidate.encoder", "rank"]].tolist() == ["clip", 1]


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """Everything that pdoc writes; a warning of it, such as of a docstring that it cannot read, is an error."""
    folder = tmp_path_factory.mktemp("reference")
    subprocess.run([sys.executable, "-W", "error", str(CLIENT / "apidoc.py"), str(folder)], check=True)
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*.html")}


def test_the_reference_has_every_public_name(reference):
    missing = [name for name in trimtab.__all__ if f'id="{name}"' not in reference["trimtab.html"]]
    assert not missing


def test_the_reference_has_every_method_of_a_session(reference):
    everything = "".join(reference.values())
    methods = [name for name in dir(SessionMethods) if not name.startswith("_")]
    assert len(methods) > 30
    assert not [name for name in methods if f"Methods.{name}" not in everything]
