"""Manifests through the command line: their syntax against Python's readers, their problems as a person reads them."""

import dataclasses
import json
import re
import shlex
import subprocess

import jsonschema
import pytest
import tomllib
from conftest import FIXTURES, REPOSITORY
from manifests.agreement import compare
from trimtab.answers import GPU, Metric, ModelPart, SelectionTask
from trimtab.launcher import Limits
from trimtab.launcher import manifest as launcher
from trimtab.launcher.options import POOL_FIELDS, pool_params

POOL = """\
[pool]
encoders = ["clip", { id = "siglip", parameter_count = 400_000_000 }]
language_models = ["qwen"]

[pool.task]
name = "vqa"
alignment_sample_count = 558_000
metric = { name = "accuracy", direction = "maximize" }
"""
JOB = f"""\
[pipeline]
stages = 4
microbatches = 8
schedule = "1f1b"
blocking_power_watts = 80.0
switch_latency_seconds = 0.0

[profile]
csv_path = "{FIXTURES / 'modelled-a100-4stage.csv'}"
"""


def run(binary, *arguments, **options):
    return subprocess.run([binary, *map(str, arguments)], capture_output=True, text=True, timeout=120, check=False,
                          stdin=subprocess.DEVNULL, **options)


@pytest.fixture
def manifest(tmp_path):
    def write(text, name="trimtab.toml"):
        path = tmp_path / name
        path.write_text(text)
        return path
    return write


@pytest.mark.parametrize("language", ["toml", "json"])
def test_trees_are_what_python_reads(binary, language):
    result = compare(binary, range(4000), language)
    assert not result.faults, result.faults[:3]
    assert result.accepted > 800 and result.placed > 80


def test_a_good_manifest_has_no_problems(binary, manifest, tmp_path):
    path = manifest(POOL + JOB)
    checked = run(binary, "check", path)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, f"{path}: no problems\n", "")
    assert run(binary, "check", cwd=tmp_path).stdout == "trimtab.toml: no problems\n"


def test_problems_have_line_column_and_remedy(binary, manifest):
    path = manifest("# é\ncomand = \"é\"\n" + POOL.replace("maximize", "maximise") + "[serch]\n")
    checked = run(binary, "check", path)
    assert checked.returncode == 1
    assert checked.stdout == f"""\
{path}:2:1: error: a manifest has no key "comand"
    did you mean command?
{path}:10:43: error: pool.task.metric.direction: expected one of "maximize", "minimize", found "maximise"
    did you mean "maximize"?
{path}:11:2: error: a manifest has no key "serch"
    did you mean search?
{path}: 3 errors, 0 warnings
"""


def test_problems_as_json_have_fixes_that_mend_them(binary, manifest):
    path = manifest(JOB.replace("switch_latency_seconds = 0.0\n", "") + "[objective]\ndeadline_seconds = 0.001\n")
    data = path.read_bytes()
    report = json.loads(run(binary, "check", "--json", path).stdout)
    problems = report[0]["problems"]
    assert [(one["code"], one["severity"]) for one in problems] == [
        ("switchLatencyUnset", "warning"), ("deadlineBelowFastest", "error")]
    for problem in reversed(problems):
        for edit in problem["fix"]["edits"]:
            start, end = (edit["range"][side]["offset"] for side in ("start", "end"))
            data = data[:start] + edit["text"].encode() + data[end:]
    path.write_bytes(data)
    assert run(binary, "check", path).stdout == f"{path}: no problems\n"


@pytest.mark.parametrize("name", ["trimtab.json", "trimtab.toml"])
def test_many_problems_on_one_long_line_are_placed_in_linear_time(binary, manifest, name):
    """With a search of the line for each place this takes minutes, and `run` waits for two."""
    count, blank = 60_000, " " * 4_000_000
    keys = [f"kéy{number:06}" for number in range(count)]
    if name.endswith("json"):
        text = "{" + blank + ", ".join(f'"{key}": 1' for key in keys) + "}"
    else:
        text = "limits = {" + blank + ", ".join(f'"{key}" = 1' for key in keys) + " }"
    path = manifest(text, name)
    checked = run(binary, "check", path)
    lines = checked.stdout.splitlines()[:-1:2]
    assert len(lines) == count
    first, step = text.index(f'"{keys[0]}"') + 1, len(keys[0]) + len('""') + len(": 1, ")
    step += not name.endswith("json")
    for number, (key, line) in enumerate(zip(keys, lines)):
        assert line.startswith(f"{path}:1:{first + number * step}: error: ") and key in line, line


def test_both_manifests_in_one_folder_are_refused(binary, manifest):
    path, other = manifest(POOL), manifest("{}", "trimtab.json")
    for one, another in [(path, other), (other, path)]:
        checked = run(binary, "check", one)
        assert checked.returncode == 2
        assert f"found {another.name}, too; remove one" in checked.stderr
    other.unlink()
    assert run(binary, "check", path).returncode == 0


def test_what_cannot_be_read_is_said(binary, tmp_path, manifest):
    assert run(binary, "check", tmp_path / "none.toml").returncode == 2
    assert run(binary, "check", "--syntax", tmp_path / "none.toml").returncode == 2
    assert "trimtab init" in run(binary, "check", cwd=tmp_path).stderr
    path = manifest("")
    path.write_bytes(b'name = "\xff"\n')
    checked = run(binary, "check", path)
    assert checked.returncode == 1 and f"{path}:1:9: error: expected UTF-8, found the byte 0xFF" in checked.stdout
    path.write_text(JOB.replace("modelled-a100-4stage", "nowhere"))
    checked = run(binary, "check", path)
    assert checked.returncode == 1 and f"{path}:9:12: error: profile.csv_path:" in checked.stdout
    assert run(binary, "check", "--no-files", path).returncode == 0


# Commands that take a manifest


def test_frontier_takes_a_manifest_and_options_override_it(binary, manifest):
    path = manifest(JOB.replace("schedule = ", "transfer_seconds = 0.001\nschedule = ") + "[frontier]\nplan_count = 3\n"
                    '[objective]\nobjective = "cheapest"\n')
    options = ["--stages", 4, "--microbatches", 8, "--blocking-power", 80, "--switch-latency", 0, "--transfer", 0.001,
               "--plans", 3, "--effort", "quick", "--json"]
    by_options = run(binary, "frontier", FIXTURES / "modelled-a100-4stage.csv", *options)
    by_manifest = run(binary, "frontier", path, "--effort", "quick", "--json")
    assert by_manifest.returncode == 0, by_manifest.stderr
    assert json.loads(by_manifest.stdout) == json.loads(by_options.stdout)
    changed = run(binary, "frontier", path, "--effort", "quick", "--microbatches", 4, "--schedule", "gpipe",
                  "--deadline", 9)
    assert changed.returncode == 0 and "4 stages x 4 microbatches, gpipe" in changed.stdout


def test_select_takes_a_manifest(binary, manifest, tmp_path):
    pool = {"encoders": [{"id": "clip"}, {"id": "siglip"}], "languageModels": [{"id": "qwen"}],
            "task": {"name": "vqa", "alignmentSampleCount": 1000,
                     "metric": {"name": "loss", "direction": "minimize"}}, "search": {"strategy": "random", "seed": 3}}
    (tmp_path / "pool.json").write_text(json.dumps(pool))
    path = manifest(POOL.replace("558_000", "1000").replace("maximize", "minimize").replace("accuracy", "loss")
                    .replace(", parameter_count = 400_000_000", "") + '[search]\nstrategy = "grid"\nseed = 3\n')
    curves = tmp_path / "curves.csv"
    curves.write_text("encoder,languageModel,fraction,errorFraction,costSeconds\n" + "".join(
        f"{encoder},qwen,{fraction},{error / fraction ** 0.1},{fraction * 100}\n"
        for encoder, error in [("clip", 0.4), ("siglip", 0.3)] for fraction in (0.03, 0.125, 0.25, 0.5, 1)))
    by_pool = run(binary, "select", tmp_path / "pool.json", "--curves", curves, "--json")
    by_manifest = run(binary, "select", path, "--curves", curves, "--json", "--strategy", "random")
    assert by_manifest.returncode == 0, by_manifest.stderr
    assert json.loads(by_manifest.stdout) == json.loads(by_pool.stdout)


def test_commands_name_what_is_wrong_with_a_manifest(binary, manifest):
    path = manifest(POOL + "[pipelin]\n")
    for command in (["frontier", path], ["select", path, "--curves", "none.csv"]):
        refused = run(binary, *command)
        assert refused.returncode in (65, 66)
    assert f'{path}:9:2: error: a manifest has no key "pipelin"' in run(binary, "frontier", path).stderr
    path.write_text(POOL)
    assert "expected a table [pipeline], found none" in run(binary, "frontier", path).stderr
    path.write_text(JOB)
    curves = path.with_name("curves.csv")
    curves.write_text("encoder,languageModel,fraction,errorFraction,costSeconds\na,b,1,0.3,1\n")
    assert "expected a table [pool], found none" in run(binary, "select", path, "--curves", curves).stderr


# trimtab init

MEGATRON = """\
#!/bin/bash
GPUS_PER_NODE=8
NNODES=${NNODES:-4}
TP=2   # tensor parallel
MODEL_ARGS=(
    --num-layers 32   # of the decoder
)
torchrun --nproc_per_node $GPUS_PER_NODE --nnodes=$NNODES pretrain_gpt.py \\
    --tensor-model-parallel-size ${TP} --pipeline-model-parallel-size 4 \\
    --num-layers-per-virtual-pipeline-stage 4 \\
    --micro-batch-size 1 --global-batch-size $((64*2)) "${MODEL_ARGS[@]}"
"""
TORCHTITAN = """\
[training]
local_batch_size = 16
[parallelism]
data_parallel_shard_degree = 4
tensor_parallel_degree = 8
pipeline_parallel_degree = 4
pipeline_parallel_microbatch_size = 2
pipeline_parallel_schedule = "Interleaved1F1B"
"""


def made(binary, folder, *arguments):
    done = run(binary, "init", *arguments, cwd=folder)
    assert done.returncode == 0, done.stderr
    return tomllib.loads((folder / "trimtab.toml").read_text()), done.stdout


def test_init_writes_what_check_accepts(binary, tmp_path):
    written, said = made(binary, tmp_path)
    assert said == "wrote trimtab.toml\n" and written["pool"]["task"]["alignment_sample_count"] == 558_000
    assert run(binary, "check", "--no-files", cwd=tmp_path).stdout == "trimtab.toml: no problems\n"
    again = run(binary, "init", cwd=tmp_path)
    assert again.returncode == 73 and "--force" in again.stderr
    assert run(binary, "init", "--force", cwd=tmp_path).returncode == 0


@pytest.mark.parametrize(("arguments", "said"), [
    (["--slowdown", "-1"], "objective.slowdown_fraction: expected a number in 0...1e+30, found -1"),
    (["--slowdown", "much"], 'found "much"'), (["--stages", "0"], "pipeline.stages"),
    (["--schedule", "2f2b"], "pipeline.schedule"), (["--command", "python 'train.py"], "close the quote"),
    (["--command", ""], "command"), (["--encoders", ","], "expected names joined by commas"),
    (["--deadline", "3", "--slowdown", "0.1"], "found deadline_seconds and slowdown_fraction; leave out all but one"),
])
@pytest.mark.parametrize("name", ["trimtab.toml", "trimtab.json"])
def test_init_refuses_what_its_own_check_would_and_writes_nothing(binary, tmp_path, arguments, said, name):
    done = run(binary, "init", name, *arguments, cwd=tmp_path)
    assert done.returncode == 64 and said in done.stderr and arguments[0] in done.stderr
    assert not list(tmp_path.iterdir())


def test_several_objectives_are_all_named(binary, manifest):
    path = manifest(JOB + "[objective]\nslowdown_fraction = 0.1\npeak_power_watts = 3.0\n")
    for command in ("check", "frontier"):
        done = run(binary, command, path)
        said = "found slowdown_fraction and peak_power_watts\n    leave out all but one"
        assert done.returncode != 0 and said in done.stdout + done.stderr


# What `shlex.split` refuses or makes no program of, and what no argument can hold.
COMMANDS = ["python 'train.py", 'python "train.py', "python train.py \\", "   ", "\t\n", "python \0", '"a\\"',
            ["python", "a\0b"]]


@pytest.mark.parametrize("command", [*COMMANDS, "python 'a b' \"c\" d\\ e", "a'b\"c'", ["python", "'"], "''x", 'a"\\"'])
def test_a_command_that_cannot_run_is_a_problem(binary, manifest, command):
    def is_right():
        words = shlex.split(command) if isinstance(command, str) else command
        return bool(words) and not any("\0" in word for word in words)

    try:
        right = is_right()
    except ValueError:
        right = False
    path = manifest(f'command = {json.dumps(command)}\nstate = "s"\n{POOL}')
    done = run(binary, "check", "--no-files", path)
    assert done.returncode == (0 if right else 1), done.stdout
    assert right or ":1:11: error: command: expected " in done.stdout
    assert command not in COMMANDS or not right


@pytest.mark.parametrize("text", [r'A = "a\u0000"', '"A=B" = "c"', '"" = "c"'])
def test_variables_that_no_process_can_have_are_problems(binary, manifest, text):
    path = manifest(f'command = "true"\nstate = "s"\n{POOL}[environment]\n{text}\n')
    assert "error: environment" in run(binary, "check", "--no-files", path).stdout


def test_init_reads_a_profile(binary, tmp_path):
    profile = FIXTURES / "modelled-a100-4stage.csv"
    written, said = made(binary, tmp_path, "--profile", profile, "--microbatches", 8, "--blocking-power", 80,
                         "--switch-latency", 0.01)
    assert said == "wrote trimtab.toml\n"
    assert written["pipeline"]["stages"] == 4 and written["profile"] == {"csv_path": str(profile)}
    assert run(binary, "frontier", "trimtab.toml", "--effort", "quick", cwd=tmp_path).returncode == 0


def test_init_reads_megatron(binary, tmp_path):
    (tmp_path / "train.sh").write_text(MEGATRON)
    written, said = made(binary, tmp_path, "--megatron", "train.sh", "--blocking-power", 80)
    assert written["pipeline"] == {
        "stages": 8, "schedule": "interleaved1f1b", "chunks_per_rank": 2, "tensor_parallel_width": 2,
        "data_parallel_width": 4, "microbatches": 32, "blocking_power_watts": 80}
    assert said == "wrote trimtab.toml\n"
    (tmp_path / "train.sh").write_text("--pipeline-model-parallel-size 2 --pipeline-model-parallel-layout 'Et|t|t|tL'")
    written, said = made(binary, tmp_path, "--megatron", "train.sh", "--blocking-power", 80, "--force")
    assert written["pipeline"]["stages"] == 4 and written["pipeline"]["layout"] == "Et|t|t|tL"
    assert "not known: how many GPUs" in said and "not known: how many microbatches" in said


def test_init_reads_torchtitan(binary, tmp_path):
    (tmp_path / "job.toml").write_text(TORCHTITAN)
    written, said = made(binary, tmp_path, "--torchtitan", "job.toml", "--blocking-power", 80)
    assert written["pipeline"] == {
        "stages": 8, "schedule": "interleaved1f1b", "chunks_per_rank": 2, "microbatches": 8, "tensor_parallel_width": 8,
        "data_parallel_width": 4, "blocking_power_watts": 80}
    assert said == "wrote trimtab.toml\n"
    written, said = made(binary, tmp_path, "--torchtitan", "job.toml", "--force")
    assert "pipeline lacks blocking_power_watts" in said


def test_init_writes_json_where_the_name_ends_so(binary, tmp_path):
    done = run(binary, "init", "trimtab.json", "--encoders", "a,b", "--language-models", "c", "--samples", 1000,
               cwd=tmp_path)
    assert done.stdout == "wrote trimtab.json\n", done
    assert json.loads((tmp_path / "trimtab.json").read_text())["pool"]["encoders"] == ["a", "b"]


# The launcher and the schema


def test_the_example_of_the_page_has_no_problems(binary, manifest):
    page = (REPOSITORY / "protocol-spec" / "manifest.md").read_text()
    path = manifest(page.partition("```toml\n")[2].partition("```")[0])
    assert run(binary, "check", "--no-files", path).stdout == f"{path}: no problems\n"


@pytest.fixture(scope="module")
def schema():
    return json.loads((REPOSITORY / "protocol-spec" / "manifest.schema.json").read_text())


def test_the_launcher_knows_the_keys_of_the_schema(schema):
    def keys(name):
        return set(schema["$defs"][name]["properties"])

    def names(kind):
        return {field.name for field in dataclasses.fields(kind)}

    assert keys("Manifest") == {*launcher.FIELDS, *launcher.OTHERS}
    assert keys("ManifestPool") == set(POOL_FIELDS)
    assert keys("PoolComponentEntry") == names(ModelPart)
    assert keys("SelectionTaskEntry") == names(SelectionTask)
    assert keys("MetricEntry") == names(Metric)
    assert keys("GPURegisterEntry") == names(GPU)
    assert keys("ManifestLimits") == names(Limits)


def test_the_schema_accepts_what_check_does(binary, manifest, schema):
    """But for keys in camel case, of which `check` warns."""
    validator = jsonschema.Draft202012Validator(schema)
    for text in GOOD:
        is_snake = not re.search("[a-z][A-Z][a-z]+ =", text)
        assert validator.is_valid(tomllib.loads(text)) == is_snake, text
    for text in BAD:
        if text.count("[pool]") < 2 and "name = \n" not in text:
            assert not validator.is_valid(tomllib.loads(text)), text


GOOD = ["", POOL, JOB, POOL + JOB, 'name = "x"\ngpus = "all"\n' + POOL, 'gpus = ["0", { id = "1" }]\n',
        "gpus = [0, 1]\n", 'environment = { aB = "c" }\n', POOL + "[search]\nbudget = { gridFraction = 0.5 }\n",
        POOL.replace("parameter_count", "parameterCount"), "[limits]\ngrace = 5\n"]
BAD = ["nam = 1\n", "[pool]\nencoder = []\n", POOL.replace("parameter_count", "parameter_cout"),
       "[limits]\ngraze = 5\n", 'gpus = [{ name = "1" }]\n', "name = \n", POOL + POOL, "environment = 3\n",
       POOL + "[serch]\n"]


@pytest.mark.parametrize("text", GOOD)
def test_what_check_accepts_the_launcher_reads(binary, manifest, monkeypatch, text):
    text = 'command = "python train.py"\nstate = "s"\n' + (text if "[pool]" in text else text + POOL)
    path = manifest(text)
    assert run(binary, "check", "--no-files", path).returncode == 0
    for program in (binary, None):
        monkeypatch.delenv("TRIMTAB_BINARY", raising=False)
        if program:
            monkeypatch.setenv("TRIMTAB_BINARY", program)
        given = launcher.load(path)
        assert pool_params(given["pool"])["encoders"][1].parameter_count == 400_000_000
        assert tomllib.loads(text).get("name", "search") == given.get("name", "search")


@pytest.mark.parametrize("text", BAD)
def test_what_check_refuses_the_launcher_refuses(binary, manifest, monkeypatch, text):
    path = manifest('command = "python train.py"\nstate = "s"\n' + (text if "[pool]" in text else text + POOL))
    checked = run(binary, "check", "--no-files", path)
    assert checked.returncode == 1
    monkeypatch.setenv("TRIMTAB_BINARY", binary)
    with pytest.raises(ValueError) as refused:
        launcher.load(path)
    assert str(refused.value) == checked.stdout.rstrip()
