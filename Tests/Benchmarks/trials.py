"""A search at work: a million reports of a thousand workers."""

import statistics

from harness import cpu_of, exchange, rss_of, start_client, timed  # noqa: F401
from trimtab import Request
from trimtab.frames import Frames

TRIAL_POOL = 100  # encoders, and language models: 10 000 candidates
TRIAL_WORKERS = 1000
TRIAL_UPDATES = 1_000_000
METRICS, METRICS_UPDATES = 3, 200_000


def trials(report, full):
    """1000 workers, each with a trial of its own; all report step by step, 100 steps a trial, through one pipe."""
    for strategy in ("mordal", "asha", "grid"):
        trial_stream(report, strategy)
    trial_stream(report, "race", METRICS_UPDATES)
    trial_stream(report, "race", METRICS_UPDATES, {"curve": "snapshot", "decayStartFraction": 0.8})
    trial_stream(report, "race", METRICS_UPDATES, metrics=METRICS)


def part(kind):
    return [{"id": f"{kind}{n}", "parameterCount": 10**9 + n, "family": f"{kind}{n // 5}"} for n in range(TRIAL_POOL)]


def trial_stream(report, strategy, updates=TRIAL_UPDATES, told=None, metrics=0):
    """`told` are further fields of the task; with `metrics` each report has that many scores, the first has a floor."""
    steps = 100
    loss = {"direction": "minimize", "range": [0, 10]}
    scored = {"metrics": [{"name": f"m{n}", **loss, **({"floor": 1.5} if n == 0 else {})} for n in range(metrics)]} \
        if metrics else {"metric": {"name": "loss", "direction": "minimize"}}
    name = strategy + (f", {metrics} metrics" if metrics else "") + (f", curve {told['curve']}" if told else "")
    with start_client() as client:
        client.open_session("s")
        frames = Frames("headers")
        client.call(Request("pool/submit", {
            "session": "s", "encoders": part("e"), "languageModels": part("l"), "search": {"strategy": strategy},
            "task": {"name": "t", **scored, "alignmentSampleCount": 10**6, **(told or {})}}))
        base, done, wall, cpu, refused, next_id = rss_of(client.process.pid), 0, 0.0, 0.0, 0, 1 << 32
        memory, suggestion = [(0, base)], []
        suggest = Request("suggestion/get", {"session": "s"})
        while done < updates:
            workers = [Request("trial/next", {"session": "s", "worker": f"w{n}"}) for n in range(TRIAL_WORKERS)]
            offers = [offer for offer in client.pipeline_requests(workers) if "trial" in offer]
            if not offers:
                break
            data = []
            for step in range(1, steps + 1):
                for offer in offers:
                    share = offer["fromFraction"] + (offer["toFraction"] - offer["fromFraction"]) * step / steps
                    if step == steps:
                        share = offer["toFraction"]
                    next_id += 1
                    score = trial_loss(offer["candidate"], share)
                    scores = {"scores": {f"m{n}": min(10, score * (1 + 0.1 * n)) for n in range(metrics)}} if metrics \
                        else {"score": score}
                    data.append(frames.request(next_id, "trial/update", {
                        "session": "s", "trial": offer["trial"], "step": step, "dataFraction": share, **scores,
                        "gpuSeconds": 0.5 * step, "energyJoules": 200.0 * step}))
            seconds, cpu_seconds, errors = exchange(client, data)
            done, wall, cpu, refused = done + len(data), wall + seconds, cpu + cpu_seconds, refused + errors
            memory.append((done, rss_of(client.process.pid)))
            suggestion += [timed(lambda: client.call(suggest)) for _ in range(20)]
    if not done:
        raise SystemExit(f"trials: {name} gave out no trial")
    report.add(f"trial/update, {name}", done / wall, "updates/s", aim=">= 50 000",
               note=f"{done} updates, {refused} of them after a stop; {1e6 * cpu / done:.1f} us server CPU each")
    suggestion.sort()
    report.add("  suggestion/get round trip, median", 1e3 * statistics.median(suggestion), "ms", aim="< 1",
               note=f"10 000 candidates; 99th percentile {1e3 * suggestion[int(len(suggestion) * 0.99)]:.3f} ms")
    half = memory[len(memory) // 2]
    report.add(
        "  memory (RSS) of all updates",
        (memory[-1][1] - base) / 2**20,
        "MiB",
        note=f"{(memory[-1][1] - base) / done:.0f} bytes an update; {(half[1] - base) / 2**20:.0f} MiB at {half[0]}",
    )


def trial_loss(candidate, share):
    """A power law whose level and exponent depend on both models."""
    encoder, model = int(candidate["encoder"][1:]), int(candidate["languageModel"][1:])
    level, slope = (
        1 + 0.002 * ((encoder * 37) % 100) + 0.003 * ((model * 53) % 100),
        0.1 + 0.001 * ((encoder * model) % 97),
    )
    return level * max(share, 1e-6) ** -slope
