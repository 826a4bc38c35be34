"""Mutated params: a valid session first, so that what is mutated reaches code behind the first check."""

from __future__ import annotations

from random import Random
from typing import Any

from .corpus import Corpus, Field, Message
from .values import Values

# A changed name of the session would only ever lead to `unknownSession`.
_SELDOM = ("session", "pipeline", "trial")
# What these do to a session leaves the requests after them little to reach.
DESTRUCTIVE = ("session/close", "pipeline/define", "gpu/retire")


class ParamsFuzzer:
    """Requests with one to three params changed."""

    def __init__(self, corpus: Corpus) -> None:
        self._corpus, self._values = corpus, Values(corpus)
        self._methods = sorted(corpus.params)
        self._examples: dict[str, list[Message]] = {method: [] for method in self._methods}
        for messages in corpus.transcripts.values():
            for message in messages:
                if message.method in self._examples:
                    self._examples[message.method].append(message)

    def any_request(self, random: Random, session: str) -> tuple[str, Any]:
        """A request of any method: from a recorded one, or made up whole; mostly about this session."""
        method, params = self._any_request(random)
        if isinstance(params, dict) and "session" in params and random.random() < 0.95:
            params = {**params, "session": session}
        return method, params

    def _any_request(self, random: Random) -> tuple[str, Any]:
        method = random.choice(self._methods)
        while method in DESTRUCTIVE and random.random() < 0.9:
            method = random.choice(self._methods)
        examples = self._examples[method]
        if examples and random.random() < 0.85:
            return self.mutated(random, random.choice(examples))
        return method, self._values.object(random, self._corpus.params[method])

    def mutated(self, random: Random, message: Message) -> tuple[str, Any]:
        """A recorded request with one to three params changed."""
        params, fields = message.params, self._corpus.params.get(message.method, ())
        for _ in range(random.choice((1, 1, 1, 2, 3))):
            params = self._change(random, fields, params)
        return message.method, params

    def _change(self, random: Random, fields: tuple[Field, ...], params: Any) -> Any:
        if not fields or not isinstance(params, dict):
            return self._values.anything(random)
        params, field = dict(params), random.choice(fields)
        if field.name in _SELDOM and random.random() < 0.9:
            field = random.choice(fields)
        present = params.get(field.name)
        if field.fields and present and random.random() < 0.7:
            if isinstance(present, list):
                params[field.name] = present = list(present)
                place = random.randrange(len(present))
                present[place] = self._change(random, field.fields, present[place])
            else:
                params[field.name] = self._change(random, field.fields, present)
            return params
        draw = random.random()
        if draw < 0.4:
            params[field.name] = self._values.allowed(random, field)
        elif draw < 0.75:
            params[field.name] = self._values.of(random, field)
        elif draw < 0.83:
            params.pop(field.name, None)
        elif draw < 0.9:
            params[field.name] = self._values.anything(random)
        elif draw < 0.94:
            params[field.name + random.choice(("s", "X", "\u0301", ""))[:1]] = self._values.of(random, field)
        elif isinstance(present, list) and present:
            again = random.choice(present)
            params[field.name] = random.choice((present + [again], present[:1], present[::-1], present * 3))
        else:
            params[field.name] = self._values.of(random, field)
        return params
