"""What Foundation, FoundationEssentials and Dispatch cost a static program, and how fast their JSON is.

python3 Tests/Benchmarks/foundation/measure.py prints the rows of RECORDED.md. Needs swiftc; takes a minute.
"""

import pathlib
import random
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).parent
LIBRARIES = {"none": [], "Dispatch": ["DISPATCH"], "FoundationEssentials": ["ESSENTIALS"], "Foundation": ["FOUNDATION"]}
ROW = '{"stage":%d,"instruction":"forward","frequency":%d,"timeSeconds":%.9g,"energyJoules":%.9g}'


def rows(size: int) -> str:
    """A JSON list of profile rows, `size` bytes long or a little more."""
    source = random.Random(1)
    parts: list[str] = []
    length = 0
    while length < size:
        numbers = (source.randrange(64), source.randrange(210, 1980, 15), source.random() / 10, source.random() * 40)
        parts.append(ROW % numbers)
        length += len(parts[-1]) + 1
    return "[" + ",".join(parts) + "]"


def start_milliseconds(program: str, count: int = 100) -> float:
    """Wall time of one start, the least of `count`."""
    best = float("inf")
    for _ in range(count):
        begin = time.perf_counter()
        subprocess.run([program], check=True)
        best = min(best, time.perf_counter() - begin)
    return best * 1e3


def peak_mebibytes(program: str) -> float:
    """Resident memory of a fresh program that does nothing else."""
    return int(subprocess.run([program, "memory"], check=True, capture_output=True).stdout) / 1024


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        text = pathlib.Path(folder, "rows.json")
        text.write_text(rows(20_000_000))
        print("| library | static binary, stripped, MB | start, ms | memory, MiB |")
        print("| --- | --- | --- | --- |")
        reports = ""
        for library, flags in LIBRARIES.items():
            program = str(pathlib.Path(folder, library))
            defines = [f"-D{flag}" for flag in flags]
            command = ["swiftc", "-O", "-static-stdlib", "-module-name", "program", *defines, "-o", program]
            subprocess.run([*command, str(HERE / "program.swift")], check=True)
            subprocess.run(["strip", program], check=True)
            size = pathlib.Path(program).stat().st_size / 1e6
            print(f"| {library} | {size:.1f} | {start_milliseconds(program):.1f} | {peak_mebibytes(program):.1f} |")
            if library.startswith("Foundation"):
                output = subprocess.run([program, str(text)], check=True, capture_output=True, text=True).stdout
                reports += f"{library}:\n{output}"
        print(reports, end="")


if __name__ == "__main__":
    main()
