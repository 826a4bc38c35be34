"""A stand-in server for the client's own tests: each method makes one thing happen. `lines` as argument: newline
framing."""

import json
import os
import sys

LINES = sys.argv[1:] == ["lines"]


def send(**fields):
    body = json.dumps({"jsonrpc": "2.0", **fields}).encode()
    sys.stdout.buffer.write(body + b"\n" if LINES else b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    sys.stdout.buffer.flush()


def receive():
    if LINES:
        line = sys.stdin.buffer.readline()
        return json.loads(line) if line else None
    length = None
    while (line := sys.stdin.buffer.readline().strip()) or length is None:
        if not line:
            return None
        length = int(line.split(b":")[1])
    return json.loads(sys.stdin.buffer.read(length))


seen = []
while (message := receive()) is not None:
    method, params, identifier = message.get("method"), message.get("params"), message.get("id")
    seen.append(message)
    if method == "exit":
        sys.exit(0)
    elif method == "die":
        print("the last words", file=sys.stderr, flush=True)
        os._exit(3)
    elif method == "die/inFrame":
        os.write(1, b"{" if LINES else b"Content-Length: 100\r\n\r\n{")
        os._exit(4)
    elif method == "stray print":
        os.write(1, b"debug: here\r\n\r\n")
    elif method == "silent" or "silent" in (params or {}).values():
        pass
    elif method == "seen":
        send(id=identifier, result=seen)
    elif method == "fail":
        send(id=identifier, error=params)
    elif method == "garble":
        send(id=None, error={"code": -32700, "message": "not JSON"})
    elif method == "talk":
        sys.stderr.write("x" * 1_000_000)
        send(method="window/logMessage", params={"message": "hello"})
        send(method="client/ask", id="from the server", params={})
        for share in (10, 20):
            send(method="$/progress", params={"token": params["workDoneToken"], "value": {"percentage": share}})
        send(id=identifier, result="done")
    elif method == "session/open":
        send(id=identifier, result={
            "session": params.get("session", "minted"), "revision": 0, "resumed": False, "durability": "memory"})
    elif method == "warned":
        send(method="trial/decided", params={"warnings": [{"path": "score_", "nearest": "score"}]})
        send(id=identifier, result={"warnings": [{"path": "a.licenses", "nearest": "licences"}, {"path": "x"}]})
    elif method == "announce":
        send(id=identifier, result=None)
        send(method="announced", params={})
    elif method == "frontier/query":
        send(id=identifier, result={
            "generation": 1, "deadlineSeconds": 3.0, "savingFraction": 0.1, "notYetInvented": {},
            "lowerBound": {"iterationTimeSeconds": 3.0, "energyJoules": 5.0, "priceWatts": 2.0},
            "plan": {"plan": 4, "iterationTimeSeconds": 2.9, "energyJoules": 5.5, "averagePowerWatts": 1.9,
                     "gapFraction": 0.01}})
    elif identifier is not None and method is not None:
        send(id=identifier, result=params)
