"""A search followed from an editor, from a mistake in its manifest to the suggested VLM in it: in Neovim, in Emacs, and
with the extension of VS Code under its stand-in. The launcher runs in another process."""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from places import AWAIT_SECONDS, FIXTURES
from screens import svg
from sessions import EDITORS, HERE
from traffic import unnamed
from trimtab import Trimtab

MANIFEST = '''# The search of a story.
name = "vqa"
command = "python train.py"
state = "search"
gpus = [{ id = "0" }]

[pool]
encoders = ["clip", { id = "siglip", paramater_count = 400_000_000 }]
language_models = ["qwen", "phi"]

[pool.task]
name = "vqa"
alignment_sample_count = 6400
metric = { name = "accuracy", direction = "maximize" }

[search]
strategy = "race"

[pipeline]
pipeline = "gpt"
schedule = "1f1b"
stages = 8
microbatches = 24
blocking_power_watts = 95.0

[profile]
csv_path = "profile.csv"

[frontier]
effort = "quick"

[objective]
slowdown_fraction = 0.05
'''
LINES = MANIFEST.splitlines()
MISTAKE = next(n for n, line in enumerate(LINES) if "paramater_count" in line)
HOVERS = [(MISTAKE, LINES[MISTAKE].index("clip")), (LINES.index('strategy = "race"'), 3)]


class Launcher:
    """`python -m trimtab launch` in another process; the test lets its trials go one by one."""

    def __init__(self, folder, binary):
        self.folder, self.control, self.process = folder, folder / "control", None
        self.control.mkdir()
        for number in range(1, 65):
            os.mkfifo(self.control / f"trial-{number}")
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        self.environment = {**os.environ, "PATH": path, "CONTROL": str(self.control), "TRIMTAB_BINARY": binary}

    def start(self):
        self.log = open(self.folder / "launcher.log", "ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "trimtab", "launch", "trimtab.toml", "--no-table"], cwd=self.folder,
            env=self.environment, stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT)

    def run_trial(self):
        """Waits until the next trial is there, lets it go, and waits until it has ended."""
        number = 1 + len(list(self.control.glob("ended-*")))
        self._await(f"trial {number} does not begin", lambda: self._let_go(number))
        self._await(f"trial {number} does not end", (self.control / f"ended-{number}").exists)

    def _let_go(self, number):
        try:
            os.close(os.open(self.control / f"trial-{number}", os.O_WRONLY | os.O_NONBLOCK))
        except OSError:  # it does not wait yet
            return False
        return True

    def _await(self, missing, is_so):
        deadline, pause = time.monotonic() + AWAIT_SECONDS, select.poll()
        while not is_so():
            log = (self.folder / "launcher.log").read_text()
            assert self.process.poll() is None, log
            assert time.monotonic() < deadline, f"{missing}: {log}"
            pause.poll(20)

    @contextlib.contextmanager
    def session(self, *options):
        """The search, as another client of the same state directory has it."""
        with Trimtab([self.environment["TRIMTAB_BINARY"], "serve", *options], timeout=AWAIT_SECONDS,
                     state_directory=str(self.folder / "search" / "sessions")) as client:
            yield client.open_session("vqa")

    def suggestion(self):
        with self.session("--read-only") as session:
            best = session.suggestion().suggestion
            return best and best.candidate

    def point(self):
        """The plan at the manifest's objective, on the frontier that the launcher has computed."""
        with self.session("--read-only") as session:
            return session.query("gpt", slowdown_fraction=0.05)

    def run_until_another(self, than):
        """Runs trials until another candidate is suggested; gives it."""
        for _ in range(12):
            self.run_trial()
            if (now := self.suggestion()) not in (None, than):
                return now
        raise AssertionError(f"after 12 trials the suggestion still is {than}")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(AWAIT_SECONDS)
        self.log.close()

    def close(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()  # ends its trials, too
            self.process.wait(AWAIT_SECONDS)
            self.log.close()


@pytest.fixture
def folder(folder):
    (folder / "trimtab.toml").write_text(MANIFEST)
    (folder / "train.py").write_bytes((HERE / "story_train.py").read_bytes())
    (folder / "profile.csv").write_bytes((FIXTURES / "profiles" / "modelled-h100-8stage.csv").read_bytes())
    return folder


@pytest.fixture
def launcher(folder, binary):
    one = Launcher(folder, binary)
    yield one
    one.close()


hovers: dict[str, list[str]] = {}


@pytest.mark.parametrize("name", EDITORS)
def test_from_a_mistake_to_the_suggested_vlm(name, opened, launcher, folder, pictures, recorded):
    editor, film = opened(name, folder, recorded), []

    def shot():
        if name == "neovim":
            film.append(editor.ask("screen", "screen"))

    shot()  # which finds the colours
    film.clear()
    found = editor.await_("diagnostics", lambda all: any("paramater_count" in one["message"] for one in all))
    mistake = next(one for one in found if "paramater_count" in one["message"])
    assert mistake["line"] == MISTAKE and mistake["character"] == LINES[MISTAKE].index("paramater_count")

    shot()
    fixed = editor.ask("text", "act", line=MISTAKE, pattern="parameter_count")
    assert fixed == MANIFEST.replace("paramater_count", "parameter_count")
    assert (folder / "trimtab.toml").read_text() == fixed
    editor.await_("diagnostics", lambda all: not all)

    hovers[name] = [editor.ask("hover", "hover", line=line, character=character) for line, character in HOVERS]
    assert all(hovers[name])

    def shows(candidate):
        editor.await_("beside", lambda _: all(
            one in editor.beside() for one in (candidate.encoder, candidate.language_model)))

    launcher.start()
    first = launcher.run_until_another(None)
    shows(first)
    point = launcher.point()
    editor.await_("beside", lambda _: f"saved ({100 * point.saving_fraction:.0f} %)" in editor.beside())
    shot()
    better = launcher.run_until_another(first)
    shows(better)
    shot()
    launcher.kill()
    editor.await_("beside", lambda _: "No program runs this search now" in editor.beside())
    shot()
    launcher.start()
    best = launcher.run_until_another(better)
    shows(best)
    shot()

    before = editor.ask("text", "text")
    after = editor.ask("text", "act", line=LINES.index("[pool]"), pattern="suggested")
    assert after != before and best.encoder in after and best.language_model in after
    assert (folder / "trimtab.toml").read_text() == after

    lines = editor.ask("view", "view", command="ranking")
    assert [line.split()[0] for line in lines[-4:]] == ["1", "2", "3", "4"]
    assert {name for line in lines for name in ("clip", "siglip", "qwen", "phi") if name in line} \
        == {"clip", "siglip", "qwen", "phi"}
    shot()
    text = "\n".join(editor.ask("view", "view", command="suggestion"))
    assert best.encoder in text and best.language_model in text
    if name in ("neovim", "emacs"):
        view = editor.ask("view", "view", command="frontier")
        assert any("less energy" in line or "Frontier of pipeline gpt" in line for line in view)
    if name == "neovim":
        assert any(line.startswith("◆ plan ") for line in view)
        assert any(f"{100 * point.saving_fraction:.1f} % less energy" in line for line in view)
        shot()
        (pictures / "neovim.svg").write_text(svg(film, 30 / len(film)))
        (pictures / "neovim-frontier.svg").write_text(svg(film[-1:], 0))
    elif name != "emacs":
        answer = editor.ask("panel", "run", command="trimtab.showFrontier")["last"]["answer"]
        assert answer["pipeline"] == "gpt" and answer["point"]["plan"] in answer["curve"]["plans"]
    assert editor.seen["diagnostics"] == []
    editor.quit()
    passed, = folder.glob("traffic-*")
    assert unnamed(passed) == []


def test_all_clients_see_the_same_hovers(folder, binary):
    """Runs after the stories, which have kept what their editors saw. Without a Markdown mode Emacs asks for text."""
    assert set(hovers) == set(EDITORS), "every editor has told its story"
    (folder / "trimtab.toml").write_text(MANIFEST.replace("paramater_count", "parameter_count"))
    expected = {}
    for form in ("markdown", "plaintext"):
        run = subprocess.run(
            [sys.executable, HERE / "python_hovers.py", folder / "trimtab.toml", binary, form,
             *(str(number) for place in HOVERS for number in place)],
            capture_output=True, text=True, timeout=AWAIT_SECONDS, check=False)
        assert run.returncode == 0, run.stderr
        expected[form] = json.loads(run.stdout)
    assert all(expected["markdown"]) and len(set(expected["markdown"])) == len(HOVERS)
    assert [text.replace("*", "").replace("`", "") for text in expected["markdown"]] == expected["plaintext"]
    for name, found in hovers.items():
        assert found == expected["plaintext" if name == "emacs" else "markdown"], name
