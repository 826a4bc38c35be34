"""The client against servers at fault: the captures of protocol-spec/conformance/clients, played by `serve --from`."""

import json
import subprocess

import pytest
from conftest import AWAIT_SECONDS, REPOSITORY
from trimtab import CallTimeout, Request, RPCError, Trimtab, TrimtabError

FOLDER = REPOSITORY / "protocol-spec" / "conformance" / "clients"
CHECKS = sorted(FOLDER.glob("*.transcript"))
TIMEOUT = 0.2  # for calls that may stay without an answer


def settings(path, name):
    return [word for line in path.read_text().splitlines() if line.startswith(f"%{name} ") for word in line.split()[1:]]


def outcome(client, timeout):
    try:
        answer = client.call(Request("session/list", {}), timeout=timeout)
    except RPCError:
        return "refused"
    except CallTimeout:
        return "silent"
    except TrimtabError:
        return "failed"
    assert answer["sessions"] == []
    return "answered"


@pytest.mark.parametrize("framing", ["headers", "lines"])
@pytest.mark.parametrize("path", CHECKS, ids=lambda path: path.stem)
def test_the_client_with_a_server_at_fault(binary, path, framing):
    if framing not in (settings(path, "framing") or [framing]):
        return
    expected = [word.split("|") for word in settings(path, "outcomes")]
    client = Trimtab([binary, "serve", "--from", str(path)], framing=framing, timeout=AWAIT_SECONDS, restart=False)
    try:
        found = [outcome(client, TIMEOUT if "silent" in words else AWAIT_SECONDS) for words in expected]
    finally:
        client.close()
    assert all(one in words for one, words in zip(found, expected)), found


def test_every_check_says_what_it_checks_and_is_a_capture(binary):
    assert len(CHECKS) >= 20
    for path in CHECKS:
        first, *lines = path.read_text().splitlines()
        assert first.startswith("# ") and first.endswith("."), path.name
        assert settings(path, "outcomes"), path.name
        sent = [json.loads(line.removeprefix("--> ")) for line in lines if line.startswith("--> ")]
        assert [message["method"] for message in sent][:3] == ["initialize", "initialized", "session/list"], path.name
        assert subprocess.run([binary, "view", path], capture_output=True, check=False).returncode == 0, path.name
