"""What clients that others wrote find of servers at fault: python faulty_servers.py TRIMTAB [CLIENT...]

Prints a table of protocol-spec/conformance/clients by client. `yes`: the client found what the check asks for; else it
says what the client found, `ended` where the client itself ended. `test_faulty_servers.py` compares it with the table
in protocol-spec/conformance/README.md.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
from pathlib import Path

CHECKS = Path(__file__).resolve().parents[3] / "protocol-spec" / "conformance" / "clients"
SILENT_SECONDS = 4.0  # a call without an answer for so long is silent, where that is asked for or known of the client
PATIENT_SECONDS = 60.0  # otherwise; says nothing about speed
INITIALIZE = {"processId": None, "capabilities": {}}


def pylsp_jsonrpc(command, patience):
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

    def outcome(seconds):
        try:
            answer = endpoint.request("session/list", {}).result(seconds)
        except JsonRpcException:
            return "refused"
        except (TimeoutError, Late):
            return "silent"
        except Exception:  # whatever the library makes of a connection of no use
            return "failed"
        return "answered" if isinstance(answer, dict) else "failed"

    return [outcome(seconds) for seconds in patience]


def pygls(command, patience):
    from pygls.client import JsonRPCClient
    from pygls.exceptions import JsonRpcException

    async def main():
        client = JsonRPCClient()
        await client.start_io(*command)
        await asyncio.wait_for(client.protocol.send_request_async("initialize", INITIALIZE), 30)
        client.protocol.notify("initialized", {})
        found = []
        for seconds in patience:
            try:
                await asyncio.wait_for(client.protocol.send_request_async("session/list", {}), seconds)
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


def vscode_jsonrpc(command, patience):
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from vscode_library import unpack

    with tempfile.TemporaryDirectory() as folder:
        unpack(Path(folder))
        script = Path(__file__).with_name("faulty_servers.js")
        run = subprocess.run(["node", script, folder, json.dumps(patience), json.dumps(command)],
                             stdout=subprocess.PIPE, text=True, check=False)
        print(run.stdout, end="")


CLIENTS = {"vscode-jsonrpc": vscode_jsonrpc, "pygls": pygls, "python-lsp-jsonrpc": pylsp_jsonrpc}


def settings(path, name):
    return [word for line in path.read_text().splitlines() if line.startswith(f"%{name} ") for word in line.split()[1:]]


def title(path):
    return path.read_text().splitlines()[0][2:]


def recorded(client):
    """What the table of the specification says that a client finds, by check."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")]
            for line in (CHECKS.parent / "README.md").read_text().splitlines() if line.startswith("|")]
    header = max(index for index, row in enumerate(rows) if row[0] == "check")
    column = rows[header].index(client)
    return {row[0]: row[column] for row in rows[header + 2:]}


def patience(client, path):
    """For how long each call waits, so that a busy machine is not taken for a silent client."""
    expected = [word.split("|") for word in settings(path, "outcomes")]
    known = recorded(client).get(title(path), "yes").strip("*").split(", ")
    known += ["yes"] * (len(expected) - len(known))
    return [SILENT_SECONDS if "silent" in words or one == "silent" else PATIENT_SECONDS
            for words, one in zip(expected, known)]


def found(client, trimtab, path):
    """What a client of its own process found, call by call."""
    waits = patience(client, path)
    command = [sys.executable, __file__, "--one", client, trimtab, str(path), json.dumps(waits)]
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=sum(waits) + 60, check=False)
        output = run.stdout
    except subprocess.TimeoutExpired as error:
        output = (error.stdout or b"").decode()
    lines = [line for line in output.splitlines() if line.startswith("[")]
    return json.loads(lines[-1]) if lines else ["ended"]


def cell(outcomes, expected):
    fits = len(outcomes) == len(expected) and all(one in words for one, words in zip(outcomes, expected))
    return "yes" if fits else "**" + ", ".join(outcomes) + "**"


def outcome(client, trimtab, path):
    """The cell of the table."""
    return cell(found(client, trimtab, path), [word.split("|") for word in settings(path, "outcomes")])


def main(trimtab, clients):
    print("| check | " + " | ".join(clients) + " |\n| --- |" + " --- |" * len(clients))
    passed = dict.fromkeys(clients, 0)
    paths = sorted(CHECKS.glob("*.transcript"))
    for path in paths:
        cells = [outcome(client, trimtab, path) for client in clients]
        for client, one in zip(clients, cells):
            passed[client] += one == "yes"
        print(f"| {title(path)} | " + " | ".join(cells) + " |", flush=True)
    print("\n" + ", ".join(f"{client} {count} of {len(paths)}" for client, count in passed.items()))


if __name__ == "__main__":
    if sys.argv[1] == "--one":
        _, _, client, trimtab, path, waits = sys.argv
        outcomes = CLIENTS[client]([trimtab, "serve", "--from", path], json.loads(waits))
        if outcomes is not None:
            print(json.dumps(outcomes), flush=True)
    else:
        main(str(Path(sys.argv[1]).resolve()), sys.argv[2:] or list(CLIENTS))
