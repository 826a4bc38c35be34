"""Three clients that share a directory, each with a session of its own, and owners that are killed, also in the middle
of taking over."""

import queue
import random
import time
from pathlib import Path
from typing import Any

from .points import can_trace
from .script import settled
from .server import AWAIT_SECONDS, Server

# How many requests of a client are under way at most, and how often owners are killed in one conversation: what is left
# of it goes to a server alone.
IN_FLIGHT, ROUNDS = 20, 5


class Client:
    """One process and its conversation; the process may be another one after a kill."""

    def __init__(self, name, script):
        self.name, self.script = name, script
        self.server: Any = None
        # The step of each request under way, by its id, in the order in which they were sent.
        self.waiting = {}
        self.sent = 0


class Shared:
    """Holds a part of three conversations: what a joined client is answered is what the reference was, and each request
    is carried out once, also where its owner ended before it answered."""

    def __init__(self, killed):
        # Has the directory, the scripts, what is done, and the checks of a recovery.
        self.killed, self.campaign, self.random = killed, killed.campaign, random.Random(f"{killed.seed} shared")
        self.clients = [Client(name, script) for name, script in killed.scripts.items()]

    def run(self):
        try:
            for _ in range(ROUNDS):
                if self.campaign.faults or not self.step():
                    break
        finally:
            for client in self.clients:
                if client.server:
                    client.server.kill()
                    client.server.wait()

    def step(self):
        """One kill, and what it takes to have all clients served again; false at the end."""
        for client in self.clients:
            if not client.server and not self.begin(client):
                return True
        if all(self.is_over(client) for client in self.clients):
            return False
        self.plan_kill()
        deadline = time.monotonic() + AWAIT_SECONDS
        while not self.campaign.faults and not any(client.server is None for client in self.clients):
            if all(self.is_over(client) for client in self.clients):
                # Whatever is left to be killed is killed now.
                owner = self.owner()
                if owner:
                    owner.server.kill()
            if not self.advance_all():
                time.sleep(0.0005)
            if time.monotonic() > deadline:
                self.killed.fault(f"no answer within {AWAIT_SECONDS} s")
        return True

    def is_over(self, client):
        return client.sent == len(client.script) and not client.waiting

    def begin(self, client):
        """Starts a process for a client, which joins or becomes the owner; false where it was killed meanwhile."""
        client.server, client.waiting = Server(self.killed.binary, "--state", self.killed.folder), {}
        answer = client.server.send("initialize", {}) and client.server.receive()
        if not answer or not self.killed.recover(client.server, client.name):
            return self.end(client)
        client.sent = self.killed.done[client.name]
        return True

    def end(self, client):
        server = client.server
        server.kill()
        server.wait()
        client.server = None
        if server.killer and server.killer.has_killed:
            self.campaign.kills[server.killer.point] += 1
        elif not server.killer:
            self.campaign.kills["shared"] += 1
        return False

    def owner(self):
        number = (Path(self.killed.folder) / "lock").read_text().strip()
        return next((client for client in self.clients if client.server and str(client.server.process.pid) == number),
                    None)

    def plan_kill(self):
        owner = self.owner()
        if owner is None:
            return
        if can_trace and self.random.random() < 0.7:
            # Whichever takes over is killed in the middle of it, and then the third has to.
            for client in self.clients:
                if client is not owner and not client.server.killer:
                    client.server.kill_at("takeover", 1 + int(self.random.random() ** 2 * 12),
                                          self.random.random() < 0.5)
        elif can_trace and not owner.server.killer:
            owner.server.kill_at(self.random.choice(["write", "sync", "answer"]),
                                 1 + self.random.randrange(15), self.random.random() < 0.5)
            return
        self.advance_for(self.random.expovariate(1 / 0.02))
        if owner.server:
            owner.server.kill()

    def advance_for(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self.campaign.faults:
            self.advance_all()

    def advance_all(self):
        return sum(self.advance(client) for client in self.clients if client.server) > 0

    def advance(self, client):
        """Sends what a client may send now, and takes an answer; false where there was nothing to do."""
        server, script, done = client.server, client.script, False
        while client.sent < len(script) and len(client.waiting) < IN_FLIGHT:
            last = client.sent - 1 if client.waiting else None
            # What changes nothing is in no journal: sent again, it would show changes that were sent after it.
            if last is not None and (script[client.sent].is_alone or script[last].is_alone
                                     or script[last].revision == script[last - 1].revision):
                break
            number = server.send(script[client.sent].method, script[client.sent].params)
            if number is None:
                return self.end(client)
            client.waiting[number] = client.sent
            client.sent += 1
            done = True
        try:
            answer = server.answers.get_nowait()
        except queue.Empty:
            return done
        if answer is None:
            server.is_over = True
            return self.end(client)
        self.check(client, answer)
        return True

    def check(self, client, answer):
        index = client.waiting.pop(answer["id"])
        step = client.script[index]
        if index != self.killed.done[client.name]:
            self.killed.fault(f"{client.name} answers step {index} before step {self.killed.done[client.name]}")
        elif settled(answer) != step.answer:
            self.killed.fault(
                f"{client.name}, step {index}, {step.method} {step.params}: {step.answer} / {settled(answer)}"[:2000])
        else:
            self.killed.done[client.name] += 1
