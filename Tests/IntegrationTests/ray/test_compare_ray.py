"""The search of `clients/python/examples/compare` with Ray Tune, as it stands there."""

import os
import subprocess
import sys

from places import AWAIT_SECONDS, CLIENT


def test_ray_tune_ends_by_itself(tmp_path):
    done = subprocess.run(
        [sys.executable, str(CLIENT / "examples" / "compare" / "with_ray_tune.py")], cwd=tmp_path, capture_output=True,
        text=True, timeout=3 * AWAIT_SECONDS, env={**os.environ, "RAY_USAGE_STATS_ENABLED": "0"})
    assert "{'encoder': 'huge', 'language_model': 'phi'}" in done.stdout, done.stderr
    assert "Number of errored trials: 1" in done.stdout, "one candidate does not fit"
