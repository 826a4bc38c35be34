"""Parts of the extension by themselves: its JSON-RPC client beside Microsoft's, its page, its archive."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from places import AWAIT_SECONDS, CLIENTS, REPOSITORY
from programs import program
from sessions import HERE


def test_it_sends_and_hears_what_vscode_jsonrpc_does(extension, vscode_jsonrpc):
    run = subprocess.run(
        [program("node", "nodejs"), HERE / "compare_connections.js", extension / "out", vscode_jsonrpc],
        capture_output=True, text=True, timeout=AWAIT_SECONDS, check=False)
    assert run.returncode == 0, run.stderr
    both = json.loads(run.stdout)
    assert both["ours"]["heard"] == both["microsoft"]["heard"]
    assert len(both["ours"]["sent"]) > 200
    assert both["ours"]["sent"] == both["microsoft"]["sent"]


@pytest.fixture
def panel(browser, extension, tmp_path):
    """The page as the extension makes it, with a stand-in for the editor that keeps what the page sends."""
    make = (f"const {{ page }} = require({json.dumps(str(extension / 'out' / 'frontier.js'))});"
            "const uri = (path) => ({ path, toString: () => 'file://' + path });"
            "const webview = { cspSource: 'file:', asWebviewUri: (one) => one };"
            f"console.log(page(webview, uri({json.dumps(str(extension))})))")
    # `Uri` is the editor's; joining paths is all that the page asks of it.
    stand_in = tmp_path / "node_modules" / "vscode"
    stand_in.mkdir(parents=True)
    (stand_in / "index.js").write_text(
        "const uri = (path) => ({ path, toString: () => 'file://' + path });"
        "exports.Uri = { joinPath: (base, ...parts) => uri([base.path, ...parts].join('/')) };")
    html = subprocess.run([program("node", "nodejs"), "-e", make], env={"NODE_PATH": str(tmp_path / "node_modules")},
                          capture_output=True, text=True, check=True).stdout
    (tmp_path / "page.html").write_text(html)
    page = browser.new_page(viewport={"width": 720, "height": 720})
    page.set_default_timeout(1000 * AWAIT_SECONDS)
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.add_init_script("window.sent = [];"
                         "window.acquireVsCodeApi = () => ({postMessage: (one) => window.sent.push(one)})")
    page.goto((tmp_path / "page.html").as_uri())
    assert page.evaluate("window.sent") == [{"type": "ready"}]
    yield page
    assert errors == []
    page.close()


def figures(page):
    return dict(zip(page.locator("dt").all_inner_texts(), page.locator("dd").all_inner_texts()))


def post(page, answer):
    page.evaluate("answer => window.postMessage({type: 'frontier', answer}, '*')", answer)


def test_the_slider_moves_over_the_plans(panel, frontier, pictures):
    post(panel, frontier)
    panel.wait_for_selector("svg")
    plans, point = frontier["curve"]["plans"], frontier["point"]["plan"]
    place = next(n for n, plan in enumerate(plans) if plan["plan"] == point["plan"])
    assert panel.locator("#plan").input_value() == str(place)
    assert panel.locator("circle.chosen").count() == 1
    saving = 1 - point["energyJoules"] / frontier["curve"]["allMaxFrequency"]["energyJoules"]
    assert figures(panel)["less energy"] == f"{100 * saving:.1f} %"
    panel.screenshot(path=pictures / "vscode-frontier.png")

    panel.locator("#plan").press("End")
    assert panel.locator("output").inner_text() == f"plan {len(plans)} of {len(plans)}"
    assert figures(panel)["less energy"] != f"{100 * saving:.1f} %"
    panel.locator("#plan").press("ArrowLeft")  # the slider keeps the keyboard after each drawing
    assert panel.locator("output").inner_text() == f"plan {len(plans) - 1} of {len(plans)}"
    marker = panel.locator("circle.plan").first.bounding_box()
    panel.mouse.click(marker["x"] + marker["width"] / 2, marker["y"] + 100)  # anywhere above or below a plan
    assert panel.locator("output").inner_text() == f"plan 1 of {len(plans)}"


def test_a_new_answer_keeps_the_choice_while_the_frontier_is_the_same(panel, frontier):
    post(panel, frontier)
    panel.locator("#plan").press("Home")
    post(panel, frontier)
    panel.wait_for_function("document.querySelector('output').textContent.startsWith('plan 1 of')")
    changed = {**frontier, "curve": {**frontier["curve"], "plans": frontier["curve"]["plans"][:-1]},
               "point": {**frontier["point"], "stale": True}}
    post(panel, changed)
    panel.wait_for_selector("text=The profile has changed since")
    assert not panel.locator("output").inner_text().startswith("plan 1 of")
    post(panel, {"message": "pipeline: no profile yet; name one in [profile]"})
    panel.wait_for_selector("text=name one in [profile]")
    assert panel.locator("svg").count() == 0


def test_the_archive_has_what_the_manifest_names(extension, tmp_path):
    package = json.loads((CLIENTS / "vscode" / "package.json").read_text())
    copy = tmp_path / "vscode"
    subprocess.run(["cp", "-r", CLIENTS / "vscode", copy], check=True)
    subprocess.run(["cp", "-rT", extension / "out", copy / "out"], check=True)
    (tmp_path.parent / "LICENSE").write_text((REPOSITORY / "LICENSE").read_text())
    run = [sys.executable, copy / "make_vsix.py", tmp_path / "dist"]
    target = Path(subprocess.run(run, capture_output=True, text=True, check=True).stdout.strip())
    first = target.read_bytes()
    subprocess.run(run, check=True, capture_output=True)
    assert target.read_bytes() == first, "the archive of the same files is the same bytes"
    names = set(zipfile.ZipFile(target).namelist())
    contributes = package["contributes"]
    named = {package["main"], *(one["path"] for one in contributes["grammars"]),
             *(one["configuration"] for one in contributes["languages"]),
             *(one["icon"] for one in contributes["viewsContainers"]["activitybar"]),
             *(step["media"]["markdown"] for one in contributes["walkthroughs"] for step in one["steps"])}
    for path in named:
        assert f"extension/{path.removeprefix('./')}" in names, path
    assert {"extension.vsixmanifest", "[Content_Types].xml", "extension/out/webview/frontier.js"} <= names
