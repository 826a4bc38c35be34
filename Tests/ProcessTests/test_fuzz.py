"""A short campaign of hostile messages and params (`make fuzz` is the long one), and the inputs that found a fault."""

import io
import os
from pathlib import Path

import pytest
from fuzz.campaign import Campaign
from fuzz.messages import Expected, messages_of_line
from fuzz.shrink import replay

CASES = sorted((Path(__file__).parent / "fuzz" / "cases").glob("*.jsonl"))
COUNT = 4000
# One seed, so that a red run says something about the change; `make fuzz` and FUZZ_SEED try others.
DEFAULT_SEED = 20261127


@pytest.mark.parametrize("kind", ["messages", "params"])
def test_hostile_input_is_answered_once_and_never_by_a_server_fault(binary, kind, tmp_path):
    seed = int(os.environ.get("FUZZ_SEED", DEFAULT_SEED))
    campaign = Campaign(binary, seed, tmp_path, progress=io.StringIO())
    campaign.run(kind, COUNT)
    print(campaign.summary())
    assert campaign.sent[kind] >= COUNT and not campaign.faults, f"FUZZ_SEED={seed}\n{campaign.summary()}"


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_input_that_once_found_a_fault(binary, case):
    assert replay(binary, case.read_bytes().splitlines()) is None


@pytest.mark.parametrize("body, ids, nulls", [
    (b'{"jsonrpc":"2.0","id":"a","method":"m"}', {"a"}, (0, 0)),
    (b'{"jsonrpc":"2.0","id":1,"id":2,"method":"m"}', {1}, (0, 0)),
    (b'{"jsonrpc":"2.0","method":"m"}', set(), (0, 0)),
    (b'{"jsonrpc":"2.0","id":"a","result":1}', set(), (0, 0)),
    (b'{"jsonrpc":"2.0","id":"a","method":5}', {"a"}, (0, 0)),
    (b'{"jsonrpc":"2.0","id":[],"method":"m"}', set(), (0, 1)),
    (b'{"jsonrpc":"2.0","id":"a","method":"m"', set(), (1, 1)),
    (b'{"x":\xff}', set(), (1, 1)),
    (b'[]', set(), (1, 1)),
    (b'[{"jsonrpc":"2.0","id":"a","method":"m"},7,{"jsonrpc":"2.0","method":"m"}]', {"a"}, (1, 1)),
    (b'\xef\xbb\xbf{"jsonrpc":"2.0","id":"a","method":"m"}', set(), (0, 1)),
])
def test_the_fuzzer_knows_what_a_message_asks_for(body, ids, nulls):
    expected = Expected()
    expected.add(body)
    assert (expected.ids, (expected.least_nulls, expected.most_nulls)) == (ids, nulls)


def test_the_fuzzer_knows_where_messages_end():
    line = b' {"a":"}\\\"{"} [[1],{"b":[]}]7 {} '
    assert messages_of_line(line) == [b'{"a":"}\\\"{"}', b'[[1],{"b":[]}]', b"7 {} "]
    assert messages_of_line(b'{"a":"x} {') == [b'{"a":"x} {']


def test_the_fuzzer_sees_faults(tmp_path):
    """Against a server that answers nothing right: what is not noticed here would not be noticed anywhere."""
    script = tmp_path / "serve"
    script.write_text("#!/bin/sh\nread -r line\nexit 3\n")
    script.chmod(0o755)
    campaign = Campaign(str(script), 1, tmp_path)
    campaign.run("messages", 10)
    assert campaign.faults and "ended with 3" in campaign.faults[0].text
