"""What clients that others wrote find of servers at fault: python faulty_servers.py TRIMTAB [CLIENT...]

Prints a table of protocol-spec/conformance/clients by client. `yes`: the client found what the check asks for; else it
says what the client found, `ended` where the client itself ended.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
from pathlib import Path

CHECKS = Path(__file__).resolve().parents[3] / "protocol-spec" / "conformance" / "clients"
CALL_SECONDS = 4.0  # a call without an answer for so long is silent
INITIALIZE = {"processId": None, "capabilities": {}}


def pylsp_jsonrpc(command, count):
    from concurrent.futures import TimeoutError as Late

    from pylsp_jsonrpc.endpoint import Endpoint
    from pylsp_jsonrpc.exceptions import JsonRpcException
    from pylsp_jsonrpc.streams import JsonRpcStreamReader, JsonRpcStreamWriter
    from python_clients import started, threading

    server = started({"command": command})
    endpoint = Endpoint({}, JsonRpcStreamWriter(server.stdin).write)
    threading.Thread(target=JsonRpcStreamReader(server.stdout).listen, args=(endpoint.consume,), daemon=True).start()
    endpoint.request("initialize", INITIALIZE).result(30)
    endpoint.notify("initialized", {})

    def outcome():
        try:
            answer = endpoint.request("session/list", {}).result(CALL_SECONDS)
        except JsonRpcException:
            return "refused"
        except (TimeoutError, Late):
            return "silent"
        except Exception:  # whatever the library makes of a connection of no use
            return "failed"
        return "answered" if isinstance(answer, dict) else "failed"

    return [outcome() for _ in range(count)]


def pygls(command, count):
    from pygls.client import JsonRPCClient
    from pygls.exceptions import JsonRpcException

    async def main():
        client = JsonRPCClient()
        await client.start_io(*command)
        await asyncio.wait_for(client.protocol.send_request_async("initialize", INITIALIZE), 30)
        client.protocol.notify("initialized", {})
        found = []
        for _ in range(count):
            try:
                await asyncio.wait_for(client.protocol.send_request_async("session/list", {}), CALL_SECONDS)
            except JsonRpcException:
                found.append("refused")
            except (TimeoutError, asyncio.TimeoutError):
                found.append("silent")
            except Exception:  # as above
                found.append("failed")
            else:
                found.append("answered")
        print(json.dumps(found), flush=True)

    asyncio.run(main())


def vscode_jsonrpc(command, count):
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from vscode_library import unpack

    with tempfile.TemporaryDirectory() as folder:
        unpack(Path(folder))
        script = Path(__file__).with_name("faulty_servers.js")
        run = subprocess.run(["node", script, folder, str(count), str(CALL_SECONDS), json.dumps(command)],
                             stdout=subprocess.PIPE, text=True, check=False)
        print(run.stdout, end="")


CLIENTS = {"vscode-jsonrpc": vscode_jsonrpc, "pygls": pygls, "python-lsp-jsonrpc": pylsp_jsonrpc}


def settings(path, name):
    return [word for line in path.read_text().splitlines() if line.startswith(f"%{name} ") for word in line.split()[1:]]


def found(client, trimtab, path):
    """What a client of its own process found, call by call."""
    command = [sys.executable, __file__, "--one", client, trimtab, str(path)]
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        output = run.stdout
    except subprocess.TimeoutExpired as error:
        output = (error.stdout or b"").decode()
    lines = [line for line in output.splitlines() if line.startswith("[")]
    return json.loads(lines[-1]) if lines else ["ended"]


def cell(outcomes, expected):
    fits = len(outcomes) == len(expected) and all(one in words for one, words in zip(outcomes, expected))
    return "yes" if fits else "**" + ", ".join(outcomes) + "**"


def main(trimtab, clients):
    print("| check | " + " | ".join(clients) + " |\n| --- |" + " --- |" * len(clients))
    passed = dict.fromkeys(clients, 0)
    paths = sorted(CHECKS.glob("*.transcript"))
    for path in paths:
        expected = [word.split("|") for word in settings(path, "outcomes")]
        cells = [cell(found(client, trimtab, path), expected) for client in clients]
        for client, one in zip(clients, cells):
            passed[client] += one == "yes"
        print(f"| {path.read_text().splitlines()[0][2:]} | " + " | ".join(cells) + " |", flush=True)
    print("\n" + ", ".join(f"{client} {count} of {len(paths)}" for client, count in passed.items()))


if sys.argv[1] == "--one":
    _, _, client, trimtab, path = sys.argv
    outcomes = CLIENTS[client]([trimtab, "serve", "--from", path], len(settings(Path(path), "outcomes")))
    if outcomes is not None:
        print(json.dumps(outcomes), flush=True)
else:
    main(str(Path(sys.argv[1]).resolve()), sys.argv[2:] or list(CLIENTS))
