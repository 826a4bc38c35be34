"""`python -m crash.soak`: MINUTES of mixed load by three clients on one state directory. Prints memory and descriptors
of their processes, and fails where they grow."""

import os
import shutil
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

from conftest import binary_path

from .script import Writer
from .server import Server

SAMPLES = 24
# Growth over the second half beyond which memory does not count as flat; an allocator keeps some of what it had.
GROWTH = 1.1


class Load(threading.Thread):
    """One client: conversations one after the other, each of which ends with its session closed."""

    def __init__(self, binary, folder, name, end):
        super().__init__(daemon=True)
        self.server, self.name, self.end = Server(binary, "--state", folder), name, end
        self.server.result("initialize")
        self.request_count, self.fault = 0, None

    def run(self):
        number = 0
        try:
            while time.monotonic() < self.end:
                writer = Writer(self.server, self.name, number)
                self.request_count += 2 * len(writer.write(400))
                self.server.result("session/close", {"session": self.name})
                number += 1
        except Exception as error:
            self.fault = error

    def measure(self):
        """Resident bytes, and open descriptors."""
        process = Path(f"/proc/{self.server.process.pid}")
        pages = int((process / "statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE"), len(list((process / "fd").iterdir()))


def main():
    minutes, binary = float(os.environ.get("MINUTES") or 60), str(binary_path().resolve())
    folder = tempfile.mkdtemp(prefix="trimtab-soak-")
    begin = time.monotonic()
    loads = [Load(binary, folder, name, begin + 60 * minutes) for name in ("owner", "second", "third")]
    samples = []
    try:
        for load in loads:
            load.start()
        for number in range(1, SAMPLES + 1):
            time.sleep(max(0.0, begin + 60 * minutes * number / (SAMPLES + 1) - time.monotonic()))
            samples.append([load.measure() for load in loads])
            print(f"{(time.monotonic() - begin) / 60:6.1f} min  " + "  ".join(
                f"{load.name} {size / 1e6:6.1f} MB {count} descriptors"
                for load, (size, count) in zip(loads, samples[-1])), flush=True)
        for load in loads:
            load.join()
        faults = [f"{load.name}: {load.fault!r}" for load in loads if load.fault]
        for place, load in enumerate(loads):
            sizes, counts = zip(*(sample[place] for sample in samples[SAMPLES // 4:]))
            half = len(sizes) // 2
            growth = statistics.mean(sizes[half:]) / statistics.mean(sizes[:half])
            if growth > GROWTH or max(counts[half:]) > max(counts[:half]) + 1:
                faults.append(f"{load.name}: memory grows by {growth:.2f}, descriptors {counts}")
            print(f"{load.name}: {load.request_count} requests, memory times {growth:.3f}")
        print("\n".join(faults) or "flat")
        return bool(faults)
    finally:
        for load in loads:
            load.server.kill()
            load.server.wait()
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
