"""Hovers that pygls gets, with lsprotocol's types: python python_hovers.py MANIFEST BINARY FORMAT LINE CHARACTER ..."""

import asyncio
import json
import sys
from pathlib import Path

from lsprotocol import types
from pygls.lsp.client import BaseLanguageClient


async def main(manifest, binary, form, *numbers):
    client, path = BaseLanguageClient("hovers", "1"), Path(manifest)
    await client.start_io(binary, "serve", "--stdio", cwd=path.parent)
    await client.initialize_async(types.InitializeParams(
        root_uri=path.parent.as_uri(), capabilities=types.ClientCapabilities(
            text_document=types.TextDocumentClientCapabilities(hover=types.HoverClientCapabilities(
                content_format=[types.MarkupKind(form)])))))
    client.initialized(types.InitializedParams())
    client.text_document_did_open(types.DidOpenTextDocumentParams(types.TextDocumentItem(
        uri=path.as_uri(), language_id="trimtab", version=1, text=path.read_text())))
    hovers = []
    for line, character in zip(numbers[::2], numbers[1::2]):
        found = await client.text_document_hover_async(types.HoverParams(
            types.TextDocumentIdentifier(path.as_uri()), types.Position(int(line), int(character))))
        hovers.append(found.contents.value if found else "")
    await client.shutdown_async(None)
    client.exit(None)
    await client.stop()
    print(json.dumps(hovers))


asyncio.run(main(*sys.argv[1:]))
