"""Writes the inputs that a target of libFuzzer begins with: `corpus.py TARGET FOLDER`."""

import json
import struct
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def sent():
    """The messages of each recorded conversation."""
    for path in sorted(REPOSITORY.glob("fixtures/transcripts/*.transcript")):
        lines = path.read_text().splitlines()
        yield [line.removeprefix("--> ") for line in lines if line.startswith("--> ")]


def journals():
    """The changes of the recorded conversations about one session, with made-up revisions."""
    opened = {"method": "session/open", "params": {"session": "s", "seed": 0}, "revision": 0}
    for messages in sent():
        records = [opened]
        for text in messages:
            try:
                message = json.loads(text)
            except ValueError:
                continue
            params = message.get("params") if isinstance(message, dict) else None
            if isinstance(params, dict) and params.get("session") == "s":
                records.append({"method": message["method"], "params": params, "revision": len(records)})
        yield records[:12]
    yield [opened, {"run": 2, "method": "gpu/register", "firstRevision": 1, "params": {
        "session": {"all": "s"}, "gpus": {"each": [[{"id": "a"}], [{"id": "b"}]]}}}]


def journal_file(records):
    """A file of the format in Sources/Journal/GUIDE.md, without checksums: the target mends them."""
    data = b"TRIMTABJ" + struct.pack("<IIII", 2, 1, 0, 0) + b"s".ljust(8, b"\0")
    for number, record in enumerate(records, 1):
        payload = json.dumps(record).encode()
        data += struct.pack("<IIQQ", len(payload), 0, number, number - 1) + payload + bytes(-len(payload) % 8)
    return data + bytes(64)


def npy(shape, descriptor, version, count):
    header = f"{{'descr': '{descriptor}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    header += b" " * (117 - len(header)) + b"\n"
    length = len(header).to_bytes(2 if version == 1 else 4, "little")
    return b"\x93NUMPY" + bytes([version, 0]) + length + header + bytes(count)


def inputs(target):
    if target == "frames":
        for messages in sent():
            texts = [text.encode() for text in messages[:6] if len(text) < 300]
            yield b"\x00" + b"".join(b"Content-Length: %d\r\n\r\n%s" % (len(text), text) for text in texts)
            yield b"\x05" + b"\n".join(texts)
    elif target == "envelope":
        yield from (text.encode() for messages in sent() for text in messages)
    elif target == "journal":
        yield from (b"\x03" + journal_file(records[:5]) for records in journals())
        # One that ends within the zeros that fill its last record up.
        yield b"\x03" + journal_file([{"method": "session/open"}]).rstrip(b"\0")
    elif target == "profile-csv":
        yield from (path.read_bytes()[:2000] for path in REPOSITORY.glob("fixtures/profiles/*.csv"))
        yield b'stage,instruction,frequency,time,energy,"memory ""clock"""\r\n0,forward,900,0.1,2,5\r\n'
    elif target == "schedule-csv":
        yield b"0F0,0F1,0B0,0B1\n1F0,1B0,1F1,1B1\n"
        yield b"0F0,0I0,0W0\n1F0,1I0,1W0\n"
        yield b"0F0,0SEND_F0,0RECV_B0,0B0\n1RECV_F0,1F0,1B0,1SEND_B0\n"
        yield b'0F0,,"(0F1;0B0)OVERLAP_F_B",0B1\n1F0,1B0,1F1,1B1\n'
    elif target == "npy":
        yield npy("(2, 3)", "<f4", 1, 24)
        yield npy("(2, 2, 2)", ">f8", 2, 64)
        yield npy("(4,)", "<f2", 3, 8)
    elif target == "manifest-toml":
        yield (b'[task]\nname = "t"\nshape = [1, 2.5e3, true]\n'
               b"[[gpus]]\nid = 'a' # note\nsince = 1979-05-27T07:32:00Z\n")
        yield b'a.b."c" = { x = 0xff, y = """\nmore\\u00e9""" }\n'
        yield from (path.read_bytes()[:3000] for path in sorted(REPOSITORY.rglob("*.toml"))[:20])
    elif target == "manifest-json":
        yield b'{"task": {"name": "t", "list": [1, 2.5e3, true, null]}, "text": "\\u00e9\\n"}'
    else:
        sys.exit(f"{target} is no target")


def main():
    target, folder = sys.argv[1], Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    for number, text in enumerate(inputs(target)):
        if len(text) <= 4096:
            (folder / f"seed-{number}").write_bytes(text)
    # What ended a target once is among its inputs for good.
    for path in sorted((REPOSITORY / "Tests" / "FuzzTargets" / "found").glob(f"{target}-*")):
        (folder / path.name).write_bytes(path.read_bytes())


if __name__ == "__main__":
    main()
