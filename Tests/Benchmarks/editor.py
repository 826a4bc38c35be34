"""The language server beside a search of 1000 candidates: keystrokes, hovers, and pushes from another process."""

import select
import statistics
import tempfile
import time
from pathlib import Path

from harness import BINARY

ENCODERS, MODELS, KEYSTROKES, PUSHES = 40, 25, 200, 50
TASK = {"name": "vqa", "alignmentSampleCount": 558_000, "metric": {"name": "accuracy", "direction": "maximize"}}


def manifest():
    encoders = "".join(f'  {{ id = "encoder-{number}", parameter_count = 300_000_000, family = "f{number % 7}" }},\n'
                       for number in range(ENCODERS))
    models = "".join(f'  {{ id = "model-{number}", parameter_count = 7_000_000_000 }},\n' for number in range(MODELS))
    return f'''name = "vqa"
state = "search"
command = "python train.py"

[pool]
encoders = [
{encoders}]
language_models = [
{models}]

[pool.task]
name = "vqa"
alignment_sample_count = 558_000
metric = {{ name = "accuracy", direction = "maximize" }}

[search]
strategy = "race"
'''


def pool():
    return {"session": "vqa", "task": TASK,
            "encoders": [{"id": f"encoder-{number}", "parameterCount": 300_000_000, "family": f"f{number % 7}"}
                         for number in range(ENCODERS)],
            "languageModels": [{"id": f"model-{number}", "parameterCount": 7_000_000_000} for number in range(MODELS)]}


def editor(report, full):
    """Times at the client, which writes JSON and reads it: wall time, as a person waits it."""
    # Here, as they need the packages of the process tests.
    from conftest import Server
    from test_editor import Editor
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "search").mkdir()
        launcher = Server([str(BINARY), "serve", "--state", f"{folder}/search/sessions"])
        client = Editor(Server([str(BINARY), "serve"]), Path(folder), features=["hover", "codeLens"])
        try:
            measure(report, launcher, client)
        finally:
            launcher.close()
            client.server.close()


def measure(report, launcher, client):
    launcher.initialize()
    launcher.result("session/open", {"session": "vqa"})
    launcher.result("pool/submit", pool())
    client.open(manifest())
    client.await_message("textDocument/publishDiagnostics")
    client.await_lens("Search open")
    count = f"{ENCODERS * MODELS} candidates"
    times = []
    for number in range(KEYSTROKES):
        start, end = {"line": 1, "character": 0}, {"line": 1, "character": number % 2}
        change = {"range": {"start": start, "end": end}, "text": "" if number % 2 else "#"}
        begin = time.perf_counter()
        client.change(change)
        client.await_message("textDocument/publishDiagnostics")
        times.append(1e3 * (time.perf_counter() - begin))
        quiet(client)
    add(report, f"keystroke to diagnostics, {count}", times, "< 10")
    times = []
    for _ in range(KEYSTROKES):
        begin = time.perf_counter()
        client.ask("textDocument/hover", position={"line": 9, "character": 12})
        times.append(1e3 * (time.perf_counter() - begin))
    add(report, f"hover of a model, {count}", times, "< 2")
    times = []
    for number in range(PUSHES):
        trial = launcher.result("trial/next", {"session": "vqa", "worker": "w"})
        quiet(client)
        client.lenses()
        launcher.result("trial/update", {"session": "vqa", "trial": trial["trial"], "step": 1, "gpuSeconds": 30,
                                         "dataFraction": trial["toFraction"], "score": 0.5 + number / 1000})
        begin = time.perf_counter()
        client.await_message("workspace/codeLens/refresh")
        client.lenses()
        times.append(1e3 * (time.perf_counter() - begin))
    add(report, f"a trial's report, from its answer to lenses in another process, {count}", times, "< 100")


def quiet(client):
    """Takes what is still on its way, until nothing has come for a while."""
    while select.select([client.server.stdout], [], [], 0.06)[0]:
        client.take()


def add(report, name, times, aim):
    times.sort()
    report.add(name, statistics.median(times), "ms", aim=aim,
               note=f"median of {len(times)}; 95 % within {times[len(times) * 95 // 100]:.3g}, longest {times[-1]:.3g}")
