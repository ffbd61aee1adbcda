"""The main job on simulated data: what `make demo` runs.

python tools/demo.py --output data/demo --seed 42
"""

import argparse
from pathlib import Path

import nbformat
import papermill
from nbconvert import HTMLExporter

from echoquality.core import write_text
from echoquality.dataset import DatasetSettings, build_dataset
from echoquality.phantom import DEMO, write_corpus

ROOT = Path(__file__).resolve().parent.parent


def run_stage(stage: str, parameters: dict) -> Path:
    "Execute a stage notebook with papermill; its report is runs/<stage>.ipynb, and runs/<stage>.html without code."
    notebook, report = next((ROOT / "nbs").glob(f"*_{stage}.ipynb")), ROOT / f"runs/{stage}.ipynb"
    report.parent.mkdir(exist_ok=True)
    quiet = {"progress_bar": False, "extra_arguments": ["--log-level=ERROR"]}
    papermill.execute_notebook(notebook, report, parameters, cwd=ROOT, **quiet)
    write_text(report.with_suffix(".html"), html_report(report))
    return report


def html_report(executed: Path) -> str:
    "An executed stage notebook without its code and without the lessons: its title and its Run section."
    notebook = nbformat.read(executed, as_version=4)
    run = next(i for i, cell in enumerate(notebook.cells) if cell.source.startswith("## Run"))
    notebook.cells = notebook.cells[:1] + notebook.cells[run:]
    html, _ = HTMLExporter(exclude_input=True, exclude_output_prompt=True).from_notebook_node(notebook)
    return html


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=ROOT / "data/demo")
    parser.add_argument("--seed", type=int, default=42)
    args = parser.parse_args()
    demo = args.output.resolve()

    print(f"1/4  simulating echocardiograms in {demo}", flush=True)
    write_corpus(demo, DEMO, args.seed)
    where = {"results_dir": f"{demo}/results/inference_output", "raw_data_dir": f"{demo}/raw_data"}
    counts = {"max_high_quality": 40, "max_low_quality": 40, "seed": args.seed}
    dataset = {**where, **counts, "num_synthetic": 40, "output_dir": f"{demo}/training_data_enhanced"}
    print("2/4  selection: what would be chosen", flush=True)
    run_stage("selection", {**where, **counts})
    print("3/4  degradation: what it does to some of the clips", flush=True)
    run_stage("degradation", {"input_dir": where["raw_data_dir"], "seed": args.seed})
    print("4/4  dataset: choosing, degrading, writing", flush=True)
    report = run_stage("dataset", dataset)

    build = build_dataset(DatasetSettings(**dataset))
    print(f"\ndataset  {build.output_dir}\nreport   {report}\n         {report.with_suffix('.html')}\n")
    print(build.counts().to_string())


if __name__ == "__main__":
    main()
