"""The language server: manifests as an editor sees them, and the search that another process runs beside it."""

import json
import random
import signal
import socket
from typing import Any

import pytest
from conftest import MODELLED, Server, check_error, define
from lsprotocol import types as lsp
from lsprotocol.converters import get_converter
from pygls.workspace import PositionCodec, TextDocument

CONVERTER = get_converter()
ENCODINGS = ["utf-8", "utf-16", "utf-32"]
MANIFEST = """\
name = "vqa"
state = "search"
command = "python train.py"

[pool]
encoders = ["clip", "siglip"]
language_models = ["qwen", "phi"]

[pool.task]
name = "vqa"
alignment_sample_count = 558_000
metric = { name = "accuracy", direction = "maximize" }
"""
POOL = {"encoders": [{"id": "clip"}, {"id": "siglip"}], "languageModels": [{"id": "qwen"}, {"id": "phi"}],
        "task": {"name": "vqa", "alignmentSampleCount": 558_000,
                 "metric": {"name": "accuracy", "direction": "maximize"}}}
# Everything that the server can offer, by where a client names it.
FEATURES = {
    "hover": ("hoverProvider", "textDocument/hover", "place"),
    "completion": ("completionProvider", "textDocument/completion", "place"),
    "codeAction": ("codeActionProvider", "textDocument/codeAction", "range"),
    "codeLens": ("codeLensProvider", "textDocument/codeLens", "document"),
    "inlayHint": ("inlayHintProvider", "textDocument/inlayHint", "range"),
    "documentSymbol": ("documentSymbolProvider", "textDocument/documentSymbol", "document"),
    "foldingRange": ("foldingRangeProvider", "textDocument/foldingRange", "document"),
    "rename": ("renameProvider", "textDocument/prepareRename", "place"),
    "semanticTokens": ("semanticTokensProvider", "textDocument/semanticTokens/full", "document"),
    "diagnostic": ("diagnosticProvider", "textDocument/diagnostic", "document"),
}
DETAILS = {"hover": {"contentFormat": ["markdown"]}, "codeAction": {"codeActionLiteralSupport": {}}}
WORKSPACE = {"applyEdit": True, "executeCommand": {}, "textDocumentContent": {},
             "workspaceEdit": {"documentChanges": True}, "codeLens": {"refreshSupport": True},
             "inlayHint": {"refreshSupport": True}, "diagnostics": {"refreshSupport": True}}


class Editor:
    """A client with a document, which answers what the server asks of it."""

    def __init__(self, server, folder, features=("hover", "codeLens"), workspace=WORKSPACE, encodings=("utf-16",),
                 publishes=True):
        self.server, self.met, self.version = server, [], 0
        self.uri = (folder / "trimtab.toml").as_uri()
        text_document = {"synchronization": {"didSave": True}, **{name: DETAILS.get(name, {}) for name in features}}
        if publishes:
            text_document["publishDiagnostics"] = {"versionSupport": True}
        self.offer = server.initialize(capabilities={
            "general": {"positionEncodings": list(encodings)}, "textDocument": text_document, "workspace": workspace,
        })["capabilities"]

    def open(self, text):
        self.version += 1
        self.server.send(self.server.message("textDocument/didOpen", {"textDocument": {
            "uri": self.uri, "languageId": "toml", "version": self.version, "text": text}}))

    def change(self, *changes):
        self.version += 1
        self.server.send(self.server.message("textDocument/didChange", {
            "textDocument": {"uri": self.uri, "version": self.version}, "contentChanges": list(changes)}))

    def ask(self, method, **params):
        request = self.server.request(method, {"textDocument": {"uri": self.uri}, **params})
        self.server.send(request)
        answer = self.answer(request["id"])
        assert "result" in answer, answer
        return answer["result"]

    def command(self, name, quiet=True):
        request = self.server.request("workspace/executeCommand", {
            "command": f"trimtab.{name}", "arguments": [self.uri, "quiet"] if quiet else [self.uri]})
        self.server.send(request)
        return self.answer(request["id"])

    def answer(self, id):
        while True:
            message = self.take()
            if message.get("id") == id and "method" not in message:
                return message

    def take(self):
        """The next message; requests of the server are answered."""
        message = self.server.receive()
        assert message is not None, self.server.log()
        if "method" in message:
            self.met.append(message)
            if "id" in message:
                applied = {"applied": True} if message["method"] == "workspace/applyEdit" else None
                self.server.send({"jsonrpc": "2.0", "id": message["id"], "result": applied})
        return message

    def await_message(self, method):
        while True:
            message = self.take()
            if message.get("method") == method:
                return message

    def lenses(self):
        return [lens["command"]["title"] for lens in self.ask("textDocument/codeLens")]

    def await_lens(self, *parts):
        """Asks whenever the server says that something is new, until a lens has all the parts."""
        while True:
            texts = self.lenses()
            if any(all(part in text for part in parts) for text in texts):
                return texts
            self.await_message("workspace/codeLens/refresh")


@pytest.fixture
def edit(binary, tmp_path):
    """Starts editors, each with a server of its own."""
    servers = []

    def start(*arguments, **options):
        server = Server([binary, "serve", *map(str, arguments)])
        servers.append(server)
        return Editor(server, tmp_path, **options)

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def launch(binary, tmp_path):
    """Starts a launcher on the manifest's state folder: a client that runs the search."""
    servers = []

    def start():
        (tmp_path / "search").mkdir(exist_ok=True)
        server = Server([binary, "serve", "--state", str(tmp_path / "search" / "sessions")])
        servers.append(server)
        server.initialize()
        if not server.result("session/open", {"session": "vqa"})["resumed"]:
            server.result("pool/submit", {"session": "vqa", **POOL})
        return server

    yield start
    for server in servers:
        server.close()


def begin_trial(launcher):
    return launcher.result("trial/next", {"session": "vqa", "worker": "w"})["trial"]


def report(launcher, trial, step, score):
    launcher.result("trial/update", {"session": "vqa", "trial": trial, "step": step, "dataFraction": step / 1000,
                                     "score": score, "gpuSeconds": 30.0 * step})


# Text

PIECES = ["a", "=", "[", "]", '"', " ", "\n", "\r\n", "\r", "é", "e\u0301", "漢", "😀", "👩\u200d🚀", "#", "{",
          "\U0001d518", "1"]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_edits_and_places_are_those_of_pygls(edit, encoding):
    """After each round of edits every place that the server names is the one in pygls's text."""
    rng = random.Random(f"edits {encoding}")
    editor = edit(encodings=[encoding], features=["semanticTokens", "documentSymbol", "diagnostic"], publishes=False)
    fresh = edit(encodings=[encoding], features=["semanticTokens", "documentSymbol", "diagnostic"], publishes=False)
    assert editor.offer["positionEncoding"] == encoding
    codec = PositionCodec(encoding=lsp.PositionEncodingKind(encoding))
    oracle = TextDocument(editor.uri, MANIFEST, sync_kind=lsp.TextDocumentSyncKind.Incremental, position_codec=codec)
    editor.open(MANIFEST)
    for round_number in range(40):
        changes = []
        for _ in range(rng.randrange(1, 6)):
            change = {"range": random_range(rng, codec, oracle.lines or [""]),
                      "text": "".join(rng.choice(PIECES) for _ in range(rng.randrange(6)))}
            oracle.apply_change(CONVERTER.structure(change, lsp.TextDocumentContentChangePartial))
            changes.append(change)
        editor.change(*changes)
        if round_number % 10 == 9:
            editor.change({"text": MANIFEST})
            oracle.apply_change(lsp.TextDocumentContentChangeWholeDocument(text=MANIFEST))
        fresh.open(oracle.source)
        for method in ("textDocument/semanticTokens/full", "textDocument/documentSymbol"):
            assert editor.ask(method) == fresh.ask(method), (round_number, oracle.source)
        assert editor.ask("textDocument/diagnostic")["items"] == fresh.ask("textDocument/diagnostic")["items"]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_half_a_surrogate_pair_is_taken_and_places_stay_right(edit, encoding):
    """As in an editor whose text is UTF-16, where a person deletes half a character."""
    editor = edit(encodings=[encoding], features=["diagnostic", "documentSymbol"], publishes=False)
    editor.open("name = 1\n")
    for half in ("\ud83d", "\ude00", "a\ud83d\u0041"):
        editor.change({"text": f'name = "{half}"; x\n'})  # sent as an escape
        seen = editor.ask("textDocument/diagnostic")["items"]
        editor.change({"text": f'name = "{half}"; x\n'.replace("\ud83d", "\ufffd").replace("\ude00", "\ufffd")})
        assert seen and seen == editor.ask("textDocument/diagnostic")["items"]
    # Two halves that come one after the other are two units, as in the client.
    editor.change({"text": ""})
    at = {"line": 0, "character": 0}
    editor.change({"range": {"start": at, "end": at}, "text": "name = \"\ud83d"})
    end = {"line": 0, "character": 9 if encoding != "utf-8" else 11}
    editor.change({"range": {"start": end, "end": end}, "text": "\ude00\" x"})
    (problem,) = editor.ask("textDocument/diagnostic")["items"]
    assert problem["range"]["start"]["line"] == 0


def test_half_a_surrogate_pair_is_refused_elsewhere(edit):
    editor = edit()
    for message in ({"id": 1, "method": "session/open", "params": {"session": "\ud83d"}},
                    {"method": "trial/update", "params": {"session": "\ude00"}}):
        editor.server.send({"jsonrpc": "2.0", **message})
        answer = editor.answer(None)
        assert answer["error"]["code"] == -32700 and "surrogate" in answer["error"]["message"]


@pytest.mark.parametrize("publishes", [True, False])
def test_many_problems_are_counted_not_listed(edit, publishes):
    count = 10_000
    editor = edit(features=["codeAction", *([] if publishes else ["diagnostic"])], publishes=publishes)
    editor.open("".join(f"unknown_{number} = 1\n" for number in range(count)))
    if publishes:
        items = editor.await_message("textDocument/publishDiagnostics")["params"]["diagnostics"]
    else:
        items = editor.ask("textDocument/diagnostic")["items"]
    assert [item["range"]["start"]["line"] for item in items] == list(range(101))
    assert {item["code"] for item in items[:100]} == {"unknownKey"} and items[100]["code"] == "moreProblems"
    assert items[100]["severity"] == 1 and f"{count - 100} more problems" in items[100]["message"]
    whole = {"start": {"line": 0, "character": 0}, "end": {"line": count, "character": 0}}
    assert len(editor.ask("textDocument/codeAction", range=whole, context={"diagnostics": []})) <= 101
    # One problem less than the limit is listed without a count.
    editor.change({"text": "".join(f"unknown_{number} = 1\n" for number in range(100))})
    items = (editor.await_message("textDocument/publishDiagnostics")["params"]["diagnostics"] if publishes
             else editor.ask("textDocument/diagnostic")["items"])
    assert len(items) == 100 and {item["code"] for item in items} == {"unknownKey"}


def random_range(rng, codec, lines):
    """A range between characters of a text, mostly one of a few characters."""
    def places(line):
        content = lines[line].rstrip("\r\n")
        return [(line, codec.client_num_units(content[:index])) for index in range(len(content) + 1)]

    start = rng.choice(places(rng.randrange(len(lines))))
    near = [place for place in places(start[0]) if start <= place <= (start[0], start[1] + 3)]
    end = rng.choice(near) if rng.random() < 0.7 else rng.choice(places(rng.randrange(len(lines))))
    start, end = sorted((start, end))
    return {"start": dict(zip(("line", "character"), start, strict=True)),
            "end": dict(zip(("line", "character"), end, strict=True))}


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_places_of_models_are_counted_as_the_client_counts(edit, encoding):
    editor = edit(encodings=[encoding], features=["rename"])
    text = '# 😀\nnote = "é😀漢"\n[pool]\nencoders = ["😀é", "b"]\n'
    editor.open(text)
    codec = PositionCodec(encoding=lsp.PositionEncodingKind(encoding))
    line = text.splitlines()[3]
    start, end = line.index('"😀é"'), line.index('"😀é"') + len('"😀é"')
    found = editor.ask("textDocument/prepareRename",
                       position={"line": 3, "character": codec.client_num_units(line[:start + 2])})
    assert found["placeholder"] == "😀é"
    assert found["range"] == {"start": {"line": 3, "character": codec.client_num_units(line[:start])},
                              "end": {"line": 3, "character": codec.client_num_units(line[:end])}}


# Capabilities

@pytest.mark.parametrize("left_out", [None, *FEATURES])
def test_only_what_the_client_names_is_offered(edit, left_out):
    editor = edit(features=[name for name in FEATURES if name != left_out])
    for name, (provider, _, _) in FEATURES.items():
        assert (provider in editor.offer) == (name != left_out), name


def test_a_client_without_documents_is_offered_none(spawn):
    for capabilities in ({}, [], None, {"workspace": WORKSPACE}, {"textDocument": None}):
        server = spawn(initialize=False)
        offer = server.result("initialize", {"capabilities": capabilities})["capabilities"]
        assert set(offer) == {"framings", "methods", "durability"}, offer


def test_empty_lists_count_as_empty_objects(edit, spawn):
    """Neovim 0.7 writes them so."""
    server = spawn(initialize=False)
    offer = server.result("initialize", {"capabilities": {
        "textDocument": {"synchronization": [], "hover": [], "publishDiagnostics": []}, "workspace": []}})
    assert offer["capabilities"]["hoverProvider"] is True
    assert "codeLensProvider" not in offer["capabilities"]


def test_every_answer_is_one_of_the_language_server_protocol(edit):
    """lsprotocol, which others generated from the specification, reads the answers."""
    editor = edit(features=FEATURES, publishes=False)
    initialized = CONVERTER.structure(
        {"jsonrpc": "2.0", "id": 1, "result": {"capabilities": editor.offer}}, lsp.InitializeResponse)
    assert initialized.result.capabilities.hover_provider is True
    editor.open(MANIFEST.replace("direction", "directio"))
    place: dict[str, Any] = {"position": {"line": 5, "character": 14}}
    everything: dict[str, Any] = {"range": {"start": {"line": 0, "character": 0}, "end": {"line": 99, "character": 0}}}
    for name, (_, method, kind) in FEATURES.items():
        params: dict[str, Any] = {"place": place, "range": everything, "document": {}}[kind]
        if name == "codeAction":
            params = {**params, "context": {"diagnostics": []}}
        if name == "completion":
            params = {"position": {"line": 3, "character": 0}}
        request = editor.server.request(method, {"textDocument": {"uri": editor.uri}, **params})
        editor.server.send(request)
        response_type: Any = lsp.METHOD_TO_TYPES[method][1]
        response = CONVERTER.structure(editor.answer(request["id"]), response_type)
        assert response.result or name in ("codeLens", "inlayHint"), name


def test_nothing_is_sent_that_the_client_did_not_name(edit, launch):
    editor = edit(features=["hover"], workspace={}, publishes=False)
    launcher = launch()
    editor.open(MANIFEST)
    trial = begin_trial(launcher)
    report(launcher, trial, 1, 0.4)
    while "qwen" not in json.dumps(editor.ask("textDocument/hover", position={"line": 4, "character": 2})):
        pass
    assert editor.met == []


def test_nothing_is_sent_after_shutdown(edit, launch):
    editor = edit(features=["codeLens"])
    launcher = launch()
    editor.open(MANIFEST)
    editor.await_lens("Search open")
    request = editor.server.request("shutdown")
    editor.server.send(request)
    assert editor.answer(request["id"])["result"] is None
    report(launcher, begin_trial(launcher), 1, 0.4)
    editor.server.send(editor.server.message("exit"))
    assert editor.server.exit_code() == (0, [])


def test_an_owner_of_another_version_is_said(edit, tmp_path):
    """A stand-in that listens where an owner would, and refuses as one of another version does."""
    folder = tmp_path / "search" / "sessions" / "run"
    folder.mkdir(parents=True, mode=0o700)
    editor = edit(features=["codeLens"])
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "socket"))
        (folder / "socket").chmod(0o600)
        listener.listen()
        editor.open(MANIFEST)
        connection, _ = listener.accept()
        with connection, connection.makefile("rwb") as stream:
            for _ in range(2):
                header = stream.readline()
                assert stream.readline() == b"\r\n"
                asked = json.loads(stream.read(int(header.split(b":")[1])))
                error = {"code": 1005 if asked["method"] == "$/join" else -32601, "message": f"no {asked['method']}"}
                body = json.dumps({"jsonrpc": "2.0", "id": asked["id"], "error": error}, separators=(",", ":")).encode()
                stream.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
                stream.flush()
            editor.await_lens("The search is not shown", "no $/join")


# Problems

def test_the_edit_of_a_fix_leaves_nothing_wrong(edit):
    editor = edit(features=["codeAction"], workspace={})
    editor.open(MANIFEST.replace("direction", "directio"))
    published = editor.await_message("textDocument/publishDiagnostics")["params"]
    assert published["version"] == 1
    slip = next(one for one in published["diagnostics"] if one["code"] == "unknownKey")
    action, = [one for one in editor.ask("textDocument/codeAction", range=slip["range"],
                                         context={"diagnostics": [slip]}) if one["title"] == "Write direction"]
    assert action["isPreferred"] and action["diagnostics"] == [slip]
    editor.change(*[{"range": one["range"], "text": one["newText"]} for one in action["edit"]["changes"][editor.uri]])
    published = editor.await_message("textDocument/publishDiagnostics")["params"]
    assert (published["version"], published["diagnostics"]) == (2, [])


RULES = {
    "table": "[pool.constraints]\nmaximum_parameter_count = 10\nallowed_licences = [\"mit\"]\n",
    "inline": "constraints = { maximum_parameter_count = 10, denied_tags = [\"old\"] }\n",
}


@pytest.mark.parametrize("rules", RULES)
def test_a_rule_that_excludes_everything_can_be_removed(edit, rules):
    """Only rules are offered whose removal leaves a candidate."""
    models = MANIFEST.replace('"clip", "siglip"', '{ id = "clip", parameter_count = 100, licence = "mit" }') \
        .replace('"qwen", "phi"', '{ id = "qwen", parameter_count = 100, licence = "mit" }')
    text = models.replace("\n[pool.task]", RULES[rules] + "\n[pool.task]", 1) if rules == "inline" \
        else models + "\n" + RULES[rules]
    editor = edit(features=["codeAction"], workspace={})
    editor.open(text)
    problem, = editor.await_message("textDocument/publishDiagnostics")["params"]["diagnostics"]
    assert problem["code"] == "invalidPool"
    actions = editor.ask("textDocument/codeAction", range=problem["range"], context={"diagnostics": [problem]})
    assert [one["title"] for one in actions] == ["Remove maximum_parameter_count"]
    editor.change(*[{"range": one["range"], "text": one["newText"]}
                    for one in actions[0]["edit"]["changes"][editor.uri]])
    left = editor.await_message("textDocument/publishDiagnostics")["params"]["diagnostics"]
    assert [one["code"] for one in left if one["severity"] == 1] == []


def test_a_client_without_action_literals_gets_commands(edit, launch):
    editor = edit(features=["codeLens"])
    editor.open(MANIFEST)
    launch()
    editor.await_lens("Search open")
    everything = {"start": {"line": 0, "character": 0}, "end": {"line": 99, "character": 0}}
    actions = editor.ask("textDocument/codeAction", range=everything, context={"diagnostics": []})
    assert actions == [{"title": "Apply to the search", "command": "trimtab.applyToSearch",
                        "arguments": [editor.uri]}]


# The search beside

def test_the_suggestion_of_a_launcher_is_shown_and_goes_on(edit, launch):
    editor = edit(features=["codeLens", "hover", "inlayHint"])
    editor.open(MANIFEST)
    assert editor.lenses() == []
    launcher = launch()
    editor.await_lens("Search open, no trial under way")
    trial = begin_trial(launcher)
    editor.await_lens("1 trial under way")
    report(launcher, trial, 1, 0.4)
    editor.await_lens("Suggested:", "best with")
    hints = editor.ask("textDocument/inlayHint", range={"start": {"line": 0, "character": 0},
                                                        "end": {"line": 20, "character": 0}})
    assert any("Suggested:" in hint["label"] for hint in hints)
    report(launcher, trial, 2, 0.6)
    editor.await_lens("under way", "at 0.2 %")
    hover = editor.ask("textDocument/hover", position={"line": 5, "character": 14})
    assert "rank" in hover["contents"]["value"] and "0.6" in hover["contents"]["value"]
    launcher.process.send_signal(signal.SIGKILL)
    editor.await_lens("No program runs this search now", "1 trial left under way")
    again = launch()
    report(again, trial, 3, 0.7)
    editor.await_lens("1 trial under way", "at 0.3 %")


def test_the_ranking_is_that_of_the_session(edit, launch):
    editor = edit(features=["codeLens"])
    editor.open(MANIFEST)
    launcher = launch()
    trial = begin_trial(launcher)
    report(launcher, trial, 1, 0.4)
    editor.await_lens("Suggested:")
    shown = editor.command("ranking")["result"]["ranking"]
    beside = {"cluster", "lastScore", "lastFraction"}
    assert beside <= shown[0].keys()
    ranking = launcher.result("suggestion/ranking", {"session": "vqa"})["ranking"]
    assert [{key: value for key, value in one.items() if key not in beside} for one in shown] == ranking
    assert [one["rank"] for one in shown] == [1, 2, 3, 4]


def test_without_a_frontier_it_is_said_what_computes_it(edit, launch):
    editor = edit(features=["codeLens"])
    launcher = launch()
    launcher.result(*define("vqa")[0])
    editor.open(MANIFEST + '\n[objective]\nobjective = "energyDelayProduct"\n')
    editor.await_lens("no frontier of this pipeline yet; `python -m trimtab launch` computes it")
    refused = editor.command("showFrontier")["error"]
    assert "python -m trimtab launch" in refused["message"] and "frontier/" not in refused["message"]


def test_typing_changes_no_search_and_applying_does(edit, launch):
    editor = edit(features=["codeLens"])
    launcher = launch()
    editor.open(MANIFEST)
    editor.await_lens("Search open")
    before = launcher.result("session/export", {"session": "vqa"})
    editor.change({"text": MANIFEST.replace('"siglip"', '"siglip", "dino"').replace('"phi"', '"gemma"')})
    editor.server.send(editor.server.message("textDocument/didSave", {"textDocument": {"uri": editor.uri}}))
    editor.lenses()
    assert launcher.result("session/export", {"session": "vqa"}) == before
    answer = editor.command("applyToSearch")
    assert "4 candidates added" not in answer["result"]["message"]
    assert "candidates added" in answer["result"]["message"] and "clip + phi banned" in answer["result"]["message"]
    ranking = launcher.result("suggestion/ranking", {"session": "vqa"})["ranking"]
    closed = {one["candidate"]["languageModel"] for one in ranking if one.get("closure") == "banned"}
    models = {one["candidate"]["encoder"] for one in ranking}
    assert closed == {"phi"} and models == {"clip", "siglip", "dino"}
    # The editor has the session open no longer.
    launcher.result("session/close", {"session": "vqa"})


def test_applying_may_take_out_the_suggested_candidate(edit, launch):
    """What changes then is pushed with the answer that ends the editor's part in the session."""
    editor = edit(features=["codeLens"])
    launcher = launch()
    report(launcher, begin_trial(launcher), 1, 0.4)
    suggested = launcher.result("suggestion/get", {"session": "vqa"})["suggestion"]["candidate"]
    editor.open(MANIFEST)
    editor.await_lens("Suggested:")
    model = suggested["languageModel"]
    editor.change({"text": MANIFEST.replace('["qwen", "phi"]', '["phi"]' if model == "qwen" else '["qwen"]')})
    answer = editor.command("applyToSearch")
    assert f"+ {model} banned" in answer["result"]["message"]
    assert editor.lenses(), "the process goes on"


def test_a_manifest_with_errors_is_not_applied(edit, launch):
    editor = edit(features=["codeLens"])
    launcher = launch()
    editor.open(MANIFEST)
    editor.await_lens("Search open")
    editor.change({"text": MANIFEST.replace('"siglip"]', "")})
    check_error(editor.command("applyToSearch")["error"], kind="invalidPool")
    ranking = launcher.result("suggestion/ranking", {"session": "vqa"})["ranking"]
    assert not any("closure" in one for one in ranking)


def test_the_suggestion_is_written_by_the_client(edit, launch):
    editor = edit(features=["codeLens"])
    launcher = launch()
    report(launcher, begin_trial(launcher), 1, 0.4)
    editor.open(MANIFEST)
    editor.await_lens("Suggested:")
    edit_made = editor.command("insertSuggestion")["result"]["edit"]
    asked, = [one for one in editor.met if one["method"] == "workspace/applyEdit"]
    assert asked["params"]["edit"] == edit_made
    change, = edit_made["documentChanges"][0]["edits"]
    editor.change({"range": change["range"], "text": change["newText"]})
    assert "has" in editor.command("insertSuggestion")["result"]["message"]


def test_documents_survive_a_change_of_owner(edit, launch, tmp_path):
    """A process that joined the launcher's directory keeps what was typed when it becomes the owner."""
    launcher = launch()
    trial = begin_trial(launcher)
    report(launcher, trial, 1, 0.4)
    editor = edit("--state", tmp_path / "search" / "sessions", features=["codeLens", "documentSymbol"])
    editor.open(MANIFEST)
    editor.await_lens("1 trial under way")
    editor.change({"range": {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}},
                   "text": "# typed\n"})
    launcher.process.send_signal(signal.SIGKILL)
    editor.await_lens("No program runs this search now")
    symbols = editor.ask("textDocument/documentSymbol")
    first = symbols[0].get("location", symbols[0])["range"]["start"]
    assert first == {"line": 1, "character": 0}
    again = launch()
    report(again, trial, 2, 0.5)
    editor.await_lens("1 trial under way", "at 0.2 %")


def test_the_frontier_is_a_document(edit, launch):
    editor = edit(features=["codeLens", "hover"])
    launcher = launch()
    path, _, _ = MODELLED["a100"]
    for method, params in define("vqa"):
        if "csvPath" in params:
            params = {**{k: v for k, v in params.items() if k != "csvPath"}, "csvText": path.read_text()}
        launcher.result(method, params)
    launcher.result("frontier/characterize", {"session": "vqa", "pipeline": "p"})
    editor.open(MANIFEST + '\n[objective]\nobjective = "energyDelayProduct"\n')
    editor.await_lens("saved", "gap")
    shown = editor.command("showFrontier")["result"]
    request = editor.server.request("workspace/textDocumentContent", {"uri": shown["uri"]})
    editor.server.send(request)
    text = editor.answer(request["id"])["result"]["text"]
    assert text == shown["text"] and "Frontier of pipeline p" in text and "O" in text
    hover = editor.ask("textDocument/hover", position={"line": 14, "character": 3})["contents"]["value"]
    assert "energy" in hover and "gap" in hover
