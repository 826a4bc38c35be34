"""Versions of the protocol: how client and server agree, and that changes since the last release are named."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import REPOSITORY

SPECIFICATION = REPOSITORY / "protocol-spec"
MODEL = json.loads((SPECIFICATION / "model.json").read_text())
RELEASES = {path.stem: path.read_text() for path in sorted(SPECIFICATION.glob("releases/*.txt"))}


def number(version):
    return tuple(map(int, version.split(".")))


def places(release):
    return {line.partition(": ")[0] for line in release.splitlines() if not line.startswith("#")}


def fields(prefix, some, since):
    """(place, version that the model gives) of each field."""
    for field in some:
        place, own = f"{prefix}.{field['name']}", field.get("since", since)
        yield place, own
        yield from fields(place, field.get("fields", ()), own)


def everything():
    for method in MODEL["methods"]:
        yield method["method"], method["since"]
        yield from fields(f"{method['method']} params", method["params"], method["since"])
        yield from fields(f"{method['method']} answer", method["answer"] or (), method["since"])
    for push in MODEL["notifications"] + MODEL["serverRequests"]:
        yield push["method"], push["since"]
        yield from fields(f"{push['method']} params", push["params"], push["since"])
    for error in MODEL["errors"]:
        yield f"error {error['kind']}", error["since"]


def test_since_is_the_first_release_that_has_it():
    assert RELEASES and all(number(version) <= number(MODEL["protocolVersion"]) for version in RELEASES)
    seen = 0
    for place, since in everything():
        had = [version for version in sorted(RELEASES, key=number) if place in places(RELEASES[version])]
        assert since == (had[0] if had else MODEL["protocolVersion"]), place
        seen += 1
    assert seen > 1000


def test_the_changelog_names_what_came_and_what_went():
    last = max(RELEASES, key=number)
    section = re.search(rf"^## {re.escape(MODEL['protocolVersion'])}\n(.*?)(?=^## |\Z)",
                        (SPECIFICATION / "CHANGELOG.md").read_text(), re.M | re.S)
    assert section is not None
    now, before = {place for place, _ in everything()}, places(RELEASES[last])
    for place in now - before:
        if " " not in place or place.startswith("error "):
            assert f"`{place.removeprefix('error ')}`" in section[1], place
    gone = {place for place in before - now
            if not place.startswith("every answer") and " error." not in place}
    for place in gone:
        outer = re.split(r"[ .]", place)[0]
        if outer in now:
            assert f"`{place}`" in section[1], place
    deprecated = [field for field in json.dumps(MODEL).split('"deprecated":') if '"since"' in field[:12]]
    assert len(deprecated) == (SPECIFICATION / "trimtab.d.ts").read_text().count("@deprecated since")


@pytest.mark.parametrize(("offered", "taken"), [
    (None, "newest"), ([], "newest"), (["0.1"], "0.1"), (["9.9", "0.1"], "0.1"), (["newest", "0.1"], "newest"),
    (["9.9"], None)])
def test_client_and_server_agree_on_a_version(spawn, offered, taken):
    newest = MODEL["protocolVersion"]
    params = {} if offered is None else {"protocolVersions": [newest if one == "newest" else one for one in offered]}
    server = spawn(initialize=False)
    answer = server.call("initialize", params)
    if taken is None:
        assert answer["error"]["code"] == -32602 and answer["error"]["data"]["path"] == "protocolVersions"
        assert newest in answer["error"]["message"]
        answer = server.call("initialize", {})
        taken = "newest"
    assert answer["result"]["protocolVersion"] == (newest if taken == "newest" else taken)


class LastRelease:
    """A client of the last release, generated from what it declared: what it reads must be there and of its type, and
    what it does not know it passes over."""

    def __init__(self, release):
        self.types, self.inner = {}, {}
        for line in release.splitlines():
            if found := re.fullmatch(r"([^#: ]\S* (?:answer|params)\.\S+): (required|optional) (.*)", line):
                outer, _, name = found[1].rpartition(".")
                self.types[found[1]] = found[2] == "required", found[3].partition(", ")[0]
                self.inner.setdefault(outer, []).append(name)
        self.read, self.passed_over = 0, set()

    def take(self, place, value):
        """Reads an object at a place such as `trial/next answer`."""
        known = self.inner.get(place, ())
        self.passed_over |= {f"{place}.{name}" for name in value if name not in known}
        for name in known:
            is_required, kind = self.types[f"{place}.{name}"]
            assert not is_required or name in value, f"{place}.{name} is gone"
            if name in value:
                self.read += 1
                assert self.fits(f"{place}.{name}", kind, value[name]), f"{place}.{name}: no {kind}: {value[name]!r}"

    def fits(self, place, kind, value):
        kind = re.sub(r"\([^)]*\)", "", kind)
        if " or " in kind:
            return any(self.fits(place, one, value) for one in kind.split(" or "))
        if kind.startswith("list of "):
            inner = kind.removeprefix("list of ")
            return isinstance(value, list) and all(self.fits(place, inner, one) for one in value)
        if kind == "object":
            if not isinstance(value, dict):
                return False
            self.take(place, value)
            return True
        # Words of answers that the client does not know are text, too; numbers may be NaN, which JSON has as text.
        types: dict[str, tuple[type, ...]] = {
            "any": (object,), "boolean": (bool,), "integer": (int,), "number": (int, float, str)}
        is_number = kind in ("integer", "number")
        return isinstance(value, types.get(kind, (str,))) and not (is_number and isinstance(value, bool))


def test_a_client_of_the_last_release_reads_what_is_said_now():
    """All that the server says in the transcripts; what came since must not disturb it, and something did come."""
    last = max((version for version in RELEASES if version != MODEL["protocolVersion"]), key=number)
    client = LastRelease(RELEASES[last])
    methods = {line.partition(": ")[0] for line in RELEASES[last].splitlines()}
    for transcript in sorted((REPOSITORY / "fixtures" / "transcripts").glob("*.transcript")):
        for method, place, value in said(transcript):
            if method in methods:
                client.take(f"{method} {place}", value)
    assert client.read > 10_000
    assert {"initialize answer.capabilities.hoverProvider", "trial/next answer.seed"} <= client.passed_over


def said(transcript):
    """(method, `answer` or `params`, value) of each object that the server sent."""
    sent = {}
    for line in transcript.read_text().splitlines():
        try:
            message = json.loads(line[4:]) if line[:4] in ("--> ", "<-- ") else None
        except ValueError:
            continue
        for one in message if isinstance(message, list) else [message]:
            if not isinstance(one, dict):
                continue
            if line.startswith("--> "):
                sent[json.dumps(one.get("id"))] = one.get("method")
            elif isinstance(one.get("result"), dict):
                yield sent.get(json.dumps(one["id"])), "answer", one["result"]
            elif "method" in one and "id" not in one:
                yield one["method"], "params", one.get("params", {})


@pytest.mark.parametrize(("change", "complaint"), [
    (lambda answer: answer.pop("decision"), "is gone"), (lambda answer: answer.update(decision=7), "no "),
    (lambda answer: answer.update(later=[7]), None), (lambda answer: answer.update(decision="later"), None)])
def test_the_client_of_the_last_release_needs_what_it_knows(change, complaint):
    client = LastRelease(RELEASES[max(RELEASES, key=number)])
    answer = next(value for method, place, value in said(REPOSITORY / "fixtures/transcripts/selection.transcript")
                  if (method, place) == ("trial/update", "answer"))
    change(answer)
    try:
        client.take("trial/update answer", answer)
    except AssertionError as error:
        assert complaint and complaint in str(error)
    else:
        assert complaint is None


def add_line(text):
    return text.replace("\n", "\nand a change\n", 1)


def lose_release_field(text):
    """As if the release had had one more field, which was removed since."""
    return text + "trial/next params.formerly: optional string\n"


# A method of the release that the changelog has no reason to name.
UNNAMED = next(method["method"] for method in MODEL["methods"]
               if method["method"] in places(RELEASES["0.1"])
               and f"`{method['method']}`" not in (SPECIFICATION / "CHANGELOG.md").read_text())


def lose_release_method(text):
    """As if the method had come after the release."""
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith(UNNAMED))


@pytest.mark.parametrize(("name", "change", "complaint"), [
    ("protocol-spec/CHANGELOG.md", str, None),
    ("protocol-spec/trimtab.d.ts", add_line, "protocol-spec/trimtab.d.ts"),
    ("protocol-spec/trimtab.rs", add_line, "protocol-spec/trimtab.rs"),
    ("protocol-spec/index.html", add_line, "protocol-spec/index.html"),
    ("clients/python/trimtab/messages.py", add_line, "clients/python/trimtab/messages.py"),
    ("protocol-spec/releases/0.1.txt", lose_release_field, "`trial/next params.formerly` is not named"),
    ("protocol-spec/releases/0.1.txt", lose_release_method, f"`{UNNAMED}` is not named"),
    ("protocol-spec/CHANGELOG.md", lambda text: text.replace("`initialize params.rootUri`", ""),
     "`initialize params.rootUri` is not named"),
])
def test_the_check_notices_a_change(tmp_path, name, change, complaint):
    tool = REPOSITORY / ".build" / "debug" / "protocol-tool"
    if not tool.exists():
        pytest.skip("no protocol-tool: run `swift build`")
    for folder in ("protocol-spec", "fixtures", "clients"):
        shutil.copytree(REPOSITORY / folder, tmp_path / folder)
    # A transcript names it as a file outside the roots.
    shutil.copy(REPOSITORY / "Package.swift", tmp_path)
    generated = Path("Sources", "TrimtabClient", "Messages.swift")
    (tmp_path / generated).parent.mkdir(parents=True)
    shutil.copy(REPOSITORY / generated, tmp_path / generated)
    (tmp_path / name).write_text(change((tmp_path / name).read_text()))
    found = subprocess.run([tool, "check"], cwd=tmp_path, capture_output=True, text=True, check=False)
    said = found.stdout + found.stderr
    assert (found.returncode, said) == (0, "") if complaint is None else complaint in said, said
    assert complaint is None or found.returncode == 1
