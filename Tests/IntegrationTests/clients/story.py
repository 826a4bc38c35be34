"""What every client does, and what it then says: one story, so that all clients can be compared.

A driver gets the story as a JSON file. It initializes the server, makes the `calls` in order, makes the call `progress`
and collects the kinds of `$/progress` on the way, makes the call `long` and cancels it at its first `$/progress`, makes
the call `refused`, shuts the server down and prints one line of JSON: {"initialize", "answers", "progress", "answer",
"cancelled", "refused", "exit"}.
"""

import json
import os

from places import FIXTURES

PROFILE = {"session": "s", "csvPath": "profiles/modelled-h100-8stage.csv"}


def pipeline(name, microbatches):
    return {"session": "s", "pipeline": name, "schedule": "1f1b", "stages": 8, "microbatches": microbatches,
            "blockingPowerWatts": 95.0}


def story(binary):
    return {
        "command": [binary, "serve", "--stdio"],
        "initialize": {
            "processId": os.getpid(), "rootUri": FIXTURES.as_uri(), "capabilities": {}, "trace": "off",
            "workspaceFolders": [{"uri": FIXTURES.as_uri(), "name": "fixtures"}]},
        "calls": [
            ["session/open", {"session": "s"}],
            ["gpu/register", {"session": "s", "gpus": [{"id": "0", "memoryBytes": 80_000_000_000}, {"id": "1"}]}],
            ["pipeline/define", pipeline("gpt", 8)],
            ["profile/submit", {"pipeline": "gpt", **PROFILE}],
            ["pipeline/define", pipeline("long", 192)],
            ["profile/submit", {"pipeline": "long", **PROFILE}]],
        "progress": ["frontier/characterize",
                     {"session": "s", "pipeline": "gpt", "effort": "quick", "workDoneToken": "short"}],
        "long": ["frontier/characterize",
                 {"session": "s", "pipeline": "long", "roundCount": 1000, "workDoneToken": "long"}],
        "refused": ["frontier/query", {"session": "s", "pipeline": "gpt", "deadlineSeconds": 0.001}],
    }


def told(output):
    """The driver's line."""
    return json.loads([line for line in output.splitlines() if line.startswith("{")][-1])


def plain(value):
    """A value without what editors' languages cannot tell apart: {}, [], null and absent; numbers to 12 digits."""
    if isinstance(value, dict):
        members = {name: plain(member) for name, member in value.items()}
        return {name: member for name, member in members.items() if member is not None} or None
    if isinstance(value, list):
        return [plain(member) for member in value] or None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(f"{value:.12g}")
    return value
