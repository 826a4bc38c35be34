"""The launcher: trials as subprocesses, and what becomes of them when things go wrong.

Nothing here sleeps: a training that is to be met at a known point says through a FIFO that it is there, and stays.
"""

import errno
import json
import multiprocessing
import os
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from multiprocessing.connection import Client
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import trimtab
from conftest import AWAIT_SECONDS
from trimtab import GPU, launcher
from trimtab.answers import NoTrial
from trimtab.launcher import processes
from trimtab.launcher.checkpoints import delete_unneeded
from trimtab.launcher.processes import TrialProcess, end_left_groups, start_time
from trimtab.launcher.reports import PREFIX, Message, Reports
from trimtab.launcher.search import Search, _taken
from trimtab.replace import replace_file
from trimtab.training import ENVIRONMENT

TRAIN = Path(__file__).with_name("launched") / "train.py"
MEMORY = 8 << 30


class Launched:
    """A search of simulated trainings in a folder, and what they say that they did."""

    def __init__(self, folder, binary):
        self.folder, self.control, self.binary = folder, folder / "control", binary
        self.control.mkdir()
        os.mkfifo(self.control / "reached")

    def pool(self, encoders=2, language_models=2, **search):
        return {
            "encoders": [f"e{n}" for n in range(encoders)],
            "language_models": [f"m{n}" for n in range(language_models)],
            "task": {"name": "vqa", "metric": {"name": "accuracy", "direction": "maximize"},
                     "alignment_sample_count": 6400},
            # So that each candidate's first trial has four steps, of which the third is neither the first nor the last.
            "search": {"start_fraction": 1 / 16, **search}}

    def options(self, **changed):
        return {
            "command": [sys.executable, str(TRAIN)], "state": str(self.folder / "state"),
            "gpus": [GPU(str(n), memory_bytes=MEMORY) for n in range(4)], "binary": self.binary, "table": False,
            "environment": {"CONTROL": str(self.control), "PYTHONPATH": str(Path(trimtab.__file__).parents[1])},
            **changed}

    def launch(self, pool=None, **changed):
        return trimtab.launch(pool or self.pool(), **self.options(**changed))

    def want(self, *events):
        for event in events:
            (self.control / event).touch()

    def journal(self):
        path = self.control / "journal"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def trials(self):
        with trimtab.Trimtab(self.binary, state_directory=str(self.folder / "state" / "sessions")) as client:
            session = client.open_session("search")
            return {trial.trial: trial for trial in session.trials().trials}

    def logs(self):
        return "\n".join(f"{path}: {path.read_text()}" for path in self.folder.glob("state/trials/*/log.txt"))

    # As a process of its own, which can be killed.

    def start(self, pool=None, **changed):
        options = self.options(**changed)
        options["gpus"] = [{"id": gpu.id, "memory_bytes": gpu.memory_bytes} for gpu in options["gpus"]]
        program = ("import json, sys, trimtab; pool, options = json.loads(sys.argv[1]);"
                   "options['gpus'] = [trimtab.GPU(**gpu) for gpu in options['gpus']];"
                   "print(trimtab.launch(pool, **options).suggestion.candidate)")
        return subprocess.Popen(
            [sys.executable, "-c", program, json.dumps([pool or self.pool(), options])], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": str(Path(trimtab.__file__).parents[1])})

    def reached(self):
        """Waits until a training has come to the point at which it holds."""
        reached = os.open(self.control / "reached", os.O_RDONLY | os.O_NONBLOCK)
        try:
            poller = select.poll()
            poller.register(reached, select.POLLIN)
            assert poller.poll(AWAIT_SECONDS * 1000), "no training has come so far"
            return json.loads(os.read(reached, 4096))
        finally:
            os.close(reached)


@pytest.fixture
def launched(tmp_path, binary):
    return Launched(tmp_path, binary)


def children(pid):
    """The processes that a process has started and that are there."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if fields[1] == str(pid) and fields[0] not in "ZX":
            found.append(int(path.parent.name))
    return found


def runs(pid, binary):
    try:
        return os.readlink(f"/proc/{pid}/exe") == binary
    except FileNotFoundError:
        return False  # it has just ended


def is_there(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_search_runs_to_its_end(launched):
    report = launched.launch()
    assert report.finished and report.suggestion.candidate == trimtab.Candidate("e0", "m0")
    ran = launched.journal()
    assert all(one["leader"] for one in ran), "each trial leads a session and a process group"
    assert {one["gpus"] for one in ran} == {"0", "1", "2", "3"}
    assert any(one["start"] > 0 for one in ran), "trials go on from checkpoints"
    assert report.cost.gpu_seconds > 0
    trials = launched.trials()
    assert len(trials) == len(ran) == report.cost.trial_count
    assert all(trial.state in ("paused", "stopped", "completed") for trial in trials.values())
    again = launched.launch()
    assert again.suggestion == report.suggestion and len(launched.journal()) == len(ran), "there was nothing left to do"


@pytest.mark.parametrize("event", ["memory", "cuda"])
def test_a_model_that_runs_out_of_memory_leaves_the_search(launched, event):
    launched.want(f"{event}-e0")
    report = launched.launch()
    assert report.suggestion.candidate == trimtab.Candidate("e1", "m0")
    tried = [one for one in launched.journal() if one["encoder"] == "e0"]
    assert 1 <= len(tried) <= 3, "each of its candidates at most once"
    states = {trial.state for trial in launched.trials().values() if trial.candidate.encoder == "e0"}
    assert states == {"outOfMemory"}
    assert {one.closure for one in report.problems if one.candidate.encoder == "e0"} == {"fitsNoDevice"}


def test_a_training_that_crashes_is_given_up_and_its_log_kept(launched):
    launched.want("crash-e0")
    report = launched.launch(launched.pool(failure_limit=2))
    assert report.suggestion.candidate == trimtab.Candidate("e1", "m0")
    assert {one.closure for one in report.problems if one.candidate.encoder == "e0"} == {"failedTooOften"}
    failed = next(number for number, trial in launched.trials().items() if trial.state == "failed")
    log = (launched.folder / "state" / "trials" / f"{failed:06d}" / "log.txt").read_text()
    assert log == "a bug\n"


def test_a_script_that_saves_nothing_is_told_and_does_not_train_for_ever(launched):
    script = "import trimtab; trial = trimtab.trial(steps=64); trial.report(trial.to_step, 0.5)"
    with pytest.raises(trimtab.TrimtabError, match=r"trial \d was to save its checkpoint in .*checkpoint when"):
        launched.launch(command=[sys.executable, "-c", script])
    assert "checkpointGone" not in [trial.state for trial in launched.trials().values()]
    assert launched.launch().finished, "the script is right now"
    assert "checkpointGone" in [trial.state for trial in launched.trials().values()]


def test_a_training_that_is_silent_for_too_long_is_lost_and_begun_again(launched):
    launched.want("quiet-e0", "deaf-e0")
    report = launched.launch(launched.pool(encoders=1, language_models=1), limits={"report": 4.0, "grace": 0.2})
    assert report.finished and report.suggestion.candidate.encoder == "e0"
    assert launched.trials()[1].state == "lost"
    assert not any(is_there(one["pid"]) for one in launched.journal())


def test_a_training_that_does_not_end_after_the_decision_is_killed(launched):
    launched.want("deaf-e0")
    report = launched.launch(launched.pool(encoders=1, language_models=1), limits={"grace": 0.5})
    assert report.finished and report.suggestion.candidate.encoder == "e0"
    assert not any(is_there(one["pid"]) for one in launched.journal())


def test_what_a_trial_has_started_ends_with_it(launched):
    launched.want("child-e0")
    launched.launch(launched.pool(encoders=1, language_models=1))
    started = [one["child"] for one in launched.journal() if "child" in one]
    assert started and not any(map(is_there, started))


def test_checkpoints_that_nothing_needs_are_deleted(launched):
    with pytest.raises(ValueError, match="'needed'"):
        launched.launch(checkpoints="none")
    report = launched.launch(checkpoints="needed")
    assert report.finished and report.suggestion.candidate == trimtab.Candidate("e0", "m0")
    assert any(one["start"] > 0 for one in launched.journal()), "trials go on from checkpoints"
    reported = [one for trial in launched.trials().values() for one in trial.checkpoints]
    assert any(one.needed for one in reported) and not all(one.needed for one in reported)
    assert all(Path(one.checkpoint).exists() == one.needed for one in reported)


@pytest.mark.parametrize(("unneeded", "needed", "goes"), [
    ("000001/checkpoint", "000001/checkpoint/step-2", False),
    ("000001/checkpoint/step-2", "000001/checkpoint", False),
    ("000001/../000002/checkpoint", "000002/checkpoint", False),
    ("000001/link", "000002/checkpoint", False),
    ("000002/checkpoint", "000001/link", False),
    ("000001/holds", "000001/holds/link", False),
    ("000001/checkpoint/step-1", "000001/checkpoint/step-2", True),
    ("000001/../000001/checkpoint", "000002/checkpoint", True),
    ("000001/checkpoint", "000001/checkpoint-2", True),
    ("000001", "000002/checkpoint", False),
    ("../outside", "000002/checkpoint", False),
])
@pytest.mark.parametrize("why", ["needed", "needed by another candidate", "resumed"])
def test_no_checkpoint_goes_along_with_one_that_is_deleted(tmp_path, unneeded, needed, goes, why):
    trials = tmp_path / "trials"
    for name in ("000001/checkpoint/step-1", "000001/checkpoint/step-2", "000001/checkpoint-2", "000001/holds",
                 "000002/checkpoint", "../outside"):
        (trials / name).mkdir(parents=True, exist_ok=True)
    for name in ("000001/link", "000001/holds/link"):
        (trials / name).symlink_to(trials / "000002/checkpoint")
    mine, other = trimtab.Candidate("e0", "m0"), trimtab.Candidate("e1", "m0")
    listed = [trial(mine, trials / unneeded, False),
              trial(other if "another" in why else mine, trials / needed, why != "resumed")]
    session: Any = SimpleNamespace(trials=lambda limit: SimpleNamespace(trials=listed))
    delete_unneeded(session, mine, trials, [str(trials / needed)] if why == "resumed" else [])
    assert (trials / unneeded).exists() != goes
    assert (trials / needed).exists()


def trial(candidate, checkpoint, needed):
    return SimpleNamespace(candidate=candidate, checkpoints=[
        SimpleNamespace(checkpoint=str(checkpoint), needed=needed)])


# Killed


def test_a_launcher_that_is_killed_goes_on(launched, tmp_path):
    """The next one ends the group that was left before it uses its GPU, and loses no trial."""
    launched.want("hold-3", "child-e0", "child-e1")
    first = launched.start()
    held = launched.reached()
    first.kill()
    first.communicate(timeout=AWAIT_SECONDS)
    assert is_there(held["pid"]), "a trial outlives its launcher"
    before = launched.journal()
    report = launched.launch()
    assert report.finished and report.suggestion.candidate == trimtab.Candidate("e0", "m0")
    assert not is_there(held["pid"])
    assert not any(is_there(one["child"]) for one in launched.journal() if "child" in one)
    again = [one for one in launched.journal()[len(before):] if one.get("trial") == held["trial"]]
    assert len(again) == 1, "the trial was given out again"
    assert not {"open", "lost", "failed"} & {trial.state for trial in launched.trials().values()}, launched.logs()


def test_a_search_that_was_killed_chooses_as_one_that_was_not(launched, tmp_path, binary):
    (tmp_path / "other").mkdir()
    other = Launched(tmp_path / "other", binary).launch(gpus=[GPU("0", memory_bytes=MEMORY)])
    for _ in range(2):
        launched.want("hold-3")
        process = launched.start(gpus=[GPU("0", memory_bytes=MEMORY)])
        launched.reached()
        process.kill()
        process.communicate(timeout=AWAIT_SECONDS)
    report = launched.launch(gpus=[GPU("0", memory_bytes=MEMORY)])
    assert report.suggestion.candidate == other.suggestion.candidate
    assert report.cost.trial_count == other.cost.trial_count


def test_a_server_that_is_killed_under_the_launcher_is_started_again(launched):
    launched.want("hold-3")
    launcher = launched.start()
    held = launched.reached()
    [server] = [pid for pid in children(launcher.pid) if runs(pid, launched.binary)]
    os.kill(server, signal.SIGKILL)
    os.kill(held["pid"], signal.SIGKILL)
    output, errors = launcher.communicate(timeout=AWAIT_SECONDS)
    assert launcher.returncode == 0, errors
    assert "exit code -9" in errors and "Candidate(encoder='e0', language_model='m0'" in output
    assert "open" not in {trial.state for trial in launched.trials().values()}


def test_launcher_and_server_killed_at_once(launched):
    launched.want("hold-3")
    launcher = launched.start()
    launched.reached()
    for pid in [*(pid for pid in children(launcher.pid) if runs(pid, launched.binary)), launcher.pid]:
        os.kill(pid, signal.SIGKILL)
    launcher.communicate(timeout=AWAIT_SECONDS)
    assert launched.launch().suggestion.candidate == trimtab.Candidate("e0", "m0")


def test_a_checkpoint_that_was_being_written_is_not_resumed(launched):
    """The trial had its decision, and was saving when everything was killed."""
    launched.want("hold-save")
    launcher = launched.start(gpus=[GPU("0", memory_bytes=MEMORY)])
    held = launched.reached()
    launcher.kill()
    launcher.communicate(timeout=AWAIT_SECONDS)
    report = launched.launch(gpus=[GPU("0", memory_bytes=MEMORY)])
    assert report.finished, "train.py refuses half a checkpoint"
    states = [trial.state for trial in launched.trials().values()]
    assert "failed" not in states
    assert held["trial"] in launched.trials()


def test_an_interrupted_launcher_leaves_no_process(launched):
    launched.want("hold-3")
    launcher = launched.start(limits={"grace": 5.0})
    held = launched.reached()
    launcher.send_signal(signal.SIGINT)
    launcher.communicate(timeout=AWAIT_SECONDS)
    assert launcher.returncode != 0 and not is_there(held["pid"])
    assert not any(is_there(one["pid"]) for one in launched.journal())
    assert launched.launch().finished


@pytest.mark.parametrize("text", [
    "", "{", "[]", "{}", '{"pid": "7", "started": null, "trial": "t"}', '{"pid": 0, "started": null, "trial": "t"}',
    '{"pid": true, "started": null, "trial": "t"}', '{"pid": 7, "started": 1, "trial": "t"}', b"\xff"])
def test_a_damaged_record_of_a_trial_is_named(tmp_path, text):
    """A process number that is none would be that of a whole set of processes, to a signal."""
    trials = tmp_path / "trials"
    (trials / "1").mkdir(parents=True)
    (trials / "2").mkdir()
    left = subprocess.Popen(["sleep", "1000"], start_new_session=True, env={**os.environ, ENVIRONMENT: "t"})
    try:
        (trials / "1" / "process.json").write_text(json.dumps(
            {"pid": left.pid, "started": start_time(left.pid), "trial": "t"}))
        record = trials / "2" / "process.json"
        record.write_bytes(text if isinstance(text, bytes) else text.encode())
        with pytest.raises(trimtab.TrimtabError, match=f"^{re.escape(str(record))}: expected .*; remove the file once"):
            end_left_groups(trials, 0.0)
        # Nothing has been ended or removed.
        assert left.poll() is None and record.exists() and (trials / "1" / "process.json").exists()
        record.unlink()
        assert end_left_groups(trials, 0.0) == [trials / "1"]
        assert left.wait(AWAIT_SECONDS) == -signal.SIGKILL
    finally:
        left.kill()
        left.wait()


def test_two_launchers_do_not_share_a_folder(launched):
    launched.want("hold-3")
    first = launched.start()
    held = launched.reached()
    with pytest.raises(trimtab.LauncherRuns, match=str(first.pid)):
        launched.launch()
    os.kill(held["pid"], signal.SIGKILL)
    first.communicate(timeout=AWAIT_SECONDS)
    assert first.returncode == 0


def test_a_lock_that_a_killed_launcher_left_is_waited_for(tmp_path, monkeypatch):
    """As where a child that it had just forked holds the lock until it runs its program."""
    place = tmp_path / "launcher.lock"
    gone = subprocess.Popen(["true"])
    gone.wait()
    place.write_text(str(gone.pid))
    child = subprocess.Popen(["flock", place, "sh", "-c", "echo held; read -r line"], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE)
    assert child.stdout is not None and child.stdout.readline() == b"held\n"

    def start_time_as_the_child_goes_on(pid):
        assert pid == gone.pid
        child.communicate()

    monkeypatch.setattr(launcher, "start_time", start_time_as_the_child_goes_on)
    with launcher._only_one(tmp_path):
        assert place.read_text() == str(os.getpid())


# Command line and arguments


def test_a_manifest_is_a_whole_search(launched):
    """The example that the command prints, with the simulated training in the place of a real one."""
    command = [sys.executable, "-m", "trimtab", "launch"]
    environment = {**os.environ, **launched.options()["environment"], "TRIMTAB_BINARY": launched.binary}
    example = subprocess.check_output([*command, "--example"], env=environment, text=True)
    names = {"clip": "e0", "siglip": "e1", "qwen": "m0", "phi": "m1"}
    for name, simulated in names.items():
        example = example.replace(f'"{name}"', f'"{simulated}"')
    manifest = launched.folder / "trimtab.toml"
    example = example.replace("# checkpoints", "checkpoints")
    manifest.write_text(example.replace("python train.py", f"{sys.executable} {TRAIN}"))
    launched.want("memory-e1")
    done = subprocess.run([*command, str(manifest)], env=environment, capture_output=True, text=True,
                          timeout=AWAIT_SECONDS)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("suggested: e0 + m0\npredicted score: 0.")
    assert "left the search: e1 + m1 (fitsNoDevice)" in done.stdout
    assert "trial 1 begins: e0 + m0" in done.stderr
    assert (launched.folder / "search" / "trials" / "000001" / "log.txt").exists(), "beside the manifest"


@pytest.mark.parametrize("with_program", [False, True])
def test_a_manifest_that_is_wrong_says_where(launched, with_program):
    """As `trimtab check` does where the program is at hand."""
    manifest = launched.folder / "trimtab.toml"
    environment = {**os.environ, **launched.options()["environment"], "PATH": str(launched.control)}
    environment.pop("TRIMTAB_BINARY", None)
    if with_program:
        environment["TRIMTAB_BINARY"] = launched.binary
    for text, alone, checked in [
            ('comand = "x"', "did you mean 'command'", f"{manifest}:1:1: error: a manifest has no key \"comand\""),
            ("command = ", "Invalid value", f"{manifest}:1:11: error: expected a value"),
            ('command = "x"\nstate = "y"', "does not say 'pool'", f"{manifest}:1:1: error: a manifest with a command")]:
        said = checked if with_program else alone
        manifest.write_text(text)
        done = subprocess.run([sys.executable, "-m", "trimtab", "launch", str(manifest)], env=environment,
                              capture_output=True, text=True)
        assert done.returncode == 2 and said in done.stderr


@pytest.mark.parametrize(("changed", "visible", "status", "said"), [
    ({"gpus": 4}, "0,1", 2, "4 GPUs wanted, but CUDA_VISIBLE_DEVICES names 2"),
    ({"state": "taken"}, "0,1", 1, "Not a directory"),
])
def test_a_launch_that_fails_says_why_in_a_line(launched, changed, visible, status, said):
    (launched.folder / "taken").touch()
    manifest = launched.folder / "search.json"
    manifest.write_text(json.dumps({"pool": launched.pool(), "command": "true", "state": "state", **changed}))
    done = subprocess.run(
        [sys.executable, "-m", "trimtab", "launch", str(manifest)], capture_output=True, text=True, timeout=60,
        env={**os.environ, **launched.options()["environment"], "TRIMTAB_BINARY": launched.binary,
             "CUDA_VISIBLE_DEVICES": visible})
    assert done.returncode == status
    assert done.stderr.startswith("trimtab: ") and said in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("command", [None, 3, b"true", {"true": 1}, ["true", 3], [None]])
def test_what_is_no_command_is_named(launched, command):
    with pytest.raises(TypeError, match="command: expected a line such as"):
        launched.launch(command=command)
    assert not (launched.folder / "state").exists()


@pytest.mark.parametrize(("command", "said"), [
    ("", "names no program"), ("   ", "names no program"), ([], "names no program"), ([""], "names no program"),
    (["  ", "x"], "names no program"), ("python 'train.py", "No closing quotation"), ("python \\", "No escaped"),
    ("python a\0b", "NUL"), (["python", "\0"], "NUL"),
])
def test_a_command_that_names_no_program_is_refused(launched, command, said):
    with pytest.raises(ValueError, match=f"command: expected .*{said}"):
        launched.launch(command=command)
    assert not (launched.folder / "state").exists()


def test_a_program_that_is_not_there_is_refused_before_the_first_trial(launched):
    for command in ("no-such-program-anywhere train.py", [str(launched.folder / "train")], [str(launched.folder)]):
        with pytest.raises(FileNotFoundError, match="command: expected a program that can be started, found '"):
            launched.launch(command=command)
    assert not (launched.folder / "state").exists()
    with pytest.raises(TypeError, match="pool: expected a mapping"):
        trimtab.launch(None, **launched.options())  # type: ignore[arg-type]


@pytest.mark.parametrize(("command", "said"), [
    ("no-such-program-anywhere", "found 'no-such-program-anywhere'"),
    ("sh -c 'echo no GPU here; exit 3'", "/trials/"),
    ("{encoder}", "/trials/"),  # known only when a trial begins
])
def test_a_search_in_which_nothing_ran_fails_with_the_place_of_the_log(launched, command, said):
    manifest = launched.folder / "search.json"
    manifest.write_text(json.dumps({"pool": launched.pool(1, 1), "command": command, "state": "state"}))
    done = subprocess.run(
        [sys.executable, "-m", "trimtab", "launch", str(manifest)], capture_output=True, text=True, timeout=60,
        env={**os.environ, **launched.options()["environment"], "TRIMTAB_BINARY": launched.binary})
    assert done.returncode == 1 and said in done.stderr and "Traceback" not in done.stderr
    if "/trials/" in said:
        log = max((launched.folder / "state" / "trials").glob("*/log.txt"))
        assert f"the log of the last trial is {log}: {log.read_text().splitlines()[-1]}" in done.stderr


@pytest.mark.parametrize("made", [False, True], ids=["missing", "no program"])
def test_a_binary_that_is_not_there_is_named_with_its_variable(launched, monkeypatch, made):
    path = launched.folder / "binary"
    if made:
        path.touch(0o644)
    manifest = launched.folder / "search.json"
    manifest.write_text(json.dumps({"pool": launched.pool(), "command": "true", "state": "state"}))
    monkeypatch.setenv("TRIMTAB_BINARY", str(path))
    with pytest.raises(OSError, match=f"TRIMTAB_BINARY={path}: expected the path of the trimtab program"):
        trimtab.Trimtab()
    for arguments in (["launch", str(manifest)], ["check"]):
        done = subprocess.run([sys.executable, "-m", "trimtab", *arguments], capture_output=True, text=True, timeout=60,
                              env={**os.environ, **launched.options()["environment"], "TRIMTAB_BINARY": str(path)})
        assert done.returncode != 0 and f"TRIMTAB_BINARY={path}" in done.stderr and "Traceback" not in done.stderr


def test_a_search_waits_no_longer_than_the_server_says():
    """Also where another slot waits for a checkpoint, which may take longer."""
    later = NoTrial(reason="allInFlight", finished=False, retry_after_seconds=2.0)
    for answers in ([later, None], [None, later]):
        search: Any = SimpleNamespace(running={}, slots=[0, 1], _ask=answers.__getitem__)
        assert Search._fill(search) == 2.0


def test_a_file_is_replaced_as_a_whole_and_on_disk_before_and_after_it_has_its_name(tmp_path, monkeypatch):
    path, kept = tmp_path / "gpu-seconds", []

    def note(descriptor):
        kept.append((os.readlink(f"/proc/self/fd/{descriptor}"), path.read_text()))
        if fails:
            raise OSError(errno.EIO, "the disk is gone")

    path.write_text("1.0")
    monkeypatch.setattr(os, "fsync", note)
    fails = True
    with pytest.raises(OSError):
        replace_file(path, "2.0")
    assert path.read_text() == "1.0"
    fails = False
    kept.clear()
    replace_file(path, "3.0")
    assert kept == [(str(tmp_path / ".gpu-seconds.new"), "1.0"), (str(tmp_path), "3.0")]
    assert [one.name for one in tmp_path.iterdir()] == ["gpu-seconds"]
    kept.clear()
    replace_file(path, "4.0", durable=False)
    assert path.read_text() == "4.0" and not kept
    path.write_text("")
    assert _taken(tmp_path) == 0.0


def test_no_signal_goes_to_a_number_that_may_be_another_groups(tmp_path, monkeypatch):
    trial = TrialProcess(["true"], {**os.environ, "TRIMTAB_TRIAL": "7"}, tmp_path)
    assert trial.wait() == 0
    sent: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "killpg", lambda *arguments: sent.append(arguments))
    monkeypatch.setattr(processes, "_members", lambda pid, _: [os.getpid()] if not sent else [])
    monkeypatch.setattr(processes, "_ended", lambda *_: True)
    trial.signal(signal.SIGTERM)
    trial.end(0.0)
    assert not sent


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_launcher_that_is_terminated_ends_its_trials(launched, number):
    """SIGHUP comes from a terminal that is closed."""
    launched.want("hold-3")
    manifest = launched.folder / "search.json"
    options = launched.options()
    manifest.write_text(json.dumps({
        "pool": launched.pool(), "command": options["command"], "state": "state", "gpus": 2, "limits": {"grace": 5.0}}))
    launcher = subprocess.Popen(
        [sys.executable, "-m", "trimtab", "launch", str(manifest)], stderr=subprocess.PIPE, text=True,
        env={**os.environ, **options["environment"], "TRIMTAB_BINARY": launched.binary})
    held = launched.reached()
    launcher.send_signal(number)
    _, errors = launcher.communicate(timeout=AWAIT_SECONDS)
    assert launcher.returncode == 130 and "run it again to go on" in errors
    assert not is_there(held["pid"])


@pytest.mark.parametrize("errors", ["2>&-", "2>/dev/full"])
def test_a_search_goes_on_where_nobody_reads_its_lines(launched, errors):
    manifest = launched.folder / "search.json"
    options = launched.options()
    manifest.write_text(json.dumps({
        "pool": launched.pool(encoders=1, language_models=1), "command": options["command"], "state": "state"}))
    done = subprocess.run(
        ["/bin/sh", "-c", f'exec "$@" {errors}', "sh", sys.executable, "-m", "trimtab", "launch", str(manifest)],
        env={**os.environ, **options["environment"], "TRIMTAB_BINARY": launched.binary}, stdout=subprocess.PIPE,
        text=True, timeout=AWAIT_SECONDS)
    assert done.returncode == 0 and done.stdout.startswith("suggested: e0 + m0\n"), done.stdout


def test_what_is_misspelt_is_named(launched):
    with pytest.raises(ValueError, match="did you mean 'grace'"):
        launched.launch(limits={"graze": 1})
    with pytest.raises(ValueError, match="did you mean 'encoders'"):
        launched.launch({"encoder": []})


@pytest.mark.parametrize(("changed", "said"), [
    ({"pool": {"encoders": "clip"}}, "encoders: expected a list of models, found 'clip'"),
    ({"pool": {"search": "race"}}, "search: expected a mapping of settings, found 'race'"),
    ({"pool": {"search": {"gpus_per_trial": 0}}}, "gpus_per_trial: expected a number of GPUs, at least 1, found 0"),
    ({"limits": {"grace": "60"}}, "limits: expected grace in seconds, found '60'"),
    ({"limits": {"report": -1.0}}, "limits: expected report to be more than 0 s, found -1.0")])
def test_what_is_no_search_is_refused_before_it_begins(launched, changed, said):
    pool = {**launched.pool(), **changed.get("pool", {})}
    with pytest.raises((TypeError, ValueError), match=said):
        launched.launch(pool, limits=changed.get("limits"))
    assert not (launched.folder / "state").exists()


def test_a_script_that_no_launcher_started_says_so(monkeypatch):
    monkeypatch.delenv("TRIMTAB_TRIAL", raising=False)
    with pytest.raises(trimtab.NoLauncher, match="python -m trimtab launch"):
        trimtab.trial()


# Reports


def test_strangers_and_stuck_processes_hold_up_no_report(tmp_path):
    """One that does not know the key is refused; one that stops in the handshake keeps no other waiting."""
    reports = Reports(tmp_path / "socket")
    try:
        stuck = socket.socket(socket.AF_UNIX)
        stuck.connect(reports.address)
        with pytest.raises((multiprocessing.AuthenticationError, OSError, EOFError)):
            Client(reports.address, authkey=b"not the key")
        trial = Client(reports.address, authkey=reports.key)
        trial.send_bytes(json.dumps({"trial": 7, "began": True}).encode())
        message = reports.events.get(timeout=AWAIT_SECONDS)
        assert isinstance(message, Message)
        assert (message.trial, message.fields) == (7, {"began": True})
        message.answer({"decision": "continue"})
        assert json.loads(trial.recv_bytes()) == {"decision": "continue"}
    finally:
        reports.close()
        stuck.close()
    assert not Path(reports.address).exists()
    # One that accepts would take the next launcher's trials, by the number of a closed descriptor.
    assert not serving_threads()


def serving_threads():
    return [thread.name for thread in threading.enumerate() if thread.name in ("trimtab reports", "trimtab trial")]


@pytest.mark.parametrize("taken", [True, False])
def test_a_trial_whose_report_is_never_answered_meets_a_launcher_that_has_ended(tmp_path, taken):
    """Also where the launcher has taken its report, and ends by an error of it."""
    before = len(os.listdir("/proc/self/fd"))
    reports = Reports(tmp_path / "socket")
    asking, idle = Client(reports.address, authkey=reports.key), Client(reports.address, authkey=reports.key)
    asking.send_bytes(json.dumps({"trial": 7, "began": True}).encode())
    message = reports.events.get(timeout=AWAIT_SECONDS)
    if not taken:
        reports.events.put(message)
    reports.close()
    for trial in (asking, idle):
        assert trial.poll(AWAIT_SECONDS)
        with pytest.raises((EOFError, ConnectionResetError)):
            trial.recv_bytes()
        trial.close()
    assert not serving_threads()
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_launcher_without_descriptors_waits_for_some(tmp_path):
    """A connection that cannot be accepted stays in the queue: to ask for it again at once would be for ever."""
    reports: Any = Reports(tmp_path / "socket")
    pauses: list[float] = []
    reports.close()
    reports._over = threading.Event()

    def accept():
        if len(pauses) == 3:
            reports._over.set()
        raise OSError(errno.EMFILE, "Too many open files")

    reports._socket = SimpleNamespace(accept=accept)
    reports._over.wait = pauses.append
    reports._accept()
    assert pauses == [0.05] * 4


def test_a_search_that_cannot_begin_leaves_nothing(tmp_path, monkeypatch):
    def suggestion():
        raise trimtab.ServerExited(1, ())

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "trials").mkdir()
    session: Any = SimpleNamespace(suggestion=suggestion)
    place: Any = SimpleNamespace(slots=[], address=None)
    with pytest.raises(trimtab.ServerExited):
        Search(session, place, folder=tmp_path / "trials", limits=launcher.Limits(), steps=None, settings={},
               checkpoints="all", changed=lambda _: None)
    with pytest.raises(OSError):
        Reports(tmp_path / "socket", "192.0.2.1")
    assert not serving_threads()
    assert not list(tmp_path.glob(f"{PREFIX}*"))


def test_what_a_killed_launcher_left_in_the_temporary_folder_is_removed(tmp_path):
    left = tempfile.mkdtemp(prefix=PREFIX)
    (tmp_path / "socket").write_text(left)
    reports = Reports(tmp_path / "socket")
    assert not Path(left).exists() and Path(reports.address).exists()
    reports.close()
