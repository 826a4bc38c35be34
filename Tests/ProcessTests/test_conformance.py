"""`trimtab conformance`: this server passes, and servers that are wrong in one way each fail the check of that way."""

import os
import re
import shutil
import subprocess
import sys
from xml.etree import ElementTree

import pytest
from conftest import AWAIT_SECONDS, REPOSITORY

CHECKS = sorted((REPOSITORY / "protocol-spec" / "conformance").glob("*.transcript"))

# A small server that is right, line by line, but for what its argument names.
SERVER = r'''
import json, re, sys

fault = sys.argv[1]
initialized = ended = False


def error(id, code):
    return {"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": "refused"}}


def answer(message):
    global initialized, ended
    if not isinstance(message, dict):
        return error(None, -32600)
    if "method" not in message and ("result" in message or "error" in message):
        return error(None, -32600) if fault == "stray-answer" else None
    if not isinstance(message.get("method"), str):
        return error(message.get("id"), -32603 if fault == "invalid-request" else -32600)
    method, params = message["method"], message.get("params")
    if "id" not in message:
        if method == "exit":
            sys.exit(0)
        if fault == "notification" and method.startswith("no/"):
            return error(None, -32601)
        return None
    id = message["id"]
    if fault == "id-string" and isinstance(id, str):
        id = id.encode("ascii", "replace").decode()
    if fault == "id-zero" and id == 0:
        return None
    if fault == "id-large" and isinstance(id, int):
        id = int(float(id) + 1) if id > 1 << 52 else id
    if ended:
        return error(id, -32601 if fault == "after-shutdown" else -32600)
    if method == "initialize":
        if initialized and fault != "initialize-twice":
            return error(id, -32600)
        initialized = True
        result = {} if fault == "initialize" else {"capabilities": {"hoverProvider": True, "codeLensProvider": False}}
        return {"jsonrpc": "2.0", "id": id, "result": result}
    if not initialized and fault != "before-initialize":
        return error(id, -32002)
    if method == "shutdown":
        ended = True
        return {"jsonrpc": "2.0", "id": id, "result": {} if fault == "shutdown" else None}
    if method == "textDocument/hover" and fault != "hover":
        return {"jsonrpc": "2.0", "id": id, "result": [] if fault == "hover-list" else None}
    if fault == "no-params" and "params" not in message:
        return error(id, -32602)
    reply = error(id, -32603 if fault == "unknown-method" else -32601)
    if fault == "both" and method == "no/suchMethod":
        reply["result"] = None
    return reply


for line in sys.stdin:
    if not line.strip():
        if fault == "blank-lines":
            sys.exit(1)
        continue
    try:
        message = json.loads(line)
    except ValueError:
        if fault == "parse-error":
            sys.exit(1)
        replies = [error(None, -32700)]
    else:
        if isinstance(message, list) and fault != "batch":
            replies = [one for one in map(answer, message) if one is not None]
            if not message:
                replies = [error(None, -32600)] if fault != "batch-empty" else []
            elif replies:
                replies = [replies]
            elif fault == "batch-of-notifications":
                replies = [[]]
        else:
            reply = answer(message)
            replies = [] if reply is None else [reply]
    if fault == "twice":
        replies *= 2
    for reply in replies:
        print(json.dumps(reply), flush=True)
'''


def conformance(binary, *arguments):
    return subprocess.run([binary, "conformance", *map(str, arguments)], cwd=REPOSITORY, capture_output=True, text=True,
                          timeout=10 * AWAIT_SECONDS, check=False)


def failed(output):
    return set(re.findall(r"^FAILED\s+(.*?) \(\d", output, re.M))


def title(name):
    lines = (REPOSITORY / "protocol-spec" / "conformance" / f"{name}.transcript").read_text().splitlines()
    level = next(line for line in lines if line.startswith("%level")).split()[1]
    return f"{level}: {lines[0].removeprefix('# ')}"


@pytest.mark.parametrize("framing", ["headers", "lines"])
def test_this_server_passes(binary, framing):
    done = conformance(binary, "--framing", framing, "--", binary, "serve")
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("ok   ") >= 20


@pytest.fixture(scope="module")
def script(tmp_path_factory):
    path = tmp_path_factory.mktemp("server") / "server.py"
    path.write_text(SERVER)
    return path


def run_faulty(binary, script, fault):
    return conformance(binary, "--framing", "lines", "--timeout", "5", "--", sys.executable, script, fault)


def test_a_server_that_is_right_passes(binary, script):
    done = run_faulty(binary, script, "none")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(("fault", "checks"), [
    ("unknown-method", {"unknown-method", "no-params", "dollar-request", "batch"}),
    ("id-string", {"id-string"}), ("id-zero", {"id-zero"}), ("id-large", {"id-large"}), ("no-params", {"no-params"}),
    ("parse-error", {"parse-error"}), ("invalid-request", {"invalid-request"}), ("notification", {"notification"}),
    ("stray-answer", {"stray-answer"}), ("initialize", {"initialize"}), ("shutdown", {"shutdown"}),
    ("before-initialize", {"before-initialize"}), ("after-shutdown", {"after-shutdown"}),
    ("initialize-twice", {"initialize-twice"}), ("batch-empty", {"batch-empty"}), ("blank-lines", {"blank-lines"}),
    ("batch-of-notifications", {"batch-of-notifications"}),
])
def test_a_server_that_is_wrong_in_one_way_fails_its_check(binary, script, fault, checks):
    done = run_faulty(binary, script, fault)
    assert done.returncode == 1
    missing = {title(name) for name in checks} - failed(done.stdout)
    assert not missing, done.stdout
    if fault != "unknown-method":
        assert len(failed(done.stdout)) <= 3, done.stdout


def test_only_what_a_server_declares_is_checked(binary, script, tmp_path):
    """Of the declared level only hovering counts: the server declares nothing else, and code lenses as false."""
    right = run_declared(binary, script, "none", "--junit", tmp_path / "junit.xml")
    assert right.returncode == 0, right.stdout
    declared = [path for path in CHECKS if "%level declared" in path.read_text()]
    skipped = re.findall(r"^skip    .*? \((\w+) is not declared\)$", right.stdout, re.M)
    assert len(skipped) == len(declared) - 1 and "codeLensProvider" in skipped and "hoverProvider" not in skipped
    assert right.stdout.endswith(f"1 of 1 as recorded, {len(skipped)} skipped\n")
    suite = ElementTree.parse(tmp_path / "junit.xml").getroot()
    assert suite.get("skipped") == str(len(suite.findall("testcase/skipped"))) == str(len(skipped))
    tap = run_declared(binary, script, "none", "--tap").stdout
    assert tap.count(" # SKIP ") == len(skipped) and f"1..{len(declared)}\n" in tap

    for fault, found in (("hover", "error"), ("hover-list", "expected %null|%object, found []")):
        wrong = run_declared(binary, script, fault)
        assert wrong.returncode == 1 and failed(wrong.stdout) == {title("hover")} and found in wrong.stdout


    # A server that never answers has not said what it declares.
    silent = conformance(binary, "--level", "declared", "--", sys.executable, "-c", "pass")
    assert silent.returncode == 1 and len(failed(silent.stdout)) == len(declared), silent.stdout


def run_declared(binary, script, fault, *options):
    return conformance(
        binary, "--framing", "lines", "--level", "declared", *options, "--", sys.executable, script, fault)


def test_answers_that_come_twice_or_say_both_fail(binary, script):
    for fault in ("twice", "both"):
        assert len(failed(run_faulty(binary, script, fault).stdout)) > 5


def test_a_folder_without_checks_is_refused(binary, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "README.md").write_text("no check")
    for folder in (tmp_path / "empty", tmp_path / "missing"):
        done = conformance(binary, "--checks", folder, "--", binary, "serve")
        assert done.returncode == 66 and str(folder) in done.stderr and not done.stdout


def test_an_installed_program_finds_its_checks(binary, tmp_path):
    """A shell that finds the program on the PATH, through a link too, gives it its bare name."""
    program = tmp_path / "bin" / "trimtab"
    program.parent.mkdir()
    shutil.copy(binary, program)
    checks = tmp_path / "share" / "trimtab" / "conformance"
    checks.mkdir(parents=True)
    shutil.copy(REPOSITORY / "protocol-spec" / "conformance" / "id-zero.transcript", checks)
    links = tmp_path / "links"
    links.mkdir()
    (links / "trimtab").symlink_to(program)
    for folder in (program.parent, links):
        done = subprocess.run(
            ["trimtab", "conformance", "--timeout", "1e10", "--", "trimtab", "serve"], cwd=tmp_path, check=False,
            env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}, capture_output=True, text=True,
            timeout=AWAIT_SECONDS)
        assert done.returncode == 0 and done.stdout.endswith("1 of 1 as recorded\n"), done.stdout + done.stderr


def test_every_check_says_what_it_checks():
    assert len(CHECKS) >= 25
    for path in CHECKS:
        lines = path.read_text().splitlines()
        assert lines[0].startswith("# ") and lines[0].endswith(".")
        assert any(line.startswith("%level ") for line in lines)
        assert any(line.startswith("<-- ") for line in lines)
        levels = {level for line in lines if line.startswith("%level ") for level in line.split()[1:]}
        assert (levels == {"declared"}) == any(line.startswith("%declares ") for line in lines)
