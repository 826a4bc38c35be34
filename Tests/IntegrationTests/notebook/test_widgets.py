"""The widgets in a real browser: in JupyterLab and in marimo, moved with the mouse and the keyboard."""

import contextlib
import queue
import re
import socket
import subprocess
import sys
import threading
import time

import nbformat
import pytest
from places import AWAIT_SECONDS, FIXTURES
from playwright.sync_api import expect
from recorded_search import begin, recorded, train
from trimtab import Trimtab

expect.set_options(timeout=1000 * AWAIT_SECONDS)
EXPLORER = """
from trimtab import Trimtab
from trimtab.notebook import FrontierExplorer
client = Trimtab(roots=[{fixtures!r}])
session = client.open_session("energy")
session.define_pipeline("gpt", schedule="1f1b", stages=8, microbatches=24, blocking_power_watts=95.0)
session.submit_profile("gpt", csv_path={fixtures!r} + "/profiles/modelled-h100-8stage.csv")
session.characterize("gpt", effort="quick")
"""
BOARD = """
from trimtab.notebook import SearchBoard
board = SearchBoard({state!r}, "search")
"""


@contextlib.contextmanager
def started(command, pattern, **options):
    """A server of pages; gives what the pattern finds in its output, once it is there. All of it is read, since a
    full pipe would stop the server."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
                               text=True, **options)
    lines, found = [], queue.SimpleQueue()

    def read():
        for line in process.stdout:
            lines.append(line)
            if match := re.search(pattern, line):
                found.put(match)
        found.put(None)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        match = found.get(timeout=AWAIT_SECONDS)
        assert match is not None, f"{command} ended: {''.join(lines)}"
        wait_until_listening(int(match[1]), process)
        yield match
    finally:
        process.terminate()
        process.wait(AWAIT_SECONDS)
        reader.join(AWAIT_SECONDS)
        process.stdout.close()


def wait_until_listening(port, process):
    """JupyterLab says where it is before it listens there."""
    pause, deadline = threading.Event(), time.monotonic() + AWAIT_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
            return
        pause.wait(0.05)
    raise AssertionError(f"nothing listens at port {port}")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as one:
        return one.getsockname()[1]


@pytest.fixture
def page(browser):
    one = browser.new_page(viewport={"width": 1100, "height": 1000})
    one.set_default_timeout(1000 * AWAIT_SECONDS)
    yield one
    one.close()


@pytest.fixture
def lab(tmp_path, binary, monkeypatch):
    """JupyterLab on a notebook of these cells; gives its address."""
    monkeypatch.setenv("TRIMTAB_BINARY", binary)
    # Its question about news would lie over the widget.
    settings = tmp_path / "settings" / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
    settings.parent.mkdir(parents=True)
    settings.write_text('{"fetchNews": "false"}')
    monkeypatch.setenv("JUPYTERLAB_SETTINGS_DIR", str(tmp_path / "settings"))

    @contextlib.contextmanager
    def opened(*cells):
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(cell) for cell in cells],
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}})
        nbformat.write(notebook, tmp_path / "widget.ipynb")
        command = [
            sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1",
            f"--port={free_port()}", "--IdentityProvider.token=", "--ServerApp.password=",
            "--LabApp.expose_app_in_browser=True",
            f"--ServerApp.root_dir={tmp_path}"]
        with started(command, r"http://127\.0\.0\.1:(\d+)/lab") as found:
            yield f"http://127.0.0.1:{found[1]}/lab/tree/widget.ipynb"

    return opened


def run_all(page, address):
    """Opens the notebook and has all of its cells run, once its kernel is there; does not wait for their ends."""
    page.goto(address)
    page.wait_for_function("window.jupyterapp && document.querySelector('.jp-Notebook .jp-Cell')")
    page.wait_for_function("window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'")
    page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")


def figures_of(page):
    return dict(page.eval_on_selector_all(
        ".trimtab-figures span",
        "spans => spans.map(one => [one.querySelector('small').innerText, one.lastChild.textContent])"))


def move_and_compare(page):
    """Moves the deadline by keyboard, then by mouse; the figures follow, and the savings grow. Locators look into the
    shadow trees of marimo, too."""
    spans = page.locator(".trimtab-figures span")
    plan = spans.filter(has=page.locator("small", has_text=re.compile("^plan$")))
    expect(plan).to_have_count(1)
    before, first = figures_of(page), plan.inner_text()
    assert before["saved"].endswith("%") and before["above the bound"].endswith("%")
    page.locator(".trimtab-widget input[type=range]").focus()
    page.keyboard.press("End")
    expect(plan).not_to_have_text(re.compile(f"{before['plan']}$"))
    slowest = figures_of(page)
    assert first != plan.inner_text()
    assert float(slowest["saved"].split()[0]) > float(before["saved"].split()[0])
    assert float(slowest["deadline"].split()[0]) > float(before["deadline"].split()[0])
    box = page.locator(".trimtab-widget svg").first.bounding_box()
    page.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + 0.5 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.5 * box["height"], steps=10)
    page.mouse.up()
    expect(plan).not_to_have_text(re.compile(f"{slowest['plan']}$"))
    assert float(figures_of(page)["deadline"].split()[0]) < float(slowest["deadline"].split()[0])


def test_the_explorer_in_jupyterlab(page, lab, pictures):
    with lab(EXPLORER.format(fixtures=str(FIXTURES)), "FrontierExplorer(session, 'gpt')") as address:
        run_all(page, address)
        move_and_compare(page)
        page.locator(".trimtab-widget").screenshot(path=str(pictures / "explorer-jupyterlab.png"))


def test_the_explorer_in_marimo(page, tmp_path, binary, pictures, monkeypatch):
    monkeypatch.setenv("TRIMTAB_BINARY", binary)
    body = EXPLORER.format(fixtures=str(FIXTURES)).strip().replace("\n", "\n    ")
    (tmp_path / "app.py").write_text(
        "import marimo\napp = marimo.App()\n\n\n@app.cell\ndef _():\n    import marimo as mo\n    " + body
        + "\n    mo.ui.anywidget(FrontierExplorer(session, 'gpt'))\n    return\n")
    command = [sys.executable, "-m", "marimo", "run", "app.py", "--headless", "--no-token", "--host", "127.0.0.1",
               "--port", str(free_port())]
    with started(command, r"http://[\w.]+:(\d+)", cwd=tmp_path) as found:
        page.goto(f"http://127.0.0.1:{found[1]}")
        move_and_compare(page)
        page.locator(".trimtab-widget").screenshot(path=str(pictures / "explorer-marimo.png"))


def test_the_board_follows_a_search_of_another_process(page, lab, binary, pictures, tmp_path):
    state = str(tmp_path / "state")
    curves = recorded()
    with Trimtab([binary, "serve"], roots=[str(FIXTURES)], state_directory=state, timeout=120) as client:
        session = client.open_session("search")
        begin(session, curves)
        train(session, curves, 3)
        with lab(BOARD.format(state=state) + "board") as address:
            run_all(page, address)
            page.wait_for_selector(".trimtab-board tbody tr")
            assert figures_of(page)["trials"].startswith("3,")
            train(session, curves, 40)
            running = session.pool.next_trial("node-7")
            assert running
            expect(page.locator(".trimtab-board")).to_contain_text("on node-7")
            assert figures_of(page)["state"] == "running"
            page.locator(".trimtab-widget").screenshot(path=str(pictures / "board-jupyterlab.png"))
            share, error = next(point for point in curves[running.candidate] if point[0] >= running.to_fraction)
            running.update(round(32_768 * share), error, data_fraction=share)
            assert not train(session, curves, 1000)
            expect(page.locator(".trimtab-figures")).to_contain_text("finished")
            best = session.suggestion().suggestion.candidate
            assert best.encoder in figures_of(page)["suggestion"]
