"""How long messages are: CPU time and peak memory of the server for messages of 63 MB of several kinds.

python3 Tests/Benchmarks/messages.py [BINARY ...] prints a row for each binary and kind. The method is unknown, so the
figures are those of reading and parsing a message and of answering it.
"""

import os
import pathlib
import random
import subprocess
import sys
from collections.abc import Callable

REPOSITORY = pathlib.Path(__file__).parents[2]
SIZE = 63_000_000
ROW = '{"stage":%d,"instruction":"forward","frequency":%d,"timeSeconds":%.9g,"energyJoules":%.9g}'


def profile_rows() -> str:
    """Rows as `profile/submit` takes them."""
    source = random.Random(1)
    parts: list[str] = []
    length = 0
    while length < SIZE:
        numbers = (source.randrange(64), source.randrange(210, 1980, 15), source.random() / 10, source.random() * 40)
        parts.append(ROW % numbers)
        length += len(parts[-1]) + 1
    return "[" + ",".join(parts) + "]"


def doubles() -> str:
    """Numbers with all the digits that a double may need."""
    source = random.Random(1)
    some = ",".join(repr(source.random()) for _ in range(10_000))
    return "[" + ",".join([some] * (SIZE // len(some))) + "]"


def repeated(element: str) -> Callable[[], str]:
    """A list of one element again and again: the shortest spellings take the most memory for their length."""
    return lambda: "[" + ",".join([element] * (SIZE // (len(element) + 1))) + "]"


KINDS: dict[str, Callable[[], str]] = {
    "profile rows": profile_rows,
    "base64": lambda: '"' + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVowMTIzNDU2" * (SIZE // 44) + '"',
    "doubles": doubles,
    "[0,0,...]": repeated("0"),
    "[[],[],...]": repeated("[]"),
    "[[0],[0],...]": repeated("[0]"),
    '[{"":0},...]': repeated('{"":0}'),
}


def measure(binary: str, value: str) -> tuple[float, float]:
    """CPU seconds (user and system) from the first byte to the answer, and the peak of resident memory in bytes."""
    server = subprocess.Popen([binary, "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert server.stdin is not None and server.stdout is not None

    def exchange(message: str) -> None:
        assert server.stdin is not None and server.stdout is not None
        body = message.encode()
        server.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        server.stdin.flush()
        length = int(server.stdout.readline().split(b":")[1])
        server.stdout.readline()
        server.stdout.read(length)

    def cpu_seconds() -> float:
        fields = pathlib.Path(f"/proc/{server.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    exchange('{"jsonrpc":"2.0","id":0,"method":"initialize","params":{}}')
    start = cpu_seconds()
    exchange('{"jsonrpc":"2.0","id":1,"method":"no/such","params":{"value":' + value + "}}")
    seconds = max(cpu_seconds() - start, 1e-2)
    status = pathlib.Path(f"/proc/{server.pid}/status").read_text()
    peak = int(status.split("VmHWM:")[1].split()[0]) * 1024
    server.stdin.close()
    server.wait()
    return seconds, peak


def main() -> None:
    binaries = sys.argv[1:] or [str(REPOSITORY / ".build/release/trimtab")]
    print("| message of 63 MB | binary | MB/s of CPU | peak memory, MiB | of the message |")
    print("| --- | --- | --- | --- | --- |")
    for kind, make in KINDS.items():
        value = make()
        for binary in binaries:
            runs = [measure(binary, value) for _ in range(3)]
            seconds, peak = min(run[0] for run in runs), max(run[1] for run in runs)
            size = len(value)
            figures = f"{size / seconds / 1e6:.0f} | {peak / 2**20:.0f} | {peak / size:.1f}"
            print(f"| {kind} | {binary} | {figures} |", flush=True)


if __name__ == "__main__":
    main()
