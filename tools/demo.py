"""The main job on simulated data: what `make demo` runs.

python tools/demo.py --seed 42
"""

import argparse
from pathlib import Path

import papermill
from report import write_report

from echoquality.dataset import DatasetSettings, build_dataset, count_files
from echoquality.phantom import DEMO, write_corpus

ROOT = Path(__file__).resolve().parent.parent


def run_stage(stage: str, parameters: dict) -> Path:
    "Execute a stage notebook with papermill; its report is runs/<stage>.ipynb, and runs/<stage>.html without code."
    notebook, executed = next((ROOT / "nbs").glob(f"*_{stage}.ipynb")), ROOT / f"runs/{stage}.ipynb"
    executed.parent.mkdir(exist_ok=True)
    quiet = {"progress_bar": False, "extra_arguments": ["--log-level=ERROR"]}
    papermill.execute_notebook(notebook, executed, parameters, cwd=ROOT, **quiet)
    return write_report(executed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=42)
    seed = parser.parse_args().seed
    demo = ROOT / f"data/demo-{seed}"

    print(f"1/4  simulating echocardiograms in {demo}", flush=True)
    write_corpus(demo, DEMO, seed)
    where = {"results_dir": f"{demo}/results/inference_output", "raw_data_dir": f"{demo}/raw_data"}
    counts = {"max_high_quality": 40, "max_low_quality": 40, "seed": seed}
    dataset = {**where, **counts, "num_synthetic": 40, "output_dir": f"{demo}/training_data_enhanced"}
    print("2/4  selection: what would be chosen", flush=True)
    run_stage("selection", {**where, **counts})
    print("3/4  degradation: what it does to some of the clips", flush=True)
    run_stage("degradation", {"input_dir": where["raw_data_dir"], "seed": seed})
    print("4/4  dataset: choosing, degrading, writing", flush=True)
    report = run_stage("dataset", dataset)

    build = build_dataset(DatasetSettings(**dataset))
    print(f"\ndataset  {build.output_dir}\nreport   {report.with_suffix('.ipynb')}\n         {report}\n")
    print(count_files(build).to_string())


if __name__ == "__main__":
    main()
