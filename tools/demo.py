"""The whole circle on simulated data: what `make demo` runs.

python tools/demo.py --seed 42
"""

import argparse
from pathlib import Path

import pandas as pd
import papermill
import yaml

from echoquality.annotations import CSV
from echoquality.core import escape_output, write_text
from echoquality.corpus import DEMO, Corpus, write_corpus
from echoquality.dataset import DatasetSettings, build_dataset, count_files
from echoquality.evaluation import EvaluationSettings, evaluate
from echoquality.evaluation import summary as evaluation_summary
from echoquality.experts import show_agreement, simulated_grades
from echoquality.inference import InferenceSettings, infer
from echoquality.inference import summary as inference_summary
from echoquality.stage_report import NEW, write_report

ROOT = Path(__file__).resolve().parent.parent
RUNS = ROOT / "runs/index.html"
SMALL = {  # two minutes on two cores, where the defaults take hours
    **{"architecture": "mc3_18", "image_size": 56, "frames": 16, "epochs": 4, "learning_rate": 3e-4},
    **{"model_weights": "", "resume": True},
}
FRESH = Corpus({"affiniti50g": 3, "affiniti70g": 3, "epiq7": 3, "vivid": 4}, 6, 32, (120, 160))  # other patients
FEW = {"max_high_quality": 20, "max_low_quality": 20, "num_synthetic": 10, "kinds": ["physical"]}


def run_stage(stage: str, parameters: dict, name: str = "") -> None:
    "Execute a stage notebook with papermill; its report is runs/<name>.html. A failure leaves an earlier one alone."
    notebook = next((ROOT / "nbs").glob(f"[0-9][0-9]_{stage}.ipynb"))
    executed = ROOT / f"runs/{name or stage}{NEW}"
    executed.parent.mkdir(exist_ok=True)
    quiet = {"progress_bar": False, "extra_arguments": ["--log-level=ERROR"]}
    papermill.execute_notebook(notebook, executed, parameters, cwd=ROOT, **quiet)
    write_report(executed)


def write_experts(dataset: Path, truth: pd.DataFrame, seed: int) -> Path:
    "Grades of two simulated experts for the natural clips of a dataset, who see the true quality with an error."
    clips = pd.read_csv(dataset / CSV, dtype={"file_id": str})
    graded = clips[~clips["synthetic"]].merge(truth[["folder", "file_id", "quality"]], on=["folder", "file_id"])
    path = dataset.parent / "simulated_experts.csv"
    write_text(path, simulated_grades(graded, graded["quality"], seed).to_csv(index=False))
    return path


def write_explore(demo: Path, results: dict, dataset: Path, evaluation: dict) -> str:
    "Write the parameters that nbs/07_explore.ipynb takes for what the demo made; how to use them."
    predictions = Path(evaluation["output_dir"]) / "predictions.parquet"
    found = {**results, "annotations_csv": dataset / CSV, "predictions": predictions}
    found |= {"model": evaluation["model"], "reviews_csv": demo / "reviews.csv"}
    values = {name: str(Path(path).relative_to(ROOT)) for name, path in found.items()} | {"reviewer": "me"}
    write_text(demo / "explore.yaml", yaml.safe_dump(values, sort_keys=False))
    path = (demo / "explore.yaml").relative_to(ROOT)
    return f"explore  papermill nbs/07_explore.ipynb runs/explore.ipynb --prepare-only -f {path}; then `make lab`"


def agree(scores: pd.DataFrame, truth: pd.DataFrame, path: Path) -> str:
    "Draw scores against the true quality of simulated clips; what the picture says."
    both = scores.merge(truth[["folder", "file_id", "quality"]], on=["folder", "file_id"])
    figure = show_agreement(both["quality"], both["score"], both["machine_type"], "true quality of the simulated clip")
    figure.savefig(path, dpi=100)
    return f"{figure.axes[0].get_title()}, between true quality and score: {path}"


def main() -> None:
    escape_output()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=42)
    seed = parser.parse_args().seed
    demo = ROOT / f"data/demo-{seed}"

    print(f"1/8  simulating echocardiograms in {demo}", flush=True)
    truth = write_corpus(demo, DEMO, seed)
    where = {"results_dir": f"{demo}/results/inference_output", "raw_data_dir": f"{demo}/raw_data"}
    counts = {"max_high_quality": 80, "max_low_quality": 80, "seed": seed}
    dataset = {**where, **counts, "num_synthetic": 80, "output_dir": f"{demo}/training_data_enhanced"}
    print("2/8  selection: what would be chosen", flush=True)
    run_stage("selection", {**where, **counts})
    print(f"look     {RUNS}: all reports, from now on with each step one more", flush=True)
    print("3/8  degradation: what it does to some of the clips", flush=True)
    run_stage("degradation", {"input_dir": where["raw_data_dir"], "seed": seed})
    print("4/8  dataset: choosing, degrading, writing", flush=True)
    run_stage("dataset", dataset)
    print("5/8  training: a small network on small clips, from random weights", flush=True)
    same = {"annotations_csv": f"{demo}/training_data_enhanced/{CSV}", "store_dir": f"{demo}/clip_store"}
    same |= {"seed": seed, "tracking_uri": f"sqlite:///{demo}/mlflow.db", "resume": True}
    run_stage("training", {**SMALL, **same, "output_dir": f"{demo}/trained_model"})
    print("6/8  evaluation: what the model is worth, and where it fails", flush=True)
    model = f"{demo}/trained_model/model.safetensors"
    experts = write_experts(demo / "training_data_enhanced", truth, seed)
    evaluation = {**same, "model": model, "experts_csv": str(experts), "output_dir": f"{demo}/evaluation", "min_n": 5}
    run_stage("evaluation", evaluation)
    print("7/8  inference: the new model scores patients whom nobody has seen", flush=True)
    fresh = demo / "fresh"
    unseen = write_corpus(fresh, FRESH, seed + 1)
    scoring = {"raw_data_dir": f"{fresh}/raw_data", "model": model, "output_dir": f"{fresh}/scores", "resume": True}
    run_stage("inference", scoring)
    print("8/8  the circle closes: a second dataset, from the new model's scores", flush=True)
    second = {**FEW, "results_dir": scoring["output_dir"], "raw_data_dir": scoring["raw_data_dir"], "seed": seed}
    second |= {"output_dir": f"{fresh}/training_data_enhanced", "earlier_dir": dataset["output_dir"]}
    run_stage("dataset", second, "second_dataset")

    print(f"\nlook     {RUNS}: all reports, with their verdicts\n")
    inference = infer(InferenceSettings(**scoring))
    print(evaluation_summary(evaluate(EvaluationSettings(**evaluation, mlflow=False))), end="\n\n")
    print(inference_summary(inference), end="\n\n")
    print(agree(inference.scores, unseen, fresh / "agreement.png"), end="\n\n")
    for settings in (dataset, second):
        build = build_dataset(DatasetSettings(**settings))
        print(f"dataset  {build.output_dir}\n{count_files(build).to_string()}\n")
    print(write_explore(demo, where, demo / "training_data_enhanced", evaluation))


if __name__ == "__main__":
    main()
