"""The strategy of a search that names none: what is kept of it, and what sessions of earlier versions go on meaning."""

import json
import shutil
import subprocess
from pathlib import Path

from crash.server import Server

JOURNALS = Path(__file__).resolve().parents[2] / "fixtures" / "journals"
TASK = {"name": "t", "metric": {"name": "accuracy", "direction": "maximize"}, "alignmentSampleCount": 1000}


def strategies(requests):
    """The strategy that each pool/submit names."""
    return [request["params"].get("search", {}).get("strategy") for request in requests
            if request["method"] == "pool/submit"]


def stop(server):
    server.kill()
    server.wait()


def test_a_journal_keeps_the_strategy_that_its_search_was_given(binary, tmp_path):
    server = Server(binary, "--state", str(tmp_path))
    server.result("initialize")
    server.result("session/open", {"session": "s"})
    parts = {"encoders": [{"id": "a"}], "languageModels": [{"id": "l"}]}
    server.result("pool/submit", {"session": "s", **parts, "task": TASK})
    server.result("pool/submit", {"session": "s", "encoders": [{"id": "b"}]})
    # A request that is refused founds no search.
    server.result("session/open", {"session": "t"})
    assert "error" in server.answer_to("pool/submit", {"session": "t", **parts})
    exported = server.result("session/export", {"session": "s"})["requests"]
    assert strategies(exported) == ["race", None]
    stop(server)
    dump = subprocess.run([binary, "journal", "dump", "--session", "s", str(tmp_path)], capture_output=True, text=True,
                          check=True).stdout
    requests = [json.loads(line.removeprefix("--> ")) for line in dump.splitlines() if line.startswith("--> ")]
    assert strategies(requests) == ["race", None]
    server = Server(binary, "--state", str(tmp_path))
    server.result("initialize")
    assert server.result("session/open", {"session": "s"})["revision"] == 2
    assert server.result("session/export", {"session": "s"})["requests"] == exported
    stop(server)


def test_a_journal_without_a_strategy_means_what_it_meant(binary, tmp_path):
    (tmp_path / "sessions").mkdir()
    shutil.copy(JOURNALS / "pool-without-search.journal", tmp_path / "sessions" / "s.journal")
    server = Server(binary, "--state", str(tmp_path))
    server.result("initialize")
    assert server.result("session/open", {"session": "s"})["revision"] == 4
    exported = json.loads((JOURNALS / "pool-without-search.export.json").read_text())
    assert server.result("session/export", {"session": "s"}) == exported
    assert server.result("trial/next", {"session": "s"})["toFraction"] == 0.03
    stop(server)


def test_an_export_of_before_makes_an_equal_session(binary):
    exported = json.loads((JOURNALS / "pool-without-search.export.json").read_text())
    server = Server(binary)
    server.result("initialize")
    for request in exported["requests"]:
        server.result(request["method"], request["params"])
    assert server.result("session/export", {"session": "s"}) == exported
    stop(server)
