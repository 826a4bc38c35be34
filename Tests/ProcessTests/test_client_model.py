"""The Python client has what protocol-spec/model.json declares: every method, param, word, object and error."""

import ast
import dataclasses
import importlib.util
import inspect
import json
import re
import typing

import pytest
import trimtab
from conftest import REPOSITORY
from trimtab import answers, declared
from trimtab.answers.wire import camel
from trimtab.methods import ClientRequests, SessionRequests

MODEL = json.loads((REPOSITORY / "protocol-spec" / "model.json").read_text())
METHODS = {method["method"]: method for method in MODEL["methods"]}
# What the connection sends itself, and what tools ask that know no client of this protocol.
HANDSHAKE = {"initialize", "shutdown", "rpc.discover"}
# The client's spelling where it is not the field's own name.
SESSION_FIELD, CALL_OPTIONS = "session", {"progress", "timeout"}


def generator():
    path = REPOSITORY / "clients" / "python" / "generate.py"
    spec = importlib.util.spec_from_file_location("generate", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def stand_in(parameter):
    """A value that a method accepts for a required parameter."""
    return {"prices": [(0.0, 1.0)], "gpus": [], "rows": [], "settings": [], "iterations": [], "step": 1,
            "trial": 1, "score": 0.5, "stages": 1, "variants": {"x": 1.0}}.get(
        parameter.name, ["x"] if parameter.name in ("ids", "replicas") else "x")


def client_methods():
    """Method name on the wire -> the client's function, found by calling each with the least it takes."""
    found = {}
    for requests in (ClientRequests(), SessionRequests("s")):
        for name, function in inspect.getmembers(type(requests), inspect.isfunction):
            if name.startswith("_") or (name == "call" and isinstance(requests, ClientRequests)):
                continue
            needed = [p for p in list(inspect.signature(function).parameters.values())[1:]
                      if p.default is inspect.Parameter.empty]
            arguments = {p.name: stand_in(p) for p in needed}
            found[getattr(requests, name)(**arguments).method] = function
    return found


CLIENT = client_methods()


def of_editors(method):
    """Whether it is of the Language Server Protocol, which an editor's own client speaks."""
    return method.startswith(("textDocument/", "workspace/"))


def test_the_client_has_every_method():
    assert set(CLIENT) == {method for method in METHODS if not of_editors(method)} - HANDSHAKE


@pytest.mark.parametrize("method", sorted(CLIENT))
def test_a_method_takes_the_params_that_the_server_takes(method):
    parameters = list(inspect.signature(CLIENT[method]).parameters)[1:]
    wanted = {field["name"] for field in METHODS[method]["params"]} - {"workDoneToken"}
    if method != "session/open":
        wanted.discard(SESSION_FIELD)
    assert {camel(name) for name in parameters} - CALL_OPTIONS == wanted
    assert "timeout" in parameters
    assert ("progress" in parameters) == METHODS[method]["long"], "long methods report progress"


@pytest.mark.parametrize("place, kind", [
    ("gpu/register gpus", answers.GPU), ("profile/submit rows", answers.ProfileRow),
    ("profile/submit rows.samples", answers.Sample), ("profile/submit withdraw", answers.Withdrawal),
    ("plan/evaluate settings", answers.PlanSetting), ("iteration/report settings", answers.PlanSetting),
    ("iteration/report iterations", answers.MeasuredIteration),
    ("iteration/report iterations.trace", answers.TracedInstruction),
    ("pool/submit encoders", answers.ModelPart), ("pool/submit projectors", answers.ModelPart),
    ("pool/submit languageModels", answers.ModelPart), ("pool/submit task", answers.SelectionTask),
    ("pool/submit task.metric", answers.Metric), ("evidence/submit sources", answers.EvidenceSource),
    ("evidence/submit sources.scores", answers.EvidenceScore),
], ids=lambda value: value if isinstance(value, str) else value.__name__)
def test_an_object_that_is_sent_has_the_fields_that_the_server_reads(place, kind):
    fields = generator().fields_of(MODEL, place)
    assert {camel(field.name) for field in dataclasses.fields(kind)} == {field["name"] for field in fields}
    optional = {camel(f.name) for f in dataclasses.fields(kind) if f.default is not dataclasses.MISSING}
    # A task says also that it has no single metric, by None.
    always = {"metric"} if kind is answers.SelectionTask else set()
    assert optional | always == {field["name"] for field in fields if not field["required"]}


def example_of(method):
    """The example of a method's docstring: the call that it makes, and what it reads of the answer."""
    lines = [line.strip() for line in (inspect.getdoc(CLIENT[method]) or "").splitlines()
             if line.startswith("    ") and re.search(r"\b(session|client)\.\w+\(", line)]
    if not lines:
        return None
    tree = ast.parse(lines[0].partition("  # ")[0])
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
             and isinstance(node.func.value, ast.Name) and node.func.value.id in ("session", "client")]
    [call] = calls
    reads = [node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.value is call]
    return call, reads


EXAMPLES = {method: example for method in sorted(CLIENT) if (example := example_of(method)) is not None}


def test_nearly_every_method_has_an_example():
    assert len(EXAMPLES) >= 40


@pytest.mark.parametrize("method", EXAMPLES)
def test_the_example_of_a_docstring_is_right(method):
    """It calls this method with what it takes, and reads what the answer has."""
    call, reads = EXAMPLES[method]
    public = {name: getattr(trimtab, name) for name in trimtab.__all__}
    names = {**public, "session": SessionRequests("s"), "client": ClientRequests(), "task": None, "features": [[0.5]]}
    request = eval(compile(ast.Expression(call), method, "eval"), names)
    assert request.method == method
    [answer] = typing.get_args(eval(CLIENT[method].__annotations__["return"], {**CLIENT[method].__globals__, **public}))
    known = {field.name for field in dataclasses.fields(answer)} if dataclasses.is_dataclass(answer) \
        else set(dir(typing.get_origin(answer)))
    assert known >= set(reads)


def test_the_declared_words_and_objects_are_those_of_the_model():
    generate = generator()
    assert generate.OUTPUT.read_text() == generate.text(MODEL), "run clients/python/generate.py"

    def walk(place, fields):
        for field in fields:
            within = f"{place}.{field['name']}" if " " in place else f"{place} {field['name']}"
            if "values" in field:
                yield tuple(field["values"])
            yield from walk(within, field.get("fields", ()))

    every = {words for method in MODEL["methods"] if not of_editors(method["method"])
             for words in walk(method["method"], method["params"])}
    known = {typing.get_args(getattr(declared, name)) for name in generate.WORDS}
    assert every <= known, "a choice without its Literal in generate.py"


def test_there_is_an_exception_for_every_error():
    known = {(error.code, error.kind) for error in trimtab.RPCError.__subclasses__() if error.kind}
    assert {(error["code"], error["kind"]) for error in MODEL["errors"] if error["code"] >= 1000} == known


def test_what_is_public_is_documented():
    for name in trimtab.__all__:
        one = getattr(trimtab, name)
        if not inspect.isclass(one) or dataclasses.is_dataclass(one):
            continue
        assert one.__doc__ and inspect.getdoc(one) != inspect.getdoc(one.__mro__[1]), name
        for member, function in inspect.getmembers(one, inspect.isfunction):
            assert member.startswith("_") or function.__doc__, f"{name}.{member}"
