"""The committed profiles are what the generator makes, and are shaped as a measured profile is."""

import subprocess
import sys

from conftest import FIXTURES, MODELLED
from measurements import read_profile


def test_the_profiles_are_reproducible_byte_for_byte(tmp_path):
    subprocess.run([sys.executable, FIXTURES / "make_profiles.py", tmp_path], check=True)
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert made == {path.name: path.read_bytes() for path in FIXTURES.glob("*.csv")}
    assert len(made) == 2


def test_each_table_has_forty_options_and_an_energy_minimum_inside():
    for path, stages, _ in MODELLED.values():
        tables = read_profile(path)
        assert set(tables) == {(s, i) for s in range(stages) for i in ("forward", "backward")}
        for options in tables.values():
            assert len(options) == 40
            clocks = sorted(options)
            cheapest = min(clocks, key=lambda clock: options[clock][1])
            assert clocks[0] < cheapest < clocks[-1]
            assert min(clocks, key=lambda clock: options[clock][0]) > clocks[-5]
