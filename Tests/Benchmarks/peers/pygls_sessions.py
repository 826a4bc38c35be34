"""A language server on PyPI `pygls` that answers `session/list` as a server without sessions does."""

from pygls.lsp.server import LanguageServer

server = LanguageServer("echo", "1")


@server.feature("session/list")
def sessions(params):
    return {"sessions": []}


if __name__ == "__main__":
    server.start_io()
