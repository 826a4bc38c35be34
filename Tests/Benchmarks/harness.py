"""What the sections share: the report, the binary, its sessions, its CPU time, and the peers' environments."""

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
sys.path[:0] = [str(REPOSITORY / "clients" / "python"), str(HERE.parent / "ProcessTests")]

from trimtab import Session, Trimtab  # noqa: E402

BINARY = Path(os.environ.get("TRIMTAB_BINARY") or REPOSITORY / ".build" / "release" / "trimtab").resolve()
MEASURED = Path(os.environ.get("TRIMTAB_SHARED_DATA") or REPOSITORY.parent / "shared" / "data") / "perseus-sosp24"
MODELLED = REPOSITORY / "fixtures" / "profiles"
ROOTS = [str(MODELLED), str(MEASURED)]
PEERS = REPOSITORY / ".build" / "peers"
LONG_WORK = (MODELLED / "modelled-h100-8stage.csv", 8, 95.0, 192)
SMALL = (MODELLED / "modelled-h100-8stage.csv", 8, 95.0, 12)


class Report:
    """Collects rows, prints them as one table, writes them as JSON lines."""

    def __init__(self):
        self.rows = []

    def add(self, name, value, unit, aim="", note="", **extra):
        self.rows.append({"name": name, "value": value, "unit": unit, "aim": aim, "note": note, **extra})
        print(f"  {name}: {show(value)} {unit}", file=sys.stderr, flush=True)

    def table(self):
        cells = [("measurement", "value", "unit", "aim", "note")]
        cells += [(r["name"], show(r["value"]), r["unit"], r["aim"], r["note"]) for r in self.rows]
        widths = [max(len(row[column]) for row in cells) for column in range(4)]
        for row in cells:
            name, value, unit, aim, note = row
            line = f"{name:<{widths[0]}}  {value:>{widths[1]}}  {unit:<{widths[2]}}  {aim:<{widths[3]}}  {note}"
            print(line.rstrip())

    def write(self, path):
        machine = describe_machine()
        with open(path, "w") as file:
            for row in self.rows:
                file.write(json.dumps({**row, **machine}) + "\n")


def show(value):
    return value if isinstance(value, str) else f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def describe_machine():
    model = platform.processor()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    commit = subprocess.run(["git", "-C", REPOSITORY, "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    version = subprocess.run([BINARY, "--version"], capture_output=True, text=True)
    return {"machine": model, "cores": os.cpu_count(), "system": f"{platform.system()} {platform.release()}",
            "python": platform.python_version(), "trimtab": version.stdout.strip(), "commit": commit.stdout.strip()}


def cpu_seconds_of(command):
    """(CPU seconds, parsed JSON) of a command that prints one JSON document."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen([str(part) for part in command], stdout=output, stdin=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{command} ended with {process.returncode}")
        output.seek(0)
        return usage.ru_utime + usage.ru_stime, json.load(output)


def median_run(command, count):
    """(median CPU seconds, parsed JSON) of some runs of a command."""
    runs = [cpu_seconds_of(command) for _ in range(count)]
    return statistics.median(seconds for seconds, _ in runs), runs[0][1]


def peer_python(name):
    """The interpreter of a peer's own environment, or None where it cannot be made (no network)."""
    python, requirements = PEERS / name / "bin" / "python", HERE / "peers" / f"requirements-{name}.txt"
    done = PEERS / name / "installed.txt"
    if not done.exists() or done.read_text() != requirements.read_text():
        print(f"  installing {name} under {PEERS / name}", file=sys.stderr, flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", PEERS / name], check=True)
        install = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "-r", requirements]
        if subprocess.run(install).returncode:
            return None
        done.write_text(requirements.read_text())
    return python


def profiles(microbatch_counts):
    known = [("modelled H100", MODELLED / "modelled-h100-8stage.csv", 8, 95.0),
             ("modelled A100", MODELLED / "modelled-a100-4stage.csv", 4, 80.0),
             ("GPT-3 A100", MEASURED / "gpt3-175b_a100-sxm.csv", 8, 83.64),
             ("GPT-3 A40", MEASURED / "gpt3-175b_a40.csv", 8, 70.38)]
    return [(f"{name}, {count} microbatches", path, stages, power, count)
            for name, path, stages, power in known if path.exists() for count in microbatch_counts]


def open_pipeline(client: Trimtab, path: Path, stages: int, power: float, microbatches: int) -> Session:
    """A session with a pipeline `p` and its profile."""
    session = client.open_session()
    session.define_pipeline("p", schedule="1f1b", stages=stages, microbatches=microbatches, blocking_power_watts=power)
    session.submit_profile("p", csv_path=str(path))
    return session


def start_client(state_directory=None):
    return Trimtab([str(BINARY), "serve"], roots=ROOTS, state_directory=state_directory)


def timed(call):
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def write_all(stream, data):
    view = memoryview(data)
    while view:
        view = view[os.write(stream, view[:1 << 16]):]


def cpu_of(pid: int) -> float:
    """CPU seconds of a process so far, user and system, to a hundredth."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_of(pid: int) -> int:
    """Bytes of memory that a process has now."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) * 1024


def exchange(client, data):
    """(wall seconds, the server's CPU seconds, errors) of sending requests as fast as they go and reading the
    answers."""
    output, stream = client.process.stdout.fileno(), client.process.stdin.fileno()
    os.set_blocking(stream, True)
    writer = threading.Thread(target=write_all, args=(stream, b"".join(data)))
    before, begin = cpu_of(client.process.pid), time.perf_counter()
    writer.start()
    seen, failed, tail = 0, 0, b""
    while seen + failed < len(data):
        chunk = os.read(output, 1 << 20)
        if not chunk:
            raise SystemExit(f"the server ended after {seen} answers")
        chunk = tail + chunk
        seen, failed = seen + chunk.count(b'"result"'), failed + chunk.count(b'"error":')
        tail = chunk[-7:]  # one byte shorter than either mark: none is missed, none counted twice
    wall, cpu = time.perf_counter() - begin, cpu_of(client.process.pid) - before
    writer.join()
    os.set_blocking(stream, False)
    return wall, cpu, failed
