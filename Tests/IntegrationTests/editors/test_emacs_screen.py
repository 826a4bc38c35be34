"""Emacs in a terminal, as a person sees it: what stands above the lines of a manifest, and the package's buffers."""

import os
import re

import pexpect
import pyte
import pytest
from places import AWAIT_SECONDS, CLIENTS, FIXTURES
from programs import program
from screens import svg
from trimtab import Metric, ModelPart, SelectionTask, Trimtab

ROWS, COLUMNS = 36, 112
MANIFEST = '''name = "vqa"
state = "search"

[pool]
encoders = ["clip", "siglip"]
language_models = ["qwen", "phi"]

[pool.task]
name = "vqa"
alignment_sample_count = 6400
metric = { name = "accuracy", direction = "maximize", range = [0.0, 1.0] }

[pipeline]
pipeline = "gpt"
schedule = "1f1b"
stages = 8
microbatches = 24
blocking_power_watts = 95.0

[profile]
csv_path = "profile.csv"

[objective]
slowdown_fraction = 0.05
'''
# Emacs compiles its own files in the background, and opens a window over the manifest for what it warns of, perhaps
# before it reads init.el, while it waits for the terminal to say its colours.
EARLY_INIT = "(setq native-comp-deferred-compilation nil)\n"
INIT = f'''(setq frame-background-mode 'dark inhibit-startup-screen t make-backup-files nil)
(menu-bar-mode -1)
(add-to-list 'load-path "{CLIENTS / "emacs"}")
(require 'trimtab)
(setq trimtab-program (getenv "TRIMTAB_BINARY"))
(add-hook 'trimtab-manifest-mode-hook #'eglot-ensure)
'''


class Terminal:
    """A program in a terminal; its screen is what it has written so far."""

    def __init__(self, command, folder, **variables):
        self.screen = pyte.Screen(COLUMNS, ROWS)
        self.stream = pyte.ByteStream(self.screen)
        self.process = pexpect.spawn(
            command[0], command[1:], cwd=folder, dimensions=(ROWS, COLUMNS), timeout=AWAIT_SECONDS,
            env={**os.environ, "TERM": "xterm-256color", "HOME": str(folder), "LC_ALL": "C.UTF-8", **variables})

    @property
    def text(self):
        return "\n".join(self.screen.display)

    def await_(self, *texts):
        """Reads until all the texts are on the screen, a line's end within none of them."""
        while not all(text in self.text for text in texts):
            try:
                self.stream.feed(self.process.read_nonblocking(1 << 16, AWAIT_SECONDS))
            except (pexpect.TIMEOUT, pexpect.EOF) as end:
                raise AssertionError(f"expected {texts} on the screen, found:\n{self.text}") from end

    def runs(self):
        """For each row its runs of cells that look the same, as text, colour and whether bold."""
        rows = []
        for row in range(ROWS):
            runs = []
            for column in range(COLUMNS):
                cell = self.screen.buffer[row][column]
                # Emacs names colours by their values, and leaves the terminal's own as they are.
                look = f"#{cell.fg}" if re.fullmatch("[0-9a-f]{6}", cell.fg) else "", cell.bold or cell.reverse
                if runs and tuple(runs[-1][1:]) == look:
                    runs[-1][0] += cell.data
                else:
                    runs.append([cell.data, *look])
            rows.append(runs)
        return rows


@pytest.fixture
def session(folder, binary):
    """A search and a pipeline, owned by another process than the editor's."""
    (folder / "trimtab.toml").write_text(MANIFEST)
    (folder / "profile.csv").write_bytes((FIXTURES / "profiles" / "modelled-h100-8stage.csv").read_bytes())
    with Trimtab([binary, "serve"], timeout=AWAIT_SECONDS, roots=[str(folder)],
                 state_directory=str(folder / "search" / "sessions")) as client:
        session = client.open_session("vqa")
        session.submit_pool(
            encoders=[ModelPart("clip"), ModelPart("siglip")], language_models=[ModelPart("qwen"), ModelPart("phi")],
            task=SelectionTask("vqa", Metric("accuracy", "maximize", (0.0, 1.0)), alignment_sample_count=6400))
        session.define_pipeline("gpt", schedule="1f1b", stages=8, microbatches=24, blocking_power_watts=95.0)
        session.submit_profile("gpt", csv_path=str(folder / "profile.csv"))
        session.characterize("gpt", effort="quick", plan_count=32)
        yield session


def run_trial(session):
    trial = session.pool.next_trial("worker")
    parts = trial.candidate
    error = 0.1 + 0.08 * (parts.encoder == "clip") + 0.03 * (parts.language_model == "qwen")
    trial.update(1, 1.0 - error * trial.to_fraction ** -0.2, data_fraction=trial.to_fraction,
                 gpu_seconds=144_000 * (trial.to_fraction - trial.from_fraction))


def test_what_a_person_sees(session, folder, binary, pictures):
    settings = folder / ".emacs.d"
    settings.mkdir()
    (settings / "early-init.el").write_text(EARLY_INIT)
    (settings / "init.el").write_text(INIT)
    terminal = Terminal(
        [program("emacs", "emacs-nox and elpa-eglot"), "-nw", "trimtab.toml"], folder, TRIMTAB_BINARY=binary)
    try:
        point = session.query("gpt", slowdown_fraction=0.05)
        saved = f"saved ({100 * point.saving_fraction:.0f} %)"
        run_trial(session)
        first = session.suggestion().suggestion.candidate
        terminal.await_(first.encoder + " + " + first.language_model, saved)
        film = [terminal.runs()]
        # The search goes on in the other process, and what is shown with it.
        while (best := session.suggestion().suggestion.candidate) == first:
            run_trial(session)
        terminal.await_(best.encoder + " + " + best.language_model, saved)
        film.append(terminal.runs())
        terminal.process.send("\x03\x12")  # C-c C-r
        terminal.await_("*Trimtab ranking*", "interval", *(one.status for one in session.ranking().ranking))
        film.append(terminal.runs())
        terminal.process.send("\x03\x06")  # C-c C-f
        terminal.await_("*Trimtab frontier*", "Frontier of pipeline gpt")
        film.append(terminal.runs())
        (pictures / "emacs.svg").write_text(svg(film, 4))
        terminal.process.send("\x18\x03")  # C-x C-c
        terminal.process.expect(pexpect.EOF)
    finally:
        terminal.process.close(force=True)
    assert terminal.process.exitstatus == 0
