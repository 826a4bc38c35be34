"""The published schemas: standard validators accept them, and they accept what the server says and understands."""

import json

import jsonschema
import openrpc
import pytest
from conftest import REPOSITORY

SPECIFICATION = REPOSITORY / "protocol-spec"
SCHEMA = json.loads((SPECIFICATION / "schema.json").read_text())
OPENRPC = json.loads((SPECIFICATION / "openrpc.json").read_text())
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


def test_every_definition_is_a_schema():
    for definition in SCHEMA["$defs"].values():
        jsonschema.Draft202012Validator.check_schema(definition)


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
