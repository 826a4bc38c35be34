"""Conversations of random requests: a function of a seed and of the answers of a server that is never stopped."""

import random

TASK = {"name": "t", "metric": {"name": "accuracy", "direction": "maximize"}, "alignmentSampleCount": 1000}
TABLES = [{"stage": stage, "instruction": kind, "frequency": clock, "timeSeconds": 90.0 / clock + 0.01 * stage,
           "energyJoules": 20 + clock / 100 * (1 + stage / 7)}
          for stage in range(2) for kind in ("forward", "backward") for clock in (900, 1200, 1500)]


class Step:
    """One request, its answer from the server that is never stopped, and that server's revision afterwards."""

    def __init__(self, session, method, params, answer, revision):
        self.session, self.method, self.params = session, method, params
        self.answer, self.revision = answer, revision
        # Computations are applied when they are done, so nothing else of their session may be under way.
        self.is_alone = method == "frontier/characterize"


def revision_of(server, session):
    listed = server.result("session/list")["sessions"]
    return next(entry["revision"] for entry in listed if entry["session"] == session)


def settled(answer):
    """What two servers must agree on: all but where the session is kept."""
    result = dict(answer.get("result") or {})
    result.pop("durability", None)
    return result if "result" in answer else answer["error"]


class Writer:
    """Writes the conversation of one session."""

    def __init__(self, server, session, seed):
        self.server, self.session, self.random = server, session, random.Random(f"{seed} {session}")
        self.steps, self.open_trials, self.elapsed, self.last_report = [], {}, 0.0, None

    def ask(self, method, **params):
        params = {"session": self.session, **params}
        answer = self.server.answer_to(method, params)
        revision = revision_of(self.server, self.session)
        step = Step(self.session, method, params, settled(answer), revision)
        # In vain it still tells the time, without a new revision: a query before it that is sent again would show that.
        step.is_alone |= method == "trial/next" and bool(self.steps) and self.steps[-1].revision == revision
        self.steps.append(step)
        return answer.get("result")

    def write(self, count):
        self.ask("session/open", seed=self.random.randrange(1000))
        # Also on one node, and with few candidates: a lost trial's candidate then goes back to the node that lost it.
        width, encoder_count, model_count = (self.random.choice(counts) for counts in ([2, 4], [1, 4], [1, 3]))
        self.ask("gpu/register", gpus=[{"id": f"g{n}", "memoryBytes": 80 << 30, "node": f"n{n // width}"}
                                       for n in range(4)])
        self.ask("pool/submit", task=TASK,
                 encoders=[{"id": f"e{n}", "family": f"f{n // 2}"} for n in range(encoder_count)],
                 languageModels=[{"id": f"l{n}"} for n in range(model_count)])
        self.ask("pipeline/define", pipeline="p", schedule="1f1b", stages=2, microbatches=4, blockingPowerWatts=50)
        while len(self.steps) < count:
            getattr(self, self.random.choice(
                ["next", "next", "report", "report", "report", "report", "repeat", "fail", "profile", "straggler",
                 "query", "refused", "frontier"]))()
        return self.steps

    def next(self):
        self.elapsed += self.random.random()
        worker = self.random.randrange(5)
        place = {"gpus": [f"g{worker}"]} if worker < 4 else {}
        trial = self.ask("trial/next", worker=f"w{worker}", elapsedSeconds=round(self.elapsed, 3), **place)
        if trial and "trial" in trial:
            self.open_trials.setdefault(trial["trial"], [0, trial["fromFraction"], trial["toFraction"]])

    def report(self):
        if not self.open_trials:
            self.next()
        if not self.open_trials:
            return
        trial = self.random.choice(sorted(self.open_trials))
        state = self.open_trials[trial]
        state[0] += 1
        state[1] = min(state[2], state[1] + (state[2] - state[1]) * self.random.choice([0.3, 0.5, 1]))
        self.last_report = {"trial": trial, "step": state[0], "dataFraction": state[1],
                            "score": round(0.5 + 0.3 * state[1] + 0.05 * self.random.random(), 6)}
        if self.random.random() < 0.3:
            self.last_report["checkpoint"] = f"weights-{trial}-{state[0]}"
        answer = self.ask("trial/update", **self.last_report)
        if not answer or answer["decision"] != "continue":
            del self.open_trials[trial]

    def repeat(self):
        if self.last_report:
            self.ask("trial/update", **self.last_report)

    def fail(self):
        if self.open_trials and self.random.random() < 0.3:
            trial = self.random.choice(sorted(self.open_trials))
            del self.open_trials[trial]
            self.ask("trial/fail", trial=trial, kind=self.random.choice(["failed", "lost", "paused"]))

    def profile(self):
        self.ask("profile/submit", pipeline="p", keepSamples=True, rows=[
            {**row, "timeSeconds": float(row["timeSeconds"]) * self.random.uniform(0.99, 1.01)} for row in TABLES])

    def frontier(self):
        if self.random.random() < 0.08:
            self.ask("frontier/characterize", pipeline="p", effort="quick", planCount=6)

    def straggler(self):
        self.ask("straggler/report", pipeline="p", slowdownFraction=round(self.random.random(), 2))

    def query(self):
        self.ask(self.random.choice(["suggestion/get", "trial/list", "gpu/list", "suggestion/ranking"]))

    def refused(self):
        self.ask("trial/update", trial=999, step=1, dataFraction=0.1, score=0.5)


def export(server, session):
    return [server.answer_to(method, {"session": session, **params}) for method, params in [
        ("session/export", {}), ("suggestion/ranking", {}), ("trial/list", {}), ("job/get", {"job": "p"}),
        ("frontier/curve", {"pipeline": "p"}), ("gpu/list", {})]]
