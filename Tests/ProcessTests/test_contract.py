"""The published schemas: standard validators accept them, and they accept what the server says and understands."""

import copy
import json
from pathlib import Path

import jsonschema
import openrpc
import pytest
from conftest import REPOSITORY
from jsonschema_specifications import REGISTRY as SPECIFICATIONS

SPECIFICATION = REPOSITORY / "protocol-spec"
SCHEMA = json.loads((SPECIFICATION / "schema.json").read_text())
OPENRPC = json.loads((SPECIFICATION / "openrpc.json").read_text())
RULES = jsonschema.Draft202012Validator(json.loads(Path(__file__).with_name("openrpc_rules.json").read_text()))
TRANSCRIPTS = sorted((REPOSITORY / "fixtures" / "transcripts").glob("*.transcript"))


def type_name(method):
    words = "".join(letter if letter.isalpha() else " " for letter in method).split()
    return "".join(word.upper() if word in ("gpu", "rpc") else word[0].upper() + word[1:] for word in words)


def validator(name):
    return jsonschema.Draft202012Validator({**SCHEMA, "$ref": f"#/$defs/{name}"})


def messages(transcript):
    """(name of the schema, value) of each message that is no refusal and no refused request."""
    sent = {}
    for line in transcript.read_text().splitlines():
        if line[:4] not in ("--> ", "<-- "):
            continue
        try:
            # The first of two members of one name counts, as for the server.
            message = json.loads(line[4:], object_pairs_hook=lambda pairs: dict(reversed(pairs)))
        except json.JSONDecodeError:
            continue
        if not isinstance(message, dict):
            continue
        # A client also answers requests of the server.
        if line.startswith("--> ") and "id" in message and "method" in message:
            sent[json.dumps(message["id"])] = message
        elif line.startswith("<-- ") and "result" in message:
            request = sent[json.dumps(message["id"])]
            yield type_name(request["method"]) + "Answer", message["result"]
            if isinstance(request.get("params"), dict):
                yield type_name(request["method"]) + "Params", request["params"]
        elif line.startswith("<-- ") and "method" in message:
            yield type_name(message["method"]) + "Params", message["params"]


def keywords(schema):
    """All words of a schema that are to mean something to a validator."""
    if isinstance(schema, list):
        for one in schema:
            yield from keywords(one)
    elif isinstance(schema, dict):
        for word, value in schema.items():
            yield word
            if word in ("properties", "patternProperties", "$defs", "definitions"):
                yield from keywords(list(value.values()))
            elif word not in ("const", "default", "enum", "examples"):
                yield from keywords(value)


def vocabulary(dialect):
    """The words of the meta-schema of a version, and of those that it is made of."""
    words = set(dialect.META_SCHEMA["properties"])
    for part in dialect.META_SCHEMA.get("allOf", ()):
        address = dialect.META_SCHEMA["$id"].rpartition("/")[0] + "/" + part["$ref"]
        words |= set(SPECIFICATIONS.contents(address)["properties"])
    return words


def unknown(schema, dialect):
    return {word for word in keywords(schema) if not word.startswith("x-")} - vocabulary(dialect)


@pytest.mark.parametrize("name", ["schema.json", "manifest.schema.json"])
def test_the_schemas_are_of_their_version(name):
    """A validator passes over a word that its version does not have: a misspelt bound would bind nothing."""
    schema = json.loads((SPECIFICATION / name).read_text())
    assert schema["$schema"] == jsonschema.Draft202012Validator.META_SCHEMA["$id"]
    jsonschema.Draft202012Validator.check_schema(schema)
    for definition in schema["$defs"].values():
        jsonschema.Draft202012Validator.check_schema(definition)
    assert not unknown(schema, jsonschema.Draft202012Validator)
    assert unknown({"items": {"maxitems": 1}}, jsonschema.Draft202012Validator) == {"maxitems"}


def test_examples_are_what_they_show():
    shown = 0
    for name, definition in SCHEMA["$defs"].items():
        for example in definition.get("examples", ()):
            validator(name).validate(example)
            shown += 1
    assert shown > 50


@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=lambda path: path.stem)
def test_messages_of_transcripts_are_what_the_schemas_say(transcript):
    seen = 0
    for name, value in messages(transcript):
        if name == "ShutdownAnswer":
            assert value is None
            continue
        validator(name).validate(value)
        seen += 1
    assert seen > 0


def test_a_schema_refuses_what_the_server_refuses():
    params = {"session": "s", "trial": 1, "step": 1, "score": 0.5, "dataFraction": 0.5}
    validator("TrialUpdateParams").validate({**params, "gpuSeconds": None, "later": "field"})
    for wrong in ({"trial": 0}, {"dataFraction": 1.5}, {"score": "high"}, {"session": ""}, {"step": None}):
        with pytest.raises(jsonschema.ValidationError):
            validator("TrialUpdateParams").validate({**params, **wrong})


def test_the_openrpc_document_follows_its_specification():
    RULES.validate(OPENRPC)
    names = [method["name"] for method in OPENRPC["methods"]]
    assert len(names) == len(set(names))
    for method in OPENRPC["methods"]:
        params = [one["name"] for one in method["params"]]
        assert len(params) == len(set(params)), method["name"]
        schemas = [one["schema"] for one in [*method["params"], *([method["result"]] if "result" in method else [])]]
        assert not unknown(schemas, jsonschema.Draft7Validator), method["name"]
    assert not unknown(list(OPENRPC["components"]["schemas"].values()), jsonschema.Draft7Validator)
    codes = [one["code"] for one in OPENRPC["components"]["errors"].values()]
    assert len(codes) == len(set(codes))


def broken(*path, value=None):
    """The document with one place replaced; removed without a value."""
    document = copy.deepcopy(OPENRPC)
    place = document
    for key in path[:-1]:
        place = place[key]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return document


@pytest.mark.parametrize("document", [
    broken("openrpc"), broken("openrpc", value="1.2.6"), broken("info", "version"), broken("info", "titel", value="T"),
    broken("methods", 0, "params"), broken("methods", 0, "params", value={}), broken("methods", 0, "long", value=True),
    broken("methods", 0, "paramStructure", value="by-names"), broken("methods", 0, "params", 0, "schema"),
    broken("methods", 0, "params", 0, "schema", value={"type": "text"}),
    broken("methods", 0, "result", "schema", value={"items": {"minItems": -1}}),
    broken("methods", 0, "errors", 0, value={"code": "1000", "message": "m"}),
    broken("methods", 0, "errors", 0, value={"$ref": "#/components/errors/e", "code": 1}),
    broken("components", "errors", "unknownSession", "message"), broken("components", "schema", value={}),
    broken("components", "schemas", "a b", value={})], ids=range(16))
def test_the_rules_of_openrpc_refuse_what_breaks_them(document):
    assert not RULES.is_valid(document)


def test_the_openrpc_document_is_one_and_the_server_tells_it(spawn):
    # OpenRPC allows references in lists of errors and, from 1.3 on, methods without a result; the library does not.
    errors = OPENRPC["components"]["errors"]
    methods = [{**method, "errors": [errors[one["$ref"].rpartition("/")[2]] for one in method.get("errors", [])]}
               for method in OPENRPC["methods"] if "result" in method]
    assert len(methods) > 40
    parsed = openrpc.OpenRPC(**{**OPENRPC, "methods": methods})
    assert parsed.openrpc == "1.3.2" and len(parsed.methods) == len(methods)
    assert spawn().result("rpc.discover") == OPENRPC
    model = json.loads((SPECIFICATION / "model.json").read_text())
    named = [method["name"] for method in OPENRPC["methods"]]
    assert named == [one["method"] for one in model["methods"] + model["notifications"]
                     + model["serverRequests"]]


def test_references_of_the_openrpc_document_lead_somewhere():
    def references(value):
        if isinstance(value, dict):
            if isinstance(value.get("$ref"), str):
                yield value["$ref"]
            for inner in value.values():
                yield from references(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from references(inner)

    for reference in set(references(OPENRPC)):
        place = OPENRPC
        for key in reference.removeprefix("#/").split("/"):
            place = place[key]
        assert isinstance(place, dict)
