"""JupyterLab in a headless Chromium, for the tests of the widgets and tools/screenshots.py.

Needs Debian's packages `chromium` and `chromium-driver`, or any Chrome with its driver on the PATH.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"),
)


def missing() -> str:
    "The reason why no browser can be driven here, or an empty text."
    there = {"chromium": _browser(), "chromedriver": shutil.which("chromedriver")}
    gone = [name for name, path in there.items() if not path]
    return f"not installed: {', '.join(gone)}" if gone else ""


def _browser() -> str | None:
    return shutil.which("chromium") or shutil.which("google-chrome")


@contextmanager
def chromium(folder: Path, size: tuple[int, int] = (1400, 1000)) -> Iterator[Chrome]:
    "A headless browser with its profile in `folder`; it connects to this machine alone."
    options = ChromeOptions()
    options.binary_location = _browser()
    for flag in (*FLAGS, f"--window-size={size[0]},{size[1]}", f"--user-data-dir={folder / 'profile'}"):
        options.add_argument(flag)
    driver = Chrome(options, ChromeService(shutil.which("chromedriver")))
    try:
        yield driver
    finally:
        driver.quit()


@contextmanager
def jupyterlab(folder: Path, *options: str) -> Iterator[str]:
    "A JupyterLab on `folder`, on loopback, with settings of its own; yields its address, token included."
    runtime = folder / ".jupyter" / "runtime"
    quiet = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}
    (runtime.parent / "labconfig").mkdir(parents=True, exist_ok=True)
    (runtime.parent / "labconfig" / "page_config.json").write_text(json.dumps(quiet), encoding="utf-8")
    places = ("DATA_DIR", "CONFIG_DIR")  # apart from the user's own Jupyter
    own = {f"JUPYTER_{place}": str(runtime.parent) for place in places} | {"JUPYTER_RUNTIME_DIR": str(runtime)}
    own |= {f"JUPYTERLAB_{place}_DIR": str(runtime.parent) for place in ("SETTINGS", "WORKSPACES")}
    own["IPYTHONDIR"] = str(runtime.parent)
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        "--no-browser",
        "--ip=127.0.0.1",
        "--port=0",
        "--allow-root",
        f"--ServerApp.root_dir={folder}",
        "--LabApp.expose_app_in_browser=True",
        *options,
    ]
    with open(folder / "jupyterlab.log", "wb") as log:
        server = subprocess.Popen(command, env={**os.environ, **own}, cwd=folder, stdout=log, stderr=subprocess.STDOUT)
    try:
        yield _address(server, runtime, folder / "jupyterlab.log")
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()


def _address(server, runtime: Path, log: Path, patience: float = 90) -> str:
    end = time.monotonic() + patience
    while time.monotonic() < end and server.poll() is None:
        for info in runtime.glob("jpserver-*.json"):
            try:
                found = json.loads(info.read_text("utf-8"))
            except ValueError:
                continue
            return f"{found['url']}lab/tree/{{}}?token={found['token']}"
        time.sleep(0.2)
    raise RuntimeError(f"JupyterLab did not start; its log ends:\n{log.read_text('utf-8', 'replace')[-2000:]}")


def open_notebook(driver: Chrome, address: str, notebook: str, patience: float = 240) -> None:
    "Open a notebook, and wait until its kernel is there."
    driver.get(address.format(notebook))
    driver.set_script_timeout(patience)
    ready = (
        "const n = window.jupyterapp?.shell?.currentWidget;"
        "return n?.context?.isReady && n?.sessionContext?.isReady "
        "&& n.sessionContext.session?.kernel?.status === 'idle'"
    )
    WebDriverWait(driver, patience).until(lambda _: driver.execute_script(ready))


BESIDE = """
const [path, done] = arguments, {commands, shell} = window.jupyterapp, options = {mode: 'split-right'};
commands.execute('docmanager:open', {path, factory: 'Notebook', options}).then(async (opened) => {
  await opened.context.ready;
  await opened.sessionContext.ready;
  await opened.sessionContext.session.kernel.info;
  shell.activateById(opened.id);
  done();
})"""


def open_beside(driver: Chrome, notebook: str) -> None:
    "Open another notebook beside the one that is open, with a kernel of its own."
    driver.execute_async_script(BESIDE, notebook)


RUN_ALL = "window.jupyterapp.commands.execute('notebook:run-all-cells')"  # a promise


def run_all(driver: Chrome, address: str, notebook: str) -> None:
    "Open a notebook, and run all its cells to the end."
    open_notebook(driver, address, notebook)
    run_cells(driver)


def run_cells(driver: Chrome) -> None:
    "Run all cells of the notebook that is in front."
    driver.execute_async_script(f"{RUN_ALL}.then(arguments[0], arguments[0])")


SAVE = "window.jupyterapp.commands.execute('docmanager:save')"


def save(driver: Chrome) -> None:
    "Save the open notebook, as after an edit that was taken back."
    driver.execute_script("window.jupyterapp.shell.currentWidget.context.model.dirty = true")
    driver.execute_async_script(f"{SAVE}.then(arguments[0], arguments[0])")


WATCH = """
const [root, seconds, done] = arguments, screen = root.querySelector('.cine .window');
const canvas = screen.querySelector('canvas'), brush = canvas.getContext('2d'), frames = [], start = performance.now();
const pixels = () => brush.getImageData(0, 0, canvas.width, canvas.height).data;
const isBlank = () => pixels().every((x, i) => i % 4 === 3 || x === 0);
let blank = 0;
function look() {
  const seen = Number(screen.dataset.frame ?? -1);
  if (seen < 0 || (frames.length % 8 === 0 && isBlank())) blank++;
  if (frames.at(-1) !== seen) frames.push(seen);
  if (performance.now() - start < 1000 * seconds) requestAnimationFrame(look);
  else done({frames, blank, count: Number(root.querySelector('[aria-label=frame]').max) + 1,
             elapsed: performance.now() - start});
}
requestAnimationFrame(look)"""


class Lab:
    "The widgets of an open notebook, by their class (`echoquality-<name>`)."

    def __init__(self, driver: Chrome):
        self.driver = driver

    def restart(self, run: str = RUN_ALL) -> None:
        "Restart the kernel of the notebook that is in front, and run all cells again, or something else."
        self.driver.execute_async_script(
            "const done = arguments[0], n = window.jupyterapp.shell.currentWidget;"
            "n.sessionContext.session.kernel.restart()"
            f".then(() => {run}).then(done, done)"
        )

    def wait(self, condition, patience: float = 60):
        "What a condition gives, once it holds."
        not_yet = [StaleElementReferenceException, IndexError]
        return WebDriverWait(self.driver, patience, ignored_exceptions=not_yet).until(lambda _: condition())

    def find(self, name: str):
        "The outermost element of a widget, scrolled into view."
        css = f".echoquality-{name}"
        self.wait(lambda: self.driver.find_elements(By.CSS_SELECTOR, css))
        element = self.driver.find_element(By.CSS_SELECTOR, css)
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        return element

    def inside(self, name: str, css: str, text: str = "") -> list:
        "Elements inside a widget, those that hold a text."
        return [each for each in self.find(name).find_elements(By.CSS_SELECTOR, css) if text in each.text]

    def click(self, name: str, css: str, text: str = "") -> None:
        self.wait(lambda: self.inside(name, css, text))[0].click()

    def text(self, name: str, css: str = "") -> str:
        element = self.find(name)
        return (element.find_element(By.CSS_SELECTOR, css) if css else element).text

    def press(self, name: str, css: str, key: str, times: int = 1) -> None:
        handle = self.wait(lambda: self.inside(name, css))[0]  # a widget is there before its content
        for _ in range(times):
            handle.send_keys(getattr(Keys, key))

    def keys(self, *keys: str) -> None:
        "Press keys, characters or selenium's names, where the focus is."
        self.driver.switch_to.active_element.send_keys(*(getattr(Keys, key, key) for key in keys))

    def drag(self, element, right: int, down: int, start: tuple[int, int] = (0, 0)) -> None:
        "Drag from the middle of an element, or from `start` from there, in pixels."
        drag = ActionChains(self.driver).move_to_element_with_offset(element, *start).click_and_hold()
        drag.move_by_offset(right, down).release().perform()

    def type(self, name: str, keys: str) -> None:
        "Type into the first text field of a widget."
        self.inside(name, "input[type=text]")[0].send_keys(keys)

    def shown(self, name: str, css: str) -> int:
        "How many elements are visible."
        return sum(each.is_displayed() for each in self.inside(name, css))

    def watch(self, name: str, seconds: float) -> dict:
        "Frames of the first clip as shown, in order; how often none was; and their number."
        return self.driver.execute_async_script(WATCH, self.find(name), seconds)

    def frames(self, name: str) -> list[int]:
        "The visible frame of each clip of a widget's player."
        return [int(each.get_attribute("data-frame") or -1) for each in self.inside(name, ".cine .window")]

