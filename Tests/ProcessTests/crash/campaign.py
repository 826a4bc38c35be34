"""Kills at random instants: nothing acknowledged may be lost, nothing invented, and all must continue as if nothing had
happened."""

import os
import random
import shutil
import signal
import subprocess
import tempfile
import threading
from collections import Counter

from .points import POINTS, KillAt, can_trace
from .script import Writer, export, settled
from .server import Server
from .shared import Shared

SESSIONS = ("a", "b", "c")


class Campaign:
    """Conversations of three sessions against a server that is killed again and again."""

    def __init__(self, binary, seed, step_count=80):
        self.binary, self.seed, self.step_count = binary, seed, step_count
        self.kills, self.faults = Counter(), []

    def run(self, kill_count):
        scenario = 0
        while (sum(self.kills.values()) < kill_count or not self.has_every_point()) and not self.faults:
            # Every other one, or all while kills at takeover are the rarest.
            is_shared = scenario % 2 == 1 or (scenario > 0 and self.rarest_point() == "takeover")
            self.run_scenario(f"{self.seed}.{scenario}", is_shared)
            scenario += 1

    def run_scenario(self, seed, is_shared):
        reference = Server(self.binary)
        reference.result("initialize")
        scripts = {name: Writer(reference, name, seed).write(self.step_count) for name in SESSIONS}
        ends = {name: export(reference, name) for name in SESSIONS}
        reference.kill()
        reference.wait()

        folder = tempfile.mkdtemp(prefix="trimtab-crash-")
        try:
            killed = Killed(self, seed, scripts, ends, folder)
            if is_shared:
                Shared(killed).run()
            # Alone to the end, which is compared as a whole.
            killed.run()
        finally:
            shutil.rmtree(folder)

    def has_every_point(self):
        return not can_trace or all(self.kills[point] for point in POINTS)

    def rarest_point(self):
        return min(POINTS, key=lambda point: self.kills[point]) if can_trace else None

    def summary(self):
        kills = ", ".join(f"{count} {point}" for point, count in sorted(self.kills.items()))
        return f"{sum(self.kills.values())} kills ({kills}), {len(self.faults)} faults" + "".join(
            f"\n  {fault}" for fault in self.faults[:10])


class Killed:
    """One directory, and the servers that own it one after the other."""

    def __init__(self, campaign, seed, scripts, ends, folder):
        self.campaign, self.seed, self.scripts, self.ends, self.folder = campaign, seed, scripts, ends, folder
        self.random = random.Random(seed)
        # Steps that are known to be done, for each session.
        self.done = dict.fromkeys(SESSIONS, 0)
        self.mean_delay = 0.03

    def fault(self, text):
        self.campaign.faults.append(f"seed {self.seed}: {text}")

    def run(self):
        while not self.campaign.faults:
            is_last = all(self.done[name] == len(self.scripts[name]) for name in SESSIONS)
            if not is_last and self.campaign.rarest_point() == "compaction" and self.random.random() < 0.5:
                self.compact()
                continue
            server = Server(self.binary, "--state", self.folder)
            # Longer after each kill that came before anything was done, so that every conversation ends.
            before = sum(self.done.values())
            delay = self.random.expovariate(1 / self.mean_delay)
            timer = threading.Timer(delay, server.kill)
            # One kill in three comes at any instant, the others at a point; the rarest so far is next.
            point = None if is_last or self.random.random() < 1 / 3 else self.campaign.rarest_point()
            if point in ("compaction", "takeover"):
                point = None
            self.point = "starting"
            if point:
                most = 60 if point == "answer" else 20
                server.kill_at(point, 1 + int(self.random.random() ** 2 * most), self.random.random() < 0.5)
            elif not is_last:
                timer.start()
            is_over = self.serve(server)
            timer.cancel()
            server.kill()
            server.wait()
            if is_last:
                return
            if point and server.killer and server.killer.has_killed:
                self.campaign.kills[point] += 1
            elif not point and not is_over:
                self.campaign.kills[self.point] += 1
            self.mean_delay = 0.03 if sum(self.done.values()) > before else 1.5 * self.mean_delay

    def compact(self):
        """Compacts the journals, and is killed meanwhile."""
        # Begun by a process that stops itself, so that it is traced from its first step.
        process = subprocess.Popen(
            ["/bin/sh", "-c", 'kill -STOP $$; exec "$0" journal compact "$1"', self.binary, self.folder],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.waitpid(process.pid, os.WUNTRACED)
        killer = KillAt(process, "compaction", self.random.randrange(1, 16), self.random.random() < 0.5)
        os.kill(process.pid, signal.SIGCONT)
        killer.join()
        process.wait()
        self.campaign.kills["compaction"] += killer.has_killed

    @property
    def binary(self):
        return self.campaign.binary

    def serve(self, server):
        """Recovers the sessions and goes on; true where the conversation came to its end."""
        self.point = "recovery"
        number = server.send("initialize", {})
        if number is None or server.receive() is None:
            return False
        for name in SESSIONS:
            if not self.recover(server, name):
                return False
        self.point = "load"
        if not self.go_on(server):
            return False
        for name in SESSIONS:
            for expected, found in zip(self.ends[name], self.exports(server, name) or []):
                if settled(expected) != settled(found):
                    self.fault(f"{name} ends differently: {settled(expected)} / {settled(found)}"[:2000])
        return True

    def exports(self, server, name):
        try:
            return export(server, name)
        except AssertionError:
            return None

    def recover(self, server, name):
        """Finds how many steps the session has, which must be at least those that were acknowledged."""
        script, done = self.scripts[name], self.done[name]
        number = server.send("session/open", {"session": name, "seed": script[0].params["seed"]})
        if number is None:
            return False
        answer = server.receive()
        if answer is None:
            return False
        if "error" in answer:
            self.fault(f"{name} is not recovered: {answer['error']}")
            return False
        result = answer["result"]
        if done == 0:
            # Opened now or by a request whose answer was lost.
            self.done[name] = done = 1
        elif not result["resumed"]:
            self.fault(f"{name} is lost after {done} steps")
            return False
        if result["revision"] < script[done - 1].revision:
            self.fault(f"{name} has revision {result['revision']} after {done} steps to {script[done - 1].revision}")
            return False
        # The steps that count and were not acknowledged; those after them that change nothing are sent again.
        while script[done - 1].revision < result["revision"]:
            done += 1
            if done > len(script):
                self.fault(f"{name} has revision {result['revision']}, and {script[-1].revision} was asked for")
                return False
        if script[done - 1].revision != result["revision"]:
            self.fault(f"{name} has revision {result['revision']}, between those of its steps")
            return False
        self.done[name] = done
        return True

    def go_on(self, server):
        """Sends what is left, up to 64 requests at a time, and compares each answer."""
        sent = dict(self.done)
        waiting = {}
        while True:
            progress = True
            while progress and len(waiting) < 64:
                progress = False
                for name in SESSIONS:
                    script, position = self.scripts[name], sent[name]
                    if position == len(script) or len(waiting) >= 64:
                        continue
                    own = [index for other, index in waiting.values() if other == name]
                    if own and (script[position].is_alone or script[own[-1]].is_alone):
                        continue
                    number = server.send(script[position].method, script[position].params)
                    if number is None:
                        break
                    waiting[number] = (name, position)
                    sent[name] += 1
                    progress = True
            if not waiting:
                return all(sent[name] == len(self.scripts[name]) for name in SESSIONS)
            answer = server.receive()
            if answer is None:
                return False
            name, index = waiting.pop(answer["id"])
            if index != self.done[name]:
                self.fault(f"{name} answers step {index} before step {self.done[name]}")
                return False
            expected = self.scripts[name][index].answer
            if settled(answer) != expected:
                step = self.scripts[name][index]
                self.fault(f"{name}, step {index}, {step.method} {step.params}: {expected} / {settled(answer)}"[:2000])
                return False
            self.done[name] += 1
