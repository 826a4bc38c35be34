"""The generated types compile, refuse what is wrong, and show their documentation in an editor."""

import json
import shutil
import subprocess
import sys

import pytest
from conftest import REPOSITORY

SPECIFICATION = REPOSITORY / "protocol-spec"
LANGUAGES = REPOSITORY / "Tests" / "ProcessTests" / "languages"
MODEL = json.loads((SPECIFICATION / "model.json").read_text())

RUST = """
#[path = "%s"]
mod trimtab;
use trimtab::*;

fn name<R: Request>(_: &R::Params) -> &'static str { R::METHOD }

fn main() {
    let params = FrontierQueryParams {
        session: "s".into(), pipeline: "p".into(), deadline_seconds: Some(1.5), slowdown_fraction: None,
        straggler_time_seconds: None, energy_budget_joules: None, average_power_watts: None,
        average_device_power_watts: None, peak_power_watts: None,
        objective: Some(FrontierQueryParamsObjective::Cheapest), miss_fraction: None, resampling: None,
    };
    assert_eq!(name::<FrontierQuery>(&params), "frontier/query");
    assert_eq!(params.objective.unwrap().as_str(), "cheapest");
    assert_eq!(codes::UNKNOWN_SESSION, 1000);
    assert!(FrontierChanged::FROM_SERVER && !CancelRequest::FROM_SERVER);
    println!("{}", InitializeParams::default() == InitializeParams { ..Default::default() });
}
"""

PYTHON = """
from trimtab.messages import FrontierQueryParams, FrontierQueryAnswer

params: FrontierQueryParams = {"session": "s", "pipeline": "p", "objective": "cheapest", "deadlineSeconds": None}

def energy(answer: FrontierQueryAnswer) -> float:
    return answer["plan"]["energyJoules"]
"""


def tool(name, package):
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"no {name}: install {package}")
    return path


def typescript(*arguments):
    return subprocess.run(
        [tool("tsc", "node-typescript"), "--noEmit", "--strict", "--target", "es2020", *map(str, arguments)],
        capture_output=True, text=True, check=False)


def test_typescript_accepts_what_is_right_and_refuses_the_rest(tmp_path):
    good = typescript(LANGUAGES / "client.ts")
    assert good.returncode == 0, good.stdout
    text = (LANGUAGES / "client.ts").read_text()
    text = text.replace("../../../protocol-spec/trimtab", str(SPECIFICATION / "trimtab"))
    marks = text.count("// @ts-expect-error")
    (tmp_path / "client.ts").write_text(text.replace("// @ts-expect-error", "//"))
    bad = typescript(tmp_path / "client.ts")
    assert bad.returncode != 0 and bad.stdout.count("error TS") == marks, bad.stdout


def test_an_editor_shows_the_documentation():
    places = ["answer.plan.energyJoules", "message.params.pipeline"]
    tool("tsc", "node-typescript")
    shown = subprocess.run(
        ["node", LANGUAGES / "hover.js", "/usr/share/nodejs/typescript", LANGUAGES / "client.ts", *places],
        capture_output=True, text=True, check=True)
    energy, pipeline = map(json.loads, shown.stdout.splitlines())
    method = next(one for one in MODEL["methods"] if one["method"] == "frontier/query")
    plan = next(field for field in method["answer"] if field["name"] == "plan")
    field = next(field for field in plan["fields"] if field["name"] == "energyJoules")
    assert energy["type"] == "(property) PlanSummary.energyJoules: number"
    assert field["doc"] in energy["doc"] and "Unit: J." in energy["doc"]
    assert "pipeline" in pipeline["type"] and pipeline["doc"]


def test_rust_compiles_and_runs(tmp_path):
    source = tmp_path / "main.rs"
    source.write_text(RUST % (SPECIFICATION / "trimtab.rs"))
    command = [tool("rustc", "rustc"), "--edition", "2021", "-A", "dead_code", "-D", "warnings", "-o",
               tmp_path / "main", source]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    assert subprocess.run([tmp_path / "main"], capture_output=True, text=True, check=True).stdout == "true\n"
    source.write_text(source.read_text().replace('session: "s".into(), ', ""))
    broken = subprocess.run(command, capture_output=True, text=True, check=False)
    assert broken.returncode != 0 and "session" in broken.stderr


@pytest.mark.parametrize(("change", "fault"), [
    (None, None), (('"session": "s", ', ""), "session"), (("cheapest", "cheap"), "objective"),
    (('"plan"', '"plans"'), "plans")])
def test_python_types(tmp_path, change, fault):
    program = tmp_path / "program.py"
    program.write_text(PYTHON.replace(*change) if change else PYTHON)
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "--cache-dir", tmp_path / "cache",
         program],
        capture_output=True, text=True, check=False, env={"MYPYPATH": str(REPOSITORY / "clients" / "python")})
    assert (checked.returncode == 0) == (fault is None), checked.stdout
    assert fault is None or fault in checked.stdout


def test_every_message_and_field_is_in_every_language():
    texts = {name: path.read_text() for name, path in {
        "TypeScript": SPECIFICATION / "trimtab.d.ts", "Rust": SPECIFICATION / "trimtab.rs",
        "Python": REPOSITORY / "clients" / "python" / "trimtab" / "messages.py",
        "page": SPECIFICATION / "index.html"}.items()}

    def names(fields):
        for field in fields:
            yield field["name"]
            yield from names(field.get("fields", ()))

    for message in MODEL["methods"] + MODEL["notifications"] + MODEL["serverRequests"]:
        for language in ("TypeScript", "Rust", "page"):
            assert message["method"] in texts[language], (language, message["method"])
        for name in [*names(message["params"]), *names(message.get("answer") or ())]:
            assert f"  {name}: " in texts["TypeScript"] or f"  {name}?: " in texts["TypeScript"], name
            assert f"    {name}: " in texts["Python"], name
            assert f'rename = "{name}"' in texts["Rust"] or f"pub {name}: " in texts["Rust"] \
                or f"pub r#{name}: " in texts["Rust"], name
            assert name in texts["page"], name
    for error in MODEL["errors"]:
        assert f"  {error['kind']}: {error['code']};" in texts["TypeScript"]
        assert f": i64 = {error['code']};" in texts["Rust"]
        assert f'"{error["kind"]}"' in texts["Python"]
