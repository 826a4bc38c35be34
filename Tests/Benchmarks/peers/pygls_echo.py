"""A language server on PyPI `pygls` that answers `bench/echo` with its params: what a small round trip costs there."""

from pygls.lsp.server import LanguageServer

server = LanguageServer("echo", "1")


@server.feature("bench/echo")
def echo(params):
    return {"deadlineSeconds": params.deadlineSeconds}


if __name__ == "__main__":
    server.start_io()
