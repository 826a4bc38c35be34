"""Documents in TOML and JSON, made from a seed: valid ones, ones that break a rule, and mutated ones."""

from __future__ import annotations

import json
import random

LETTERS = ["a", "b", "c", "a-1", "_", "1", "1e5", "inf", "true", "2026-01-01", "-", '"q"', "'l'", '""', "'a b'",
           '"\\u00e9"', '"a.b"', "'é'"]
BAD_KEYS = ["é", "a b", "", "a.", ".a", '"""m"""', '"a\\q"', "a..b", '"open', "$"]
INTEGERS = ["0", "1", "-1", "+7", "42", "1_000", "9223372036854775807", "-9223372036854775808", "0xDEAD_beef", "0o17",
            "0b1_0", "-0", "+0", "0x0"]
BAD_INTEGERS = ["9223372036854775808", "-9223372036854775809", "01", "-01", "1__0", "_1", "1_", "0x", "0xg", "+0x1",
                "0b2", "0o8", "0X1", "1 2", "0x_1", "--1", "0xFFFFFFFFFFFFFFFF", "1e", "\uff11"]
FLOATS = ["0.0", "-0.0", "3.14", "1e6", "-2E-2", "6.626e-34", "1_0.2_5", "inf", "-inf", "+inf", "nan", "-nan", "1e400",
          "5e-324", "1e-400", "0e0", "1e06", "+1.0", "9007199254740993.0", "0.1", "1e+1_0", "123456789.123456789e-3"]
BAD_FLOATS = [".5", "5.", "1.e5", "1._0", "1_.0", "1e_5", "Inf", "NaN", "infinity", "1.2.3", "01.5", "1e5.5", "1f",
              "1,5"]
DATES = ["1979-05-27", "1979-05-27T07:32:00Z", "1979-05-27t07:32:00z", "1979-05-27 07:32:00", "07:32:00",
         "1979-05-27T00:32:00.999999-07:00", "00:32:00.5", "2000-02-29", "2024-02-29 23:59:59.123456789+23:59",
         "9999-12-31", "0001-01-01", "12:00:00.0000000"]
BAD_DATES = ["1979-13-01", "1979-02-30", "1979-05-27T", "1979-05-27T25:00:00", "07:32", "1979-5-27", "1900-02-29",
             "1979-05-27T07:32:00+24:00", "1979-05-27T07:32Z", "07:60:00", "1979-05-27  07:32:00", "07:32:00Z",
             "1979-05-27T07:32:00.", "0000-01-01", "12:00:60", "1979-05-27X07:32:00", "19790527",
             "1979-05-27T07:32:00+7"]
ESCAPES = ["\\n", "\\t", '\\"', "\\\\", "\\u00E9", "\\U0001F600", "\\b", "\\f", "\\r", "\\u0000", "\\uD7FF", "\\uE000"]
BAD_ESCAPES = ["\\x41", "\\uD800", "\\u12", "\\U00110000", "\\ ", "\\'", "\\", "\\e", "\\U000000", "\\/"]
TEXTS = ["", "a", "abc", "é", "日本", "😀", "e\u0301", " ", "#", "=", "[x]", "'", "\t", "\u0080", "\ufeff", "\u2028"]
CONTROLS = ["\x00", "\x01", "\x1f", "\x7f", "\r", "\x0b"]
COMMENTS = ["", "", "", " # comment", " #", "\t# é 😀 \t x", " # a = 1"]


class TOML:
    """One document after another; `slips` is how often a choice breaks a rule."""

    def __init__(self, source: random.Random) -> None:
        self.source = source
        self.slips = source.choice([0.0, 0.0, 0.01, 0.05])
        self.newline = source.choice(["\n", "\n", "\r\n"])

    def slip(self) -> bool:
        return self.source.random() < self.slips

    def pick(self, good: list[str], bad: list[str]) -> str:
        return self.source.choice(bad if self.slip() else good)

    def document(self) -> str:
        return "".join(self.line() for _ in range(self.source.randrange(1, 14)))

    def blank(self) -> str:
        return self.source.choice(["", "", "", " ", "\t", "  "])

    def end(self) -> str:
        control = self.source.choice(CONTROLS) if self.slip() else ""
        return self.blank() + self.source.choice(COMMENTS) + control + self.newline

    def line(self) -> str:
        kind = self.source.random()
        if kind < 0.1:
            return self.end()
        if kind < 0.65:
            return self.blank() + self.pair(0) + self.end()
        brackets = ("[", "]") if kind < 0.85 else ("[[", "]]")
        closing = self.source.choice(["", "]", "}", "] ]"]) if self.slip() else brackets[1]
        return self.blank() + brackets[0] + self.blank() + self.key() + self.blank() + closing + self.end()

    def key(self) -> str:
        parts = [self.pick(LETTERS[:self.source.choice([3, 3, 3, len(LETTERS)])], BAD_KEYS)
                 for _ in range(self.source.choice([1, 1, 1, 2, 2, 3]))]
        dot = self.source.choice([".", ".", " . ", "\t."])
        return dot.join(parts)

    def pair(self, depth: int) -> str:
        equals = self.source.choice(["", ":", "=="]) if self.slip() else "="
        return self.key() + self.blank() + equals + self.blank() + self.value(depth)

    def value(self, depth: int) -> str:
        kind = self.source.randrange(8 if depth < 3 else 6)
        if kind == 0:
            return self.pick(INTEGERS, BAD_INTEGERS)
        if kind == 1:
            return self.pick(FLOATS, BAD_FLOATS)
        if kind == 2:
            return self.pick(DATES, BAD_DATES)
        if kind == 3:
            return self.pick(["true", "false"], ["True", "TRUE", "yes", "null", "", "tru", "truefalse", "bare"])
        if kind < 6:
            return self.string()
        return self.array(depth) if kind == 6 else self.inline(depth)

    def string(self) -> str:
        kind = self.source.randrange(4)
        texts = [self.source.choice(TEXTS) for _ in range(self.source.randrange(4))]
        if kind < 2:
            texts += [self.pick(ESCAPES, BAD_ESCAPES) for _ in range(self.source.randrange(3))]
            self.source.shuffle(texts)
        if self.slip():
            texts.append(self.source.choice(CONTROLS))
        quote = '"' if kind < 2 else "'"
        if kind == 2:
            texts = [text for text in texts if text != "'"]
        if kind % 2 == 0:
            closing = "" if self.slip() else quote
            return quote + "".join(texts).replace("\n", "") + closing
        inner = [self.newline, " ", "\t", quote, quote * 2, f"\\{self.newline}  {self.newline} ",
                 f"\\ \t{self.newline}"]
        texts += [self.source.choice(inner) for _ in range(self.source.randrange(4))]
        self.source.shuffle(texts)
        start = self.newline if self.source.random() < 0.3 else ""
        closing = quote * self.source.choice([0, 1, 2, 6]) if self.slip() else quote * self.source.choice([3, 3, 4, 5])
        return quote * 3 + start + "".join(texts) + closing

    def array(self, depth: int) -> str:
        def gap() -> str:
            return self.source.choice(["", "", " ", self.newline, f" # c{self.newline}\t", self.newline * 2])
        elements = [gap() + self.value(depth + 1) + gap() for _ in range(self.source.randrange(4))]
        comma = self.source.choice([";", "", ",,"]) if self.slip() else ","
        last = "," + gap() if elements and self.source.random() < 0.3 else gap()
        closing = self.source.choice(["", "}"]) if self.slip() else "]"
        return "[" + comma.join(elements) + last + closing

    def inline(self, depth: int) -> str:
        members = [self.blank() + self.pair(depth + 1) + self.blank() for _ in range(self.source.randrange(4))]
        inner = ",".join(members) or self.blank()
        if self.slip():
            inner += self.source.choice([",", self.newline, " # c", "{", ", ,"])
        return "{" + inner + ("" if self.slip() else "}")


class JSONText:
    """JSON documents, with slips."""

    def __init__(self, source: random.Random) -> None:
        self.source = source
        self.slips = source.choice([0.0, 0.0, 0.02, 0.1])

    def slip(self) -> bool:
        return self.source.random() < self.slips

    def gap(self) -> str:
        if self.slip():
            return self.source.choice(["//c\n", "#\n", "\x0b", "\xa0", "/* */"])
        return self.source.choice(["", "", "", " ", "\n", "\t", "\r\n"])

    def document(self) -> str:
        return self.gap() + (self.value(0) if self.slip() else self.object(0)) + self.gap()

    def value(self, depth: int) -> str:
        kind = self.source.randrange(7 if depth < 4 else 5)
        if kind == 0:
            return self.source.choice(
                ["0", "-1", "12", "9223372036854775807", "9223372036854775808", "1e3", "-0.5", "1E+2", "0.1e-7", "-0"]
                if not self.slip() else
                ["01", "+1", ".5", "1.", "1e", "NaN", "Infinity", "-Infinity", "1e999", "0x1", "--1", "-"])
        if kind == 1:
            return self.source.choice(["True", "nul", "undefined", "'a'", ""]) if self.slip() else \
                self.source.choice(["true", "false", "null"])
        if kind < 5:
            return self.string()
        return self.object(depth) if kind == 5 else self.array(depth)

    def string(self) -> str:
        texts = [self.source.choice(TEXTS).replace("\t", "") for _ in range(self.source.randrange(4))]
        texts += [self.source.choice(["\\n", '\\"', "\\\\", "\\/", "\\u00e9", "\\ud83d\\ude00", "\\uFFFF", "\\u0000"])
                  for _ in range(self.source.randrange(3))]
        if self.slip():
            texts.append(self.source.choice(
                ["\\x", "\\ud800", "\\ude00", "\t", "\n", "\\u12", "\\ud800\\u0041", "\x00"]))
        self.source.shuffle(texts)
        return '"' + "".join(texts) + ("" if self.slip() else '"')

    def object(self, depth: int) -> str:
        names = self.source.sample(["a", "b", "c", "", "é", "a.b"], self.source.randrange(4))
        if self.slip() and names:
            names.append(names[0])
        colon = "=" if self.slip() else ":"
        members = [f"{self.gap()}{json.dumps(name, ensure_ascii=self.source.random() < 0.5)}{self.gap()}{colon}"
                   f"{self.gap()}{self.value(depth + 1)}{self.gap()}" for name in names]
        return "{" + (",".join(members) or self.gap()) + self.close(members, "}")

    def array(self, depth: int) -> str:
        elements = [self.gap() + self.value(depth + 1) + self.gap() for _ in range(self.source.randrange(4))]
        return "[" + (",".join(elements) or self.gap()) + self.close(elements, "]")

    def close(self, inner: list[str], bracket: str) -> str:
        return self.source.choice([",", "", "," + bracket, ")"]) if self.slip() else bracket


BYTES = [b"\x00", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\x80", b"\xef\xbb\xbf", b"\r", b"\n",
         b'"', b"'", b"[", b"]", b"{", b"}", b"=", b".", b",", b"#", b"\\", b'"""', b"'''", b"[[", b"]]", b" ", b"\t",
         b"0", b"_", b"e", b":", b"\xe2\x80"]


def mutated(source: random.Random, data: bytes) -> bytes:
    """A document after a few insertions, removals, repetitions and cuts."""
    for _ in range(source.choice([1, 1, 1, 2, 4])):
        start = source.randrange(len(data) + 1)
        end = min(len(data), start + source.choice([0, 1, 1, 2, 8, 30]))
        kind = source.randrange(5)
        if kind == 0:
            data = data[:start] + source.choice(BYTES) + data[start:]
        elif kind == 1:
            data = data[:start] + data[end:]
        elif kind == 2:
            data = data[:end] + data[start:end] + data[end:]
        elif kind == 3:
            data = data[:start] + source.choice(BYTES) + data[end:]
        elif source.random() < 0.2:
            data = data[:start]
        else:
            data = data[:start] + bytes([source.randrange(256)]) + data[start:]
    return data


def document(seed: int, language: str) -> bytes:
    """The document of a seed; a third of all are mutated."""
    source = random.Random(seed)
    text = TOML(source).document() if language == "toml" else JSONText(source).document()
    data = text.encode()
    return mutated(source, data) if source.random() < 1 / 3 else data
