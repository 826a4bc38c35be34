"""What a server sent to an editor, held against what that editor's capabilities name."""

import json

# Where a client says that it takes a message of the server; window/logMessage and window/showMessage need no word.
MESSAGES = {
    "textDocument/publishDiagnostics": "textDocument.publishDiagnostics",
    "workspace/applyEdit": "workspace.applyEdit",
    "workspace/codeLens/refresh": "workspace.codeLens.refreshSupport",
    "workspace/inlayHint/refresh": "workspace.inlayHint.refreshSupport",
    "workspace/diagnostic/refresh": "workspace.diagnostics.refreshSupport",
    "workspace/textDocumentContent/refresh": "workspace.textDocumentContent",
    "window/showDocument": "window.showDocument.support",
    "window/logMessage": "", "window/showMessage": "",
}
# Where it says that it uses what the server offers; what is no feature of the Language Server Protocol needs no word.
OFFERS = {
    "hoverProvider": "textDocument.hover", "completionProvider": "textDocument.completion",
    "codeActionProvider": "textDocument.codeAction", "codeLensProvider": "textDocument.codeLens",
    "inlayHintProvider": "textDocument.inlayHint", "documentSymbolProvider": "textDocument.documentSymbol",
    "foldingRangeProvider": "textDocument.foldingRange", "renameProvider": "textDocument.rename",
    "semanticTokensProvider": "textDocument.semanticTokens", "diagnosticProvider": "textDocument.diagnostic",
    "executeCommandProvider": "workspace.executeCommand", "workspace": "workspace.textDocumentContent",
    "positionEncoding": "general.positionEncodings", "textDocumentSync": "textDocument",
    "framings": "", "methods": "", "durability": "",
}


def messages(path):
    """(whether the client sent it, message) of a transcript."""
    lines = path.read_text().splitlines()
    return [(line.startswith("--> "), json.loads(line[4:])) for line in lines if line[:4] in ("--> ", "<-- ")]


def names(capabilities, place):
    """Whether a client's capabilities have something at a place such as `workspace.applyEdit`."""
    for key in filter(None, place.split(".")):
        capabilities = capabilities.get(key) if isinstance(capabilities, dict) else None
    return capabilities not in (None, False)


def unnamed(path):
    """What the server sent or offered that the client's capabilities do not name, and what either did not know."""
    passed = messages(path)
    first = next(message for is_sent, message in passed if is_sent)
    assert first["method"] == "initialize"
    capabilities, found = first["params"]["capabilities"], []
    for is_sent, message in passed:
        if message.get("error", {}).get("code") == -32601:
            found.append(message)
        if is_sent:
            continue
        if message.get("id") == first["id"] and "result" in message:
            offered = message["result"]["capabilities"]
            found += [offer for offer in offered if not names(capabilities, OFFERS.get(offer, "unknown"))]
        if "method" in message and not names(capabilities, MESSAGES.get(message["method"], "unknown")):
            found.append(message)
    return found
