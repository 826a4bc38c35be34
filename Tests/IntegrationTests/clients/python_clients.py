"""The story through Python's clients: python python_clients.py CLIENT STORY."""

import asyncio
import itertools
import json
import subprocess
import sys
import threading
from pathlib import Path

AWAIT_SECONDS = 120.0  # how long a driver waits before it calls an answer missing; says nothing about speed


def started(story):
    return subprocess.Popen(story["command"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)


class Kinds:
    """The kinds of progress by token, and what is to happen at the first of a token."""

    def __init__(self):
        self.by_token, self.first = {}, {}

    def add(self, token, kind):
        self.by_token.setdefault(token, []).append(kind)
        self.first.pop(token, lambda: None)()


# python-lsp-jsonrpc: futures. future.cancel() sends $/cancelRequest, but then the answer raises in the library's
# reader, which ends; so this cancels with a notification, by an id of its own choice.

def pylsp_jsonrpc(story):
    from pylsp_jsonrpc.endpoint import Endpoint
    from pylsp_jsonrpc.exceptions import JsonRpcException
    from pylsp_jsonrpc.streams import JsonRpcStreamReader, JsonRpcStreamWriter

    server, kinds, ids = started(story), Kinds(), itertools.count(1)
    writer = JsonRpcStreamWriter(server.stdin)
    endpoint = Endpoint({"$/progress": lambda params: kinds.add(params["token"], params["value"]["kind"])},
                        writer.write, id_generator=lambda: f"id-{next(ids)}")
    reader = threading.Thread(target=JsonRpcStreamReader(server.stdout).listen, args=(endpoint.consume,), daemon=True)
    reader.start()

    def call(method, params=None):
        return endpoint.request(method, params).result(AWAIT_SECONDS)

    def failure(method, params):
        error = endpoint.request(method, params).exception(AWAIT_SECONDS)
        assert isinstance(error, JsonRpcException), error
        return {"code": error.code, "message": error.message, "data": error.data}

    told = {"initialize": call("initialize", story["initialize"])}
    endpoint.notify("initialized", {})
    told["answers"] = [call(*one) for one in story["calls"]]
    told["answer"] = call(*story["progress"])
    told["progress"] = kinds.by_token["short"]
    number = f"id-{len(story['calls']) + 3}"  # after initialize and the call with progress
    kinds.first["long"] = lambda: endpoint.notify("$/cancelRequest", {"id": number})
    told["cancelled"] = failure(*story["long"])["code"]
    told["refused"] = failure(*story["refused"])
    call("shutdown")
    endpoint.notify("exit")
    told["exit"] = server.wait(AWAIT_SECONDS)
    endpoint.shutdown()
    return told


# pylspclient: blocking calls with a thread that reads; it cannot cancel, so that this notifies by its own count of ids.

def pylspclient(story):
    from pylspclient import JsonRpcEndpoint, LspClient, LspEndpoint
    from pylspclient.lsp_errors import ResponseError

    server, kinds = started(story), Kinds()

    def heard(params):
        kinds.add(params["token"], params["value"]["kind"])

    endpoint = LspEndpoint(JsonRpcEndpoint(server.stdin, server.stdout), notify_callbacks={"$/progress": heard},
                           timeout=AWAIT_SECONDS)
    endpoint.daemon = True
    client = LspClient(endpoint)
    given = story["initialize"]
    told = {"initialize": client.initialize(
        given["processId"], None, given["rootUri"], None, given["capabilities"], given["trace"],
        given["workspaceFolders"])}
    client.initialized()
    told["answers"] = [endpoint.call_method(method, **params) for method, params in story["calls"]]
    method, params = story["progress"]
    told["answer"] = endpoint.call_method(method, **params)
    told["progress"] = kinds.by_token["short"]
    method, params = story["long"]
    number = endpoint.next_id
    kinds.first["long"] = lambda: endpoint.send_notification("$/cancelRequest", id=number)
    try:
        endpoint.call_method(method, **params)
    except ResponseError as error:
        told["cancelled"] = int(error.code)
    method, params = story["refused"]
    try:
        endpoint.call_method(method, **params)
    except ResponseError as error:
        told["refused"] = {"code": error.code, "message": error.message, "data": error.data}
    client.shutdown()
    client.exit()
    told["exit"] = server.wait(AWAIT_SECONDS)
    return told


# pygls: with plain JSON-RPC, and as a language client with lsprotocol's types.

def plain(value):
    """pygls makes named tuples of objects that it has no type of."""
    if hasattr(value, "_asdict"):
        return {name: plain(member) for name, member in value._asdict().items()}
    if isinstance(value, dict):
        return {name: plain(member) for name, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(member) for member in value]
    return value


async def ended(client):
    code = await asyncio.wait_for(client._server.wait(), AWAIT_SECONDS)
    await client.stop()
    return code


async def told_by(client, story, kinds, cancel):
    """The middle of the story, which is the same for both; `cancel` makes the params of a cancellation."""
    from pygls.exceptions import JsonRpcException

    def request(one, **options):
        return asyncio.wait_for(client.protocol.send_request_async(*one, **options), AWAIT_SECONDS)

    told = {"answers": [plain(await request(one)) for one in story["calls"]]}
    told["answer"] = plain(await request(story["progress"]))
    told["progress"] = kinds.by_token["short"]
    kinds.first["long"] = lambda: client.protocol.notify("$/cancelRequest", cancel("to-cancel"))
    try:
        await request(story["long"], msg_id="to-cancel")
    except JsonRpcException as error:
        told["cancelled"] = error.code
    try:
        await request(story["refused"])
    except JsonRpcException as error:
        told["refused"] = {"code": error.code, "message": error.message, "data": plain(error.data)}
    return told


async def pygls(story):
    from pygls.client import JsonRPCClient

    client, kinds = JsonRPCClient(), Kinds()

    @client.feature("$/progress")
    def heard(params):
        kinds.add(params.token, params.value.kind)

    await client.start_io(*story["command"])
    answer = plain(await client.protocol.send_request_async("initialize", story["initialize"]))
    client.protocol.notify("initialized", {})
    told = {"initialize": answer, **await told_by(client, story, kinds, lambda id: {"id": id})}
    await client.protocol.send_request_async("shutdown")
    client.protocol.notify("exit")
    return {**told, "exit": await ended(client)}


async def lsprotocol(story):
    from lsprotocol import types
    from pygls.lsp.client import BaseLanguageClient

    client, kinds, given = BaseLanguageClient("story", "1"), Kinds(), story["initialize"]

    @client.feature(types.PROGRESS)
    def heard(params: types.ProgressParams):
        assert isinstance(params, types.ProgressParams)
        value = params.value
        kinds.add(params.token, value["kind"] if isinstance(value, dict) else value.kind)

    await client.start_io(*story["command"])
    answer = await client.initialize_async(types.InitializeParams(
        process_id=given["processId"], root_uri=given["rootUri"], capabilities=types.ClientCapabilities(),
        trace=types.TraceValue.Off,
        workspace_folders=[types.WorkspaceFolder(**one) for one in given["workspaceFolders"]]))
    assert isinstance(answer.capabilities, types.ServerCapabilities)
    client.initialized(types.InitializedParams())
    # lsprotocol keeps what it has types of.
    told = {"initialize": {"serverInfo": {"name": answer.server_info.name, "version": answer.server_info.version}},
            **await told_by(client, story, kinds, types.CancelParams)}
    await client.shutdown_async(None)
    client.exit(None)
    return {**told, "exit": await ended(client)}


if __name__ == "__main__":
    chosen = {"python-lsp-jsonrpc": pylsp_jsonrpc, "pylspclient": pylspclient, "pygls": pygls,
              "lsprotocol": lsprotocol}[sys.argv[1]]
    outcome = chosen(json.loads(Path(sys.argv[2]).read_text()))
    print(json.dumps(asyncio.run(outcome) if asyncio.iscoroutine(outcome) else outcome))
