"""Pictures of the widgets and of the reports for the documentation: nbs/images/*.png, of simulated or published clips.

make demo && python tools/screenshots.py
"""

import runpy
import shutil
import time
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from browser import Lab, chromium, jupyterlab, run_all
from papermill import execute_notebook
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook
from PIL import Image
from selenium.webdriver.common.keys import Keys

from echoquality.corpus import Corpus, clip_dataset, write_corpus
from echoquality.phantom import simulate_clip
from echoquality.review_page import review_links
from echoquality.settings import ReviewSettings
from echoquality.stage_report import write_report

ROOT = Path(__file__).resolve().parent.parent
DEMO, LARGE = ROOT / "data/demo-42", Corpus(dict.fromkeys(("affiniti50g", "epiq7", "vivid"), 2), 6, 24, (300, 400))


def notebook(folder: Path) -> str:
    "The explore notebook in `folder`, on larger clips than the demo's except for its dataset and model."
    write_corpus(folder / "large", LARGE, seed=1)
    values = {"results_dir": f"{folder}/large/results/inference_output", "raw_data_dir": f"{folder}/large/raw_data"}
    values |= {"annotations_csv": f"{DEMO}/training_data_enhanced/echo_annotations_enhanced.csv", "reviewer": "ana"}
    values |= {"predictions": f"{DEMO}/evaluation/predictions.parquet", "reviews_csv": f"{folder}/reviews.csv"}
    values |= {"model": f"{DEMO}/trained_model/model.safetensors", "most": 20}
    source = load_notebook_node(str(ROOT / "nbs/07_explore.ipynb"))
    for cell in source.cells:
        if "\npreview_good_clips(" in cell.source:  # a real clip instead
            cell.source = "from pydicom import examples\ndegradation_preview([examples.get_path('ybr_color')], seed=1)"
    nbformat.write(parameterize_notebook(source, values), folder / "07_explore.ipynb")
    return "07_explore.ipynb"


def prepare(lab: Lab) -> None:
    "Use the widgets, so that the pictures show something."
    for number, key in enumerate("gb", 1):
        time.sleep(1)
        lab.type("review", key)
        lab.wait(lambda number=number: f"{number} of 20 reviewed" in lab.text("review"))
    lab.click("errors", "button", "poor, called poor")
    lab.wait(lambda: len(lab.frames("errors")) == 2)
    lab.click("errors", "button", "Grad-CAM")
    lab.click("player", "button", "outline")
    for name in ("errors", "preview"):
        lab.inside(name, ".cine [aria-label=frame]")[0].send_keys(Keys.HOME)


def of_the_demo(report: Path) -> bool:
    "Whether a report shows simulated clips: its run was told the demo's folder."
    executed = report.with_suffix(".ipynb")
    told = nbformat.read(executed, as_version=4).metadata.papermill.parameters if executed.exists() else {}
    return any(str(DEMO) in str(value) for value in told.values())


def of_published_clips(folder: Path) -> Path:
    "The conformance report of the clips that come with pydicom, pydicom-data and deid-data."
    tests = runpy.run_path(str(ROOT / "tests/test_conformance.py"))
    clips = tests["write_installable"](folder / "published/clips", 12)
    values = {"clips_dir": str(clips), "output_dir": str(folder / "out")}
    executed = folder / "conformance.new.ipynb"
    execute_notebook(ROOT / "nbs/looking/conformance.ipynb", executed, values, cwd=ROOT, progress_bar=False)
    return write_report(executed)


def show_reports(driver, reports: list[Path]) -> None:
    "The first screen of each report, of 256 colours: nbs/images/report_<name>.png."
    for report in reports:
        driver.get(report.as_uri())
        time.sleep(2)
        picture = ROOT / f"nbs/images/report_{report.stem}.png"
        with Image.open(BytesIO(driver.get_screenshot_as_png())) as shown:
            shown.convert("RGB").quantize().save(picture, optimize=True)
        print(picture.relative_to(ROOT))


def review_page(folder: Path) -> None:
    "The page on which people judge clips, on a simulated clip: nbs/images/review_page.png."
    tests = runpy.run_path(str(ROOT / "tests/test_review_page.py"))
    raw = folder / "judged"
    raw.mkdir()
    clip = simulate_clip(0.3, "epiq7", seed=1, shape=(420, 560))
    clip_dataset(clip).save_as(raw / "0.dcm", enforce_file_format=True)
    study = tests["write_list"](folder / "study", raw, ["0.dcm"], ("ana",), reasons=ReviewSettings().reasons)
    with tests["serving"](study) as server, chromium(folder / "review", (1000, 900)) as driver:
        reader = tests["Reader"](driver, review_links(server)["ana"])
        for key in " h":
            reader.key(key)
        time.sleep(1)
        with Image.open(BytesIO(driver.get_screenshot_as_png())) as shown:
            shown.convert("RGB").quantize(64).save(ROOT / "nbs/images/review_page.png", optimize=True)
    print("nbs/images/review_page.png")


def main() -> None:
    with TemporaryDirectory() as folder:
        folder = Path(folder)
        review_page(folder)
        reports = [*filter(of_the_demo, sorted((ROOT / "runs").glob("*.html"))), of_published_clips(folder)]
        with chromium(folder / "reports", (1400, 1040)) as driver:  # 140 rows are the window's own
            show_reports(driver, reports)
        name = notebook(folder)
        with jupyterlab(folder) as address, chromium(folder, (1100, 1300)) as driver:
            run_all(driver, address, name)
            lab = Lab(driver)
            driver.execute_script("window.jupyterapp.commands.execute('application:toggle-left-area')")
            prepare(lab)
            for widget in ("thresholds", "player", "preview", "review", "errors"):
                element = lab.find(widget)
                time.sleep(2)
                element.screenshot(str(folder / f"{widget}.png"))
                shutil.copyfile(folder / f"{widget}.png", ROOT / f"nbs/images/{widget}.png")
                print(f"nbs/images/{widget}.png")


if __name__ == "__main__":
    main()
