"""The main job on simulated data: what `make demo` runs.

python tools/demo.py --seed 42
"""

import argparse
from pathlib import Path

import papermill
from report import write_report

from echoquality.dataset import CSV, DatasetSettings, build_dataset, count_files
from echoquality.phantom import DEMO, write_corpus
from echoquality.training import TrainingSettings, summary, train

ROOT = Path(__file__).resolve().parent.parent
SMALL = {  # two minutes on two cores, where the defaults take hours
    **{"architecture": "mc3_18", "image_size": 56, "frames": 16, "epochs": 4, "learning_rate": 3e-4},
    **{"model_weights": "", "resume": True},
}


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

    print(f"1/5  simulating echocardiograms in {demo}", flush=True)
    write_corpus(demo, DEMO, seed)
    where = {"results_dir": f"{demo}/results/inference_output", "raw_data_dir": f"{demo}/raw_data"}
    counts = {"max_high_quality": 80, "max_low_quality": 80, "seed": seed}
    dataset = {**where, **counts, "num_synthetic": 80, "output_dir": f"{demo}/training_data_enhanced"}
    print("2/5  selection: what would be chosen", flush=True)
    run_stage("selection", {**where, **counts})
    print("3/5  degradation: what it does to some of the clips", flush=True)
    run_stage("degradation", {"input_dir": where["raw_data_dir"], "seed": seed})
    print("4/5  dataset: choosing, degrading, writing", flush=True)
    reports = [run_stage("dataset", dataset)]
    print("5/5  training: a small network on small clips, from random weights", flush=True)
    training = {**SMALL, "seed": seed, "annotations_csv": f"{demo}/training_data_enhanced/{CSV}"}
    training |= {"output_dir": f"{demo}/trained_model", "store_dir": f"{demo}/clip_store"}
    training |= {"tracking_uri": f"sqlite:///{demo}/mlflow.db"}
    reports.append(run_stage("training", training))

    build = build_dataset(DatasetSettings(**dataset))
    print(f"\ndataset  {build.output_dir}\n{count_files(build).to_string()}\n")
    print(summary(train(TrainingSettings(**training))), end="\n\n")
    print(*(f"report   {report.with_suffix('.ipynb')}\n         {report}" for report in reports), sep="\n")


if __name__ == "__main__":
    main()
