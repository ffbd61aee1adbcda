"""Pictures of the widgets and of the reports for the documentation: nbs/images/*.png, of simulated or published clips.

make demo && python tools/screenshots.py
"""

import runpy
import shutil
import time
from contextlib import chdir
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
import numpy as np
from browser import Lab, chromium, jupyterlab, run_all
from papermill import execute_notebook
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook
from PIL import Image
from selenium.webdriver.common.keys import Keys

from echoquality.agreement import study_report
from echoquality.corpus import Corpus, clip_dataset, write_corpus
from echoquality.phantom import simulate_clip
from echoquality.review_answers import Answer, AnswerFile, Assigned, read_review
from echoquality.review_page import review_links
from echoquality.settings import ReviewSettings
from echoquality.stage_report import write_report
from echoquality.study import make_study

ROOT = Path(__file__).resolve().parent.parent
DEMO, LARGE = ROOT / "data/demo-42", Corpus(dict.fromkeys(("affiniti50g", "epiq7", "vivid"), 2), 6, 24, (300, 400))


def notebook(folder: Path) -> str:
    "The explore notebook in `folder`, on larger clips than the demo's except for its dataset and model."
    write_corpus(folder / "large", LARGE, seed=1)
    values = {"results_dir": f"{folder}/large/results/inference_output", "raw_data_dir": f"{folder}/large/raw_data"}
    values |= {"annotations_csv": f"{DEMO}/training_data_enhanced/echo_annotations_enhanced.csv"}
    values |= {"predictions": f"{DEMO}/evaluation/predictions.parquet", "review_dir": f"{folder}/review"}
    values |= {"model": f"{DEMO}/trained_model/model.safetensors", "most": 20}
    source = load_notebook_node(str(ROOT / "nbs/07_explore.ipynb"))
    for cell in source.cells:
        if "\npreview_good_clips(" in cell.source:  # a real clip instead
            cell.source = "from pydicom import examples\ndegradation_preview([examples.get_path('ybr_color')], seed=1)"
    nbformat.write(parameterize_notebook(source, values), folder / "07_explore.ipynb")
    return "07_explore.ipynb"


def prepare(lab: Lab) -> None:
    "Use the widgets, so that the pictures show something."
    lab.click("errors", "button", "poor, called poor")
    lab.wait(lambda: len(lab.frames("errors")) == 2)
    lab.click("errors", "button", "Grad-CAM")
    lab.click("player", "button", "outline")
    for name in ("errors", "preview"):
        lab.inside(name, ".cine [aria-label=frame]")[0].send_keys(Keys.HOME)
    lab.driver.execute_script("document.activeElement.blur()")


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
        save(driver, f"report_{report.stem}")


def review_page(folder: Path) -> None:
    "The page on which people judge clips, the overview of a study, and its report: nbs/images/review_<name>.png."
    tests = runpy.run_path(str(ROOT / "tests/test_review_page.py"))
    raw = folder / "judged"
    raw.mkdir()
    clip = simulate_clip(0.3, "epiq7", seed=1, shape=(420, 560))
    clip_dataset(clip).save_as(raw / "0.dcm", enforce_file_format=True)
    study = tests["write_list"](folder / "study", raw, ["0.dcm"], ("ana",), reasons=ReviewSettings().reasons)
    judged = reader_study(folder)
    with tests["serving"](study) as server, chromium(folder / "review", (1000, 900)) as driver:
        reader = tests["Reader"](driver, review_links(server)["ana"])
        for key in " h":
            reader.key(key)
        time.sleep(1)
        save(driver, "review_page", 64)
        with chdir(folder), tests["serving"](judged) as server:  # the project's folder: there goes the report
            driver.get(review_links(server)[""])
            save(driver, "review_overview", 32)
            driver.set_window_size(1000, 925)  # its picture as a whole
            driver.get(study_report(judged).as_uri())
            save(driver, "review_report", 32)


def save(driver, name: str, colours: int = 256) -> None:
    "What a browser shows: nbs/images/<name>.png."
    with Image.open(BytesIO(driver.get_screenshot_as_png())) as shown:
        shown.convert("RGB").quantize(colours).save(ROOT / f"nbs/images/{name}.png", optimize=True)
    print(f"nbs/images/{name}.png")


def reader_study(folder: Path) -> Path:
    "A study of simulated clips that two simulated readers judged, each by the true quality with an error of their own."
    made = Corpus(dict.fromkeys(("affiniti50g", "epiq7", "vivid"), 14), 2, 4, (72, 96))
    truth = write_corpus(folder / "corpus", made, seed=3)
    quality = truth.set_index(truth["folder"] + "/" + truth["file_id"])["quality"]
    where = {"clips": folder / "corpus/results/inference_output", "raw_data_dir": folder / "corpus/raw_data"}
    how = {"readers": ("ana", "ben"), "overlap": 2, "count": 60, "by": "machine"}
    review = read_review(make_study(ReviewSettings(**where, **how, output_dir=folder / "image quality")))
    rank = quality.reindex([clip.path for clip in review.clips]).rank(pct=True).to_numpy()
    assigned, rng = Assigned(review), np.random.default_rng(1)
    for reader in review.readers:
        answers = AnswerFile(review, reader, assigned)
        for place, shown in enumerate(assigned.places(reader)):
            good = int(rank[shown.number] + rng.normal(0, 0.1) > 0.5)
            reasons = () if good else (str(rng.choice(review.reasons[:4])),)
            said = {"answer": review.scale[good], "reasons": reasons, "seconds": float(rng.lognormal(1.7, 0.5))}
            answers.add(Answer(f"{place:08}", place, shown.number, **said))
    return review.folder


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
            for widget in ("thresholds", "player", "preview", "errors"):
                element = lab.find(widget)
                time.sleep(2)
                element.screenshot(str(folder / f"{widget}.png"))
                shutil.copyfile(folder / f"{widget}.png", ROOT / f"nbs/images/{widget}.png")
                print(f"nbs/images/{widget}.png")


if __name__ == "__main__":
    main()
