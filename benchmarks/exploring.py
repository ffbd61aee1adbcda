"""The benchmarks of waiting times in widgets: the first frame of a cine, a table that follows a slider."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
import numpy as np
import pandas as pd
from ipywidgets.widgets.widget import _remove_buffers
from measure import Row, interleaved, seconds

from echoquality import browser_clips, core, dicom, results, selection, thresholds
from echoquality import player as cine_player

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))
import browser

PATIENCE = 0.2  # seconds within which an answer feels immediate
FIRST_FRAME = """
const [done] = arguments;
function look() {
  if (document.querySelector('.cine [data-frame]')) done(Date.now() / 1000); else requestAnimationFrame(look);
}
look(); """
SLIDE = """
const [done] = arguments, root = document.querySelector('.echoquality-thresholds');
const table = root.querySelector('.counts').closest('.widget-html'), start = performance.now();
new MutationObserver((_, watch) => { watch.disconnect(); done(performance.now() - start); })
  .observe(table, {subtree: true, childList: true});
root.querySelector('.noUi-handle').dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowLeft'}))"""
IMPORT = f"import sys, time; sys.path.insert(0, {str(Path(__file__).parent)!r}); import exploring"


def encode_all(cine: Path) -> list[bytes]:
    "The least work: every frame decoded and encoded, one after the other."
    return [browser_clips.encoded(frame) for frame in dicom.iter_frames(cine, grey=False)]


@contextmanager
def opened(*cells: str) -> Iterator[tuple[Path, object]]:
    "The folder of a notebook with these cells, and the browser in which JupyterLab shows it."
    with TemporaryDirectory() as folder:
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(notebook, Path(folder) / "a.ipynb")
        with browser.jupyterlab(Path(folder)) as address, browser.chromium(Path(folder)) as driver:
            browser.open_notebook(driver, address, "a.ipynb")
            yield Path(folder), driver


def first_frame(cine: Path) -> tuple[float, float]:
    "Seconds from the call to the first frame on the screen, and of `encode_all` in the same kernel."
    warm = f"{IMPORT}; exploring.encode_all({str(cine)!r}); exploring.browser_clips.message('first of a session')"
    base = f"s = time.time(); exploring.encode_all({str(cine)!r}); took = time.time() - s"
    show = f"start = time.time(); shown = exploring.cine_player.player({str(cine)!r}); "
    show += "open('t', 'w').write(f'[{start}, {took}]'); shown"
    with opened(warm, base, show) as (folder, driver):
        seen = driver.execute_async_script(FIRST_FRAME + browser.RUN_ALL)
        start, took = json.loads((folder / "t").read_text())
    return seen - start, took


def table_follows(moves: int = 8) -> float:
    "Seconds from a slider's move in the browser to the table that follows it, the best of some."
    cell = "exploring.thresholds.ThresholdExplorer(exploring.scored(), exploring.selection.SelectionSettings())"
    with opened(f"{IMPORT}; explorer = {cell}", "explorer") as (_, driver):
        driver.execute_async_script(f"{browser.RUN_ALL}.then(arguments[0])")
        lab = browser.Lab(driver)
        lab.wait(lambda: lab.text("thresholds", "table"))
        return min(driver.execute_async_script(SLIDE) / 1000 for _ in range(moves))


def playing(cine: Path, work: Path, repeats: int) -> list[Row]:
    "The 120-frame cine: how long until it is shown, and how much is sent."
    jobs = {"player": partial(seconds, cine_player.player, cine), "bare": partial(seconds, encode_all, cine)}
    times = {name: min(found) for name, found in interleaved(jobs, repeats).items()}
    state, _, pieces = _remove_buffers(cine_player.player(cine).get_state())
    sent = len(json.dumps(state)) + sum(map(len, pieces))
    rows = [Row("player called / the cine decoded and encoded: time", "s", times["player"], times["bare"], 1.5)]
    if not browser.missing():
        found = map(min, zip(*(first_frame(cine) for _ in range(repeats)), strict=True))
        rows.append(Row("from the call to the first frame in JupyterLab / the same", "s", *found, 1.5))
    raw = dicom.read_frames(cine, grey=False).nbytes / 1e6
    return [*rows, Row("sent to the browser, once / the frames uncompressed", "MB", sent / 1e6, raw, 0.04)]


def scored(rows: int = 100_000, folders: int = 1000) -> pd.DataFrame:
    "Results at random, most of them at the ends of the scale."
    rng = core.generator(1, "results")
    score = rng.beta(0.3, 0.3, rows).round(4)
    words = {each: results.assess(each) for each in np.unique(score)}
    machines = np.array(["affiniti50g", "affiniti70g", "epiq7", "vivid"])
    folder = rng.integers(0, folders, rows)
    table = {
        "folder": [f"Study-{each}" for each in folder],
        "file_id": [f"1.2.{i}" for i in range(rows)],
        "score": score,
    }
    table |= {"status": [words[each][0] for each in score], "assessment": [words[each][1] for each in score]}
    return pd.DataFrame({**table, "path": "x", "machine_type": machines[folder % 4]})


def sliding(cine: Path, work: Path, repeats: int) -> list[Row]:
    "A threshold moved, until the picture and the table are made anew."
    explorer = thresholds.ThresholdExplorer(scored(), selection.SelectionSettings())
    slider = explorer.sliders["high_quality_threshold"]

    def move() -> None:
        slider.value = 0.9 if slider.value != 0.9 else 0.5

    best = min(interleaved({"move": partial(seconds, move)}, max(repeats, 4))["move"])
    rows = [Row("slider to table, 100,000 results, in the kernel / what nobody notices", "s", best, PATIENCE, 1)]
    if not browser.missing():
        rows.append(Row("the same, in JupyterLab", "s", table_follows(), PATIENCE, 1))
    return rows
