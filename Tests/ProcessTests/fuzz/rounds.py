"""Rounds of messages. Each draws from a generator of its own, so that one round can be repeated alone."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from .connection import Connection, Fault
from .corpus import Corpus
from .messages import Expected, MessageFuzzer, encoded, messages_of_line
from .params import DESTRUCTIVE, ParamsFuzzer

MESSAGES_A_ROUND = 400
# Messages written at once: enough that a busy machine's scheduler does not set the pace.
TOGETHER = 50
PATIENCE_SECONDS = 1.0
# How many computations may be under way before they are cancelled: few enough that none is refused as overload.
UNDER_WAY = 24


@dataclass
class Holds:
    """The longest the loop was held: CPU seconds of its thread, for one message by method and for many together."""

    longest: dict[str, float] = field(default_factory=dict)
    messages: dict[str, bytes] = field(default_factory=dict)
    together: float = 0.0

    def add(self, method: str, seconds: float, message: bytes) -> None:
        if seconds > self.longest.get(method, 0.0):
            self.longest[method], self.messages[method] = seconds, message

    def is_long(self, seconds: float) -> bool:
        """Whether messages handled together took so long that one of them may be the longest yet."""
        return seconds > max(0.005, max(self.longest.values(), default=0.0))


@dataclass
class Round:
    """One round against one server: what is sent, what must come back, what came."""

    connection: Connection
    random: Random
    holds: Holds
    sent: list[bytes] = field(default_factory=list)
    expected: Expected = field(default_factory=Expected)
    mutated: int = 0
    _next: int = 0
    _unsent: list[tuple[str, Any]] = field(default_factory=list)

    def identifier(self) -> str:
        self._next += 1
        return f"r{self._next}"

    def send(self, bodies: Iterable[bytes]) -> float:
        """Sends whole messages at once and waits until the loop has handled them; CPU seconds of the loop."""
        bodies = list(bodies)
        self.sent += bodies
        return self.connection.exchange(b"".join(map(self.connection.frame, bodies)))

    def request(self, method: str, params: Any) -> str:
        """Sends a request alone; its id. It may still be computing afterwards."""
        identifier, body = self._body(method, params)
        self.holds.add(method, self.send([body]), body)
        return identifier

    def later(self, method: str, params: Any) -> None:
        """Sends a request together with others, at the next flush."""
        self._unsent.append((method, params))

    def flush(self) -> None:
        """Sends what waits. Where that holds the loop long, each is sent again alone, to find which one does."""
        requests, self._unsent = self._unsent, []
        seconds = self.send(self._body(*request)[1] for request in requests)
        self.holds.together = max(self.holds.together, seconds)
        if self.holds.is_long(seconds):
            for request in requests:
                self.request(*request)
        under_way = self.unanswered()
        if len(under_way) > UNDER_WAY:
            self.send(cancellation(identifier) for identifier in under_way)
            for identifier in under_way:
                self.connection.read_until(identifier)

    @property
    def is_full(self) -> bool:
        return len(self._unsent) >= TOGETHER

    def unanswered(self) -> list[str]:
        answers = self.connection.answers
        return [identifier for identifier in self.expected.ids if identifier not in answers]

    def settle(self) -> None:
        """Cancels what is under way, waits for its answers, and checks that all came and no others."""
        waiting = self.unanswered()
        self.send(cancellation(identifier) for identifier in [*waiting, *self.expected.perhaps, None])
        for identifier in waiting:
            self.connection.read_until(identifier)
        self.check()

    def check(self) -> None:
        """Compares what came with what was due."""
        answers = {k: n for k, n in self.connection.answers.items() if not str(k).startswith(("fence", "initialize"))}
        nulls = answers.pop(None, 0)
        for identifier, count in answers.items():
            if count > 1 and identifier not in self.expected.perhaps:
                raise Fault(f"{identifier!r} is answered {count} times")
            if identifier not in self.expected.ids and identifier not in self.expected.perhaps:
                raise Fault(f"{identifier!r} was no request: {self.connection.errors.get(identifier)}")
        missing = [identifier for identifier in self.expected.ids if identifier not in answers]
        if missing:
            raise Fault(f"{missing[:5]!r} are not answered")
        if not self.expected.least_nulls <= nulls <= self.expected.most_nulls:
            raise Fault(f"null is answered {nulls} times where {self.expected.least_nulls} to "
                        f"{self.expected.most_nulls} are due")
        self.connection.answers = Counter()
        self.connection.errors = {}
        self.expected = Expected()

    def _body(self, method: str, params: Any) -> tuple[str, bytes]:
        identifier = self.identifier()
        self.expected.ids.add(identifier)
        return identifier, encoded({"jsonrpc": "2.0", "id": identifier, "method": method, "params": params})


def cancellation(identifier: Any) -> bytes:
    return encoded({"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": identifier}})


def params_round(round: Round, corpus: Corpus, fuzzer: ParamsFuzzer) -> None:
    """Plays a transcript with mutated requests between its own, then mutated requests of any method."""
    random, name = round.random, round.random.choice(sorted(corpus.transcripts))
    messages = [message for message in corpus.transcripts[name] if message.method != "session/close"]
    share = MESSAGES_A_ROUND / 2 / max(1, len(messages))
    for message in messages:
        for _ in range(int(share + random.random())):
            mutated(round, *fuzzer.mutated(random, message))
        if message.is_request and message.method in corpus.long_methods and random.random() < 0.9:
            round.flush()
            # What mutated requests have made of the session may take minutes; then it is cancelled with the rest.
            round.connection.is_answered(round.request(message.method, message.params), PATIENCE_SECONDS)
        else:
            round.later(message.method, message.params)
    session = next((m.params["session"] for m in messages if m.method == "session/open" and "session" in m.params), "s")
    own = [message for message in messages if message.is_request and message.method not in DESTRUCTIVE]
    while round.mutated < MESSAGES_A_ROUND:
        from_own = own and random.random() < 0.7
        draw = fuzzer.mutated(random, random.choice(own)) if from_own else fuzzer.any_request(random, session)
        mutated(round, *draw)
    round.flush()
    round.settle()
    close_sessions(round)


def mutated(round: Round, method: str, params: Any) -> None:
    """Sends a mutated request with the next others."""
    round.mutated += 1
    round.later(method, params)
    if round.is_full:
        round.flush()


def close_sessions(round: Round) -> None:
    """Leaves the server as empty as it was."""
    identifier = round.identifier()
    round.expected.ids.add(identifier)
    names = sessions_of(round.connection, identifier)
    for name in names:
        round.request("session/close", {"session": name})
    round.settle()


def sessions_of(connection: Connection, identifier: str) -> list[str]:
    connection.kept = identifier
    connection.exchange(connection.frame(encoded(
        {"jsonrpc": "2.0", "id": identifier, "method": "session/list", "params": {}})))
    return [session["session"] for session in connection.result["sessions"]]


def messages_round(round: Round, fuzzer: MessageFuzzer) -> None:
    """Damaged messages, one or many at once."""
    random = round.random
    while round.mutated < MESSAGES_A_ROUND:
        bodies = []
        for _ in range(random.choice((1, TOGETHER, TOGETHER, TOGETHER))):
            body = fuzzer.body(random, round.identifier())
            if round.connection.lines:
                # A line feed would make two messages of it.
                body = body.replace(b"\n", b" ")
            for message in messages_of_line(body) if round.connection.lines else (body,):
                round.expected.add(message)
            bodies.append(body)
        round.mutated += len(bodies)
        seconds = round.send(bodies)
        round.holds.together = max(round.holds.together, seconds)
        if len(bodies) == 1:
            round.holds.add("a damaged message", seconds, bodies[0])
    round.settle()
    close_sessions(round)


BROKEN_HEADERS = [b"Content-Length: x\r\n\r\n{}", b"Content-Length: -1\r\n\r\n{}", b"Content-Length 2\r\n\r\n{}",
                  b"Content-Length: 99999999999999999999\r\n\r\n", b"Content-Type: x\r\n\r\n{}", b"\0\r\n\r\n",
                  b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", b"{}\r\n\r\n", b"X: " + b"y" * 9000,
                  b"Content-Length:\r\n\r\n", b"Content-Length: 1.0\r\n\r\n", b"\xff\xfe\r\n"]


def broken_end(round: Round) -> None:
    """A header that cannot be understood: everything before it is answered, then -32700 with null, then status 1."""
    wanted = [round.identifier() for _ in range(round.random.randrange(20))]
    round.expected.ids.update(wanted)
    round.expected.least_nulls = round.expected.most_nulls = 1
    requests = [encoded({"jsonrpc": "2.0", "id": one, "method": "session/list", "params": {}}) for one in wanted]
    header = round.random.choice(BROKEN_HEADERS)
    round.sent += [*requests, header]
    round.connection.write(b"".join(map(round.connection.frame, requests)) + header)
    status = round.connection.read_to_end()
    error = round.connection.errors.get(None, {})
    round.check()
    if status != 1 or error.get("code") != -32700:
        raise Fault(f"a broken header {header[:40]!r} ends with {status} and {json.dumps(error)}")


def orderly_end(round: Round) -> None:
    """The end of the input: all is answered, and the status is 0."""
    wanted = [round.identifier() for _ in range(round.random.randrange(20))]
    round.expected.ids.update(wanted)
    requests = [encoded({"jsonrpc": "2.0", "id": one, "method": "session/list", "params": {}}) for one in wanted]
    round.sent += requests
    round.connection.write(b"".join(map(round.connection.frame, requests)))
    status = round.connection.end_input()
    round.check()
    if status != 0:
        raise Fault(f"the end of the input ends with {status}")
