"""The benchmarks of evaluation and inference: the bootstrap, and scoring from DICOM files. `run.py` runs them."""

import shutil
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from measure import Row, interleaved, seconds
from pydicom import dcmread
from sklearn.metrics import roc_auc_score

from echoquality import clips, core, corpus, dicom, inference, metrics, model, phantom

ROUNDS = 1000


def table(rows: int = 100_000, groups: int = 5000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    "Labels, scores and groups at random; the groups differ."
    rng = core.generator(1, "bootstrap")
    group, label = rng.integers(0, groups, rows), rng.integers(0, 2, rows)
    return label, np.round(label + rng.normal(0, 1, rows) + rng.normal(0, 0.5, groups)[group], 3), group


def in_a_loop(labels: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    "The AUROC of each round by scikit-learn."
    return np.array([roc_auc_score(labels, scores, sample_weight=column) for column in weights.T])


def bootstrapping(repeats: int) -> list[Row]:
    "AUROC with its interval over groups, per round, against a loop of 20 rounds; and whether they agree."
    labels, scores, groups = table()
    few = metrics.bootstrap(lambda weights: weights, groups, rounds=20)  # the draws themselves, (n, 20)
    jobs = {
        "ours": partial(seconds, metrics.auroc_interval, labels, scores, groups, 0, ROUNDS),
        "loop": partial(seconds, in_a_loop, labels, scores, few),
    }
    times = {name: min(found) for name, found in interleaved(jobs, repeats).items()}
    ours, theirs = metrics.Ranking(labels, scores).auroc(few), in_a_loop(labels, scores, few)
    what = f"bootstrap of 100,000 rows, AUROC over groups, a round of {ROUNDS} / roc_auc_score in a loop"
    return [
        Row(what, "s", times["ours"] / ROUNDS, times["loop"] / few.shape[1], 1 / 10),
        Row("the same: largest difference of an AUROC / 1e-9", "", float(np.abs(ours - theirs).max()), 1e-9, 1),
    ]


def plainly(file: Path, scorer: model.Scorer) -> float:
    "Scores by a plain loop: decode all, mask all, scale all, float32, one clip at a time."
    frames = dcmread(file).pixel_array
    masked = frames * dicom.clip_mask(file, dicom.read_header(file))[..., None]
    small = np.stack([clips.fit_square(frame, clips.Form()) for frame in masked])
    with torch.inference_mode():
        return float(scorer(torch.from_numpy(small[clips.Window().indices(len(small))])[None])[0])


def studies(cine: Path, folder: Path, count: int = 24) -> list[Path]:
    "Half copies of a cine in JPEG, half simulated clips of its size, uncompressed and of any quality."
    files = [folder / f"Study-{i % 4}" / f"{i}.dcm" for i in range(count)]
    for i, file in enumerate(files):
        file.parent.mkdir(exist_ok=True, parents=True)
        if i % 2:
            clip = phantom.simulate_clip(i / count, "vivid", i, 60, (480, 640))
            corpus.clip_dataset(clip, i).save_as(file, enforce_file_format=True)
        else:
            shutil.copyfile(cine, file)
    return files


def sharp_model(path: Path) -> model.Model:
    "A network with random weights, whose scores are spread from 0 to 1, so that differences show."
    network = model.make_network("r2plus1d_18", seed=1)
    with torch.no_grad():
        network.fc.weight *= 30
    made = model.Model(network.eval(), "r2plus1d_18", clips.Form())
    model.save_model(made, path)
    return made


def scoring(cine: Path, work: Path, repeats: int) -> list[Row]:
    "Scoring files, per clip, and the largest difference of the scores."
    with TemporaryDirectory(dir=work) as name:
        folder, found = Path(name), {}
        files = studies(cine, folder / "raw")
        scorer = model.Scorer(sharp_model(folder / "model.safetensors")).eval()

        def ours() -> None:
            shutil.rmtree(folder / "out", ignore_errors=True)
            places = {"raw_data_dir": folder / "raw", "model": folder / "model.safetensors"}
            scores = inference.infer(inference.InferenceSettings(**places, output_dir=folder / "out")).scores
            found["ours"] = {Path(row.path).name: row.score for row in scores.itertuples()}

        def plain() -> None:
            found["plain"] = {file.name: plainly(file, scorer) for file in files}

        ours()  # starts the workers
        jobs = {job.__name__: partial(seconds, job) for job in (ours, plain)}
        times = {name: min(each) for name, each in interleaved(jobs, repeats).items()}
    worst = max(abs(found["ours"][name] - score) for name, score in found["plain"].items())
    spread = np.ptp(list(found["plain"].values()))
    return [
        Row("a clip scored from its file / in a plain loop", "s", *(t / len(files) for t in times.values()), 1 / 4),
        Row("the same: largest difference of a score / 0.02", "", worst, 0.02, 1),
        Row("the same: range of the scores / 1", "", float(spread), 1.0),
    ]
