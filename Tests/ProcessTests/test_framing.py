"""Bytes on the pipe: both framings, odd but legal headers, hostile ones, large and broken bodies. The connection in
`conftest.Server` fails on anything on stdout that is not a frame, so every test here checks that too."""

import json

import pytest
from conftest import FIXTURES, check_error, prepare
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


def test_newline_framing_is_answered_in_lines(spawn):
    server = spawn(framing="lines", roots=[str(FIXTURES)])
    asked = prepare(server)
    assert server.result("frontier/query", {**asked, "objective": "fastest"})["plan"]["energyJoules"] > 0
    assert server.result("shutdown") is None
    server.send(server.message("exit"))
    assert server.exit_code() == (0, [])


def test_blank_lines_before_and_between_lines_are_ignored(spawn):
    server = spawn(framing="lines", initialize=False)
    server.send_bytes(b"\n  \r\n")
    server.initialize()
    server.send_bytes(b"\n\n" + server.frame(server.request("session/list", {}, id="x"))[:-1] + b"\r\n")
    assert server.answer("x")["result"] == {"sessions": []}


def test_a_bad_line_is_answered_and_the_stream_goes_on(spawn):
    server = spawn(framing="lines")
    server.send_bytes(b"{nonsense}\n")
    check_error(server.answer(None)["error"], code=-32700)
    assert server.result("session/list", {}) == {"sessions": []}


@pytest.mark.parametrize("header", [
    "content-length: {n}\r\n\r\n",
    "CONTENT-LENGTH:   {n}  \r\n\r\n",
    "Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: {n}\r\n\r\n",
    "Content-Length: {n}\r\nContent-Type: application/vscode-jsonrpc; charset=utf8\r\n\r\n",
    "X-Unknown: 1\r\nContent-Length:{n}\r\n\r\n",
], ids=["lower", "spaces", "type-first", "type-last", "unknown"])
def test_headers_in_any_legal_dress(server, header):
    body = '{"jsonrpc":"2.0","id":"é","method":"session/list","params":{}}'.encode()  # more bytes than characters
    server.send_bytes(header.format(n=len(body)).encode() + body)
    assert server.answer("é")["result"] == {"sessions": []}


def test_frames_in_any_pieces(server):
    frames = b"".join(server.frame(server.request("session/list", {}, id=f"id {n}")) for n in range(3))
    for byte in frames:
        server.send_bytes(bytes([byte]))
    for n in range(3):
        assert server.answer(f"id {n}")["result"] == {"sessions": []}


def test_a_thousand_frames_in_one_write_are_answered_in_order(server):
    requests = [server.request("session/list", {}) for _ in range(1000)]
    server.send(*requests)
    assert [server.receive()["id"] for _ in requests] == [request["id"] for request in requests]


def test_a_body_of_ten_megabytes(server):
    request = server.request("session/open", {"session": "big", "padding": "x" * 10_000_000})
    server.send(request)
    assert server.answer(request["id"])["result"]["session"] == "big"


def test_a_profile_of_ten_megabytes_is_read_or_refused_in_words(server):
    asked = prepare(server, characterize=False)
    rows = "".join(f"0,forward,{n},0.{n + 1:07d},{2_000_000 - n}.5\n" for n in range(300_000))
    answer = server.call("profile/submit", {**asked, "csvText": "stage,instruction,frequency,time,energy\n" + rows})
    assert "result" in answer or answer["error"]["message"]
    assert server.result("session/list", {})["sessions"]


@pytest.mark.parametrize("header", [
    b"Content-Length: 1000000000000\r\n\r\n", b"Content-Length: -1\r\n\r\n", b"Content-Length: ten\r\n\r\n",
    b"Content-Length: 99999999999999999999999\r\n\r\n", b"Content-Type: text/plain\r\n\r\n", b"\x00\x01\x02\r\n\r\n",
], ids=["10^12", "negative", "word", "10^22", "no-length", "garbage"])
def test_a_bad_header_is_answered_and_ends_the_stream(server, header):
    server.send_bytes(header)
    answer = server.receive()
    assert answer["id"] is None
    check_error(answer["error"])
    assert answer["error"]["code"] in (-32700, -32600)
    code, left = server.exit_code()
    assert left == [] and code == 1


@pytest.mark.parametrize("body", [
    b"[" * 100_000 + b"]" * 100_000,
    b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    b'{"jsonrpc":"2.0","id":1,"method":"session/list","params":' + b"[" * 100_000,
    b'{"jsonrpc":"2.0","id":1,"method":"\xff\xfe"}', b'{"jsonrpc":"2.0","id":1,"method":"\xed\xa0\x80"}',
    b'{"jsonrpc":"2.0","id":1,"method":"\xc0\xaf"}', b'{"jsonrpc":"2.0","id":1', b"{} {}", b"", b"   ", b"nul",
    b'{"jsonrpc":"2.0","id":1,"method":"session/list","params":{"x":NaN}}',
    b'{"jsonrpc":"2.0","id":1,"method":"session/list","params":{"x":1e400}}',
    b'{"jsonrpc":"2.0","id":1,"method":"session/list","params":{"x":01}}',
], ids=["deep-lists", "deep-objects", "deep-cut", "byte-ff", "surrogate", "overlong", "cut", "two", "empty", "blank",
        "word", "nan", "1e400", "leading-zero"])
def test_a_bad_body_is_answered_and_the_stream_goes_on(server, body):
    server.send(body)
    answer = server.receive()
    assert answer["id"] is None
    check_error(answer["error"], code=-32700)
    assert server.result("session/list", {}) == {"sessions": []}


@settings(max_examples=150, deadline=None, derandomize=True,
          suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_mutated_bodies_never_cost_the_connection(server, data):
    body = bytearray(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "session/list", "params": {"x": [1.5, "é", {}]}},
                                ensure_ascii=False).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at: at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    probe = server.request("session/list", {}, id="probe")
    server.send(bytes(body), probe)
    assert server.answer("probe")["result"] == {"sessions": []}


@pytest.mark.parametrize("framing", ["headers", "lines"])
def test_a_byte_order_mark_before_the_first_message(spawn, framing):
    server = spawn(framing, initialize=False)
    server.send_bytes(b"\xef\xbb\xbf")
    server.initialize()
    assert server.finish() == (0, [])


def test_objects_without_line_feeds_are_answered_as_they_end(spawn):
    server = spawn("lines")
    for text in ("}", "{", '\\"', "\\\\"):
        request = server.request("session/open", {"session": text})
        server.send_bytes(json.dumps(request).encode())  # no line feed
        assert server.answer(request["id"])["result"]["session"] == text
    requests = [server.request("session/list", {}) for _ in range(3)]
    server.send_bytes(b"".join(json.dumps(request).encode() for request in requests))
    assert [server.receive()["id"] for _ in requests] == [request["id"] for request in requests]
