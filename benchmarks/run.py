"""The benchmarks: one Markdown table of ratios, each pair measured side by side.

python benchmarks/run.py            at full scale; the inputs are made once, in data/bench
python benchmarks/run.py --quick    builds from the demo's corpus
python benchmarks/run.py --only grey synthetic

Timings are not tests: a missed target is shown, and the exit status is 0.
"""

import argparse
import json
import shutil
import sys
from collections import deque
from contextlib import contextmanager, redirect_stdout
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import cv2
import evaluation
import exploring
import numpy as np
import reviewing
import training
from measure import HEAD, Row, fresh, interleaved, seconds
from pydicom import dcmread
from pydicom.data import get_testdata_file

from echoquality import (
    convert,
    core,
    dataset,
    degradation,
    derived,
    dicom,
    formats,
    layouts,
    results,
    safe_files,
    selection,
)
from echoquality.corpus import DEMO, FULL, write_corpus
from echoquality.workers import cores, parallel

ROOT = Path(__file__).resolve().parent.parent
CINE = "color3d_jpeg_baseline.dcm"  # of pydicom-data: 120 frames of 480 × 640, JPEG in colour
SINGLE = [degradation.draw_degradation(core.generator(1, kind), (kind,)) for kind in degradation.KINDS[:-1]]
FASTER = 1 / 1.6  # of the time of one worker, for two of them on two cores
EVERY = [*SINGLE, degradation.Degradation(operations=[each.operations[0] for each in SINGLE])]


@contextmanager
def one_thread():
    "One worker is one core: in its own process OpenCV would use them all, and the second worker would gain nothing."
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


def build(corpus: Path, counts: dict, workers: int) -> tuple[int, float]:
    "Build a dataset into a new folder: the number of its files, and the seconds of the second pass."
    places = {"raw_data_dir": corpus / "raw_data", "results_dir": corpus / "results/inference_output"}
    places["index_dir"] = None  # with an index the second build would find what the first found out
    with one_thread(), TemporaryDirectory(dir=corpus.parent) as folder:
        output = Path(folder) / "dataset"
        settings = dataset.DatasetSettings(**places, **counts, output_dir=output, workers=workers)
        files = len(dataset.build_dataset(settings).samples)
        first, last = (output / name for name in ("validation_set", dataset.MANIFEST))  # made by the second pass
        return files, last.stat().st_mtime - first.stat().st_mtime


def builds(work: Path, quick: bool) -> list[Row]:
    "Seconds per clip, and memory, of whole builds with 2 workers and with 1."
    corpus, (high, low) = work / ("demo" if quick else "full"), (40, 40) if quick else (800, 300)
    if not results.summary_path(corpus / "results/inference_output").exists():  # written last
        write_corpus(corpus, DEMO if quick else FULL)
    for path in filter(Path.is_file, (corpus / "raw_data").rglob("*")):
        path.read_bytes()  # so that neither of the two finds the disk's cache colder
    counts = {"max_high_quality": high, "max_low_quality": low, "num_synthetic": low}
    jobs = {n: partial(fresh, build, corpus, counts, n) for n in (2, 1)}
    turns = list(interleaved(jobs, 2).values())
    clips = turns[0][0].value[0]
    whole = [min(run.seconds for run in runs) / clips for runs in turns]
    second = [min(run.value[1] for run in runs) / clips for runs in turns]
    what = f"build of {clips} clips by 2 workers / by 1"
    return [
        Row(f"{what}: whole", "s/clip", *whole, FASTER),
        Row(f"{what}: second pass", "s/clip", *second, FASTER),
        Row(f"{what}: peak memory of all processes", "MB", *(max(run.tree for run in runs) for runs in turns)),
    ]


def rewrite(source: Path, target: Path) -> None:
    "The least work of degrading a clip: read, find the sector, decode in colour, encode, write."
    header = dicom.read_header(source)
    dicom.clip_sector(source, header)
    shape = (dicom.frame_count(header), header.Rows, header.Columns, 3)
    derived.write_clip(target, derived.derived_header(header, shape, "", []), dicom.iter_frames(source, grey=False))


def synthetic(cine: Path, work: Path, repeats: int) -> list[Row]:
    "Degraded clips, and each operation alone, against the same clip rewritten: milliseconds per megapixel."
    frames, mask = dicom.read_frames(cine, grey=False), dicom.clip_sector(cine, dicom.read_header(cine)).mask
    with TemporaryDirectory(dir=work) as folder:
        target = Path(folder) / "clip.dcm"
        jobs = {"": partial(rewrite, cine, target)}
        jobs |= {d.kind: partial(degradation.degrade_file, cine, target, d) for d in EVERY}
        jobs |= {f"{d.kind} alone": lambda d=d: deque(degradation.degrade_frames(frames, mask, d), 0) for d in EVERY}
        times = interleaved({name: partial(seconds, job) for name, job in jobs.items()}, repeats)
    best = {name: min(each) * 1e9 / (mask.size * len(frames)) for name, each in times.items()}
    floor, what = best.pop(""), "synthetic clip / the clip rewritten"
    return [Row(f"{what}: {name}", "ms/MP", ms, floor, None if "alone" in name else 1.5) for name, ms in best.items()]


def decode_all(cine: Path) -> None:
    "The baseline of grey decoding: `pixel_array`."
    dcmread(cine).pixel_array  # noqa: B018


def stream(cine: Path) -> None:
    "Decode grey, a frame at a time, keeping none."
    deque(dicom.iter_frames(cine), 0)


def grey(cine: Path, repeats: int) -> list[Row]:
    "Grey frames against `pixel_array`: seconds, and growth of a fresh process."
    jobs = {"iter_frames": stream, "read_frames": dicom.read_frames, "pixel_array": decode_all}
    times = interleaved({name: partial(seconds, job, cine) for name, job in jobs.items()}, repeats)
    least, rows = {name: min(each) for name, each in times.items()}, []
    grown = {name: fresh(job, cine).growth for name, job in jobs.items()}
    for name, share in (("iter_frames", 1 / 10), ("read_frames", None)):  # read_frames returns a third of it
        what = f"grey {name} / pixel_array"
        rows.append(Row(f"{what}: time", "s", least[name], least["pixel_array"], 1 / 5))
        rows.append(Row(f"{what}: peak memory above imports", "MB", grown[name], grown["pixel_array"], share))
    return rows


def write_summary(results_dir: Path, folders: int = 1000, files: int = 1000) -> None:
    "A summary.json of a million rows; half of them clearly good and a fifth clearly bad, as in the full corpus."
    rng, entries = np.random.default_rng(42), []
    for folder in range(folders):
        rows, scores = {}, np.interp(rng.random(files), [0, 0.2, 0.5, 1], [0, 0.1, 0.95, 1]).round(4).tolist()
        for score in scores:
            name, (status, assessment) = f"1.2.840.113619.2.{folder}.{rng.integers(10**12)}", results.assess(score)
            path = f"raw_data/Study-{folder}/{name}"
            rows[name] = {"score": score, "status": status, "assessment": assessment, "path": path}
        entries.append({"folder": f"Study-{folder}", "status": "success", "num_files": files, "results": rows})
    safe_files.write_text(results.summary_path(results_dir), json.dumps({"folder_results": entries}, indent=1))


def parse(results_dir: Path) -> None:
    "The baseline of loading results: `json.loads`."
    json.loads(results.summary_path(results_dir).read_text(encoding="utf-8"))


def select(results_dir: Path) -> None:
    "Load and check results, find the candidates, and rank those of each class."
    settings = selection.SelectionSettings(results_dir=results_dir)
    chosen = selection.candidates(results.read_results(results_dir), settings)
    for label in selection.LABELS:
        selection.rank(chosen[chosen["label"] == label], settings.seed)


def million(work: Path, repeats: int) -> list[Row]:
    "A million results: seconds against parsing the JSON, and peak memory."
    results_dir = work / "million"
    if not results.summary_path(results_dir).exists():
        write_summary(results_dir)
    jobs = {job.__name__: partial(fresh, job, results_dir) for job in (select, parse)}
    ours, floor = interleaved(jobs, repeats).values()
    times = (min(run.seconds for run in runs) for runs in (ours, floor))
    peak, what = max(run.peak for run in ours), "1,000,000 results read, checked and ranked"
    rows = [Row(f"{what} / json.loads: time", "s", *times, 4)]
    return [*rows, Row(f"{what} / 2 GiB: peak memory", "MB", peak, 2**31 / 1e6, 1)]


def handle(number: int, cine: Path, folder: Path, made: degradation.Degradation | None) -> None:
    "A worker's job: open a clip, and write it, degraded or (None) copied."
    root, row = cine.parent.parent, SimpleNamespace(folder=cine.parent.name, file_id=cine.name, path=cine.name)
    sample = {"synthetic": made is not None, "degradation": str(made), "video_path": f"{number}.dcm"}
    digest, why = dataset.write_sample({**selection.probe(row, root), **sample}, root, folder)
    assert digest, why


def work_on(cine: Path, folder: Path, number: int) -> None:
    "Open and degrade a clip `number` times."
    for i, each in enumerate((number * EVERY)[:number]):
        handle(i, cine, folder, each)


def worker(cine: Path, work: Path) -> list[Row]:
    "The growth of a worker's memory above its imports, by the number of synthetic clips that it writes."
    header, rows = dicom.read_header(cine), []
    allowed = 30 + 2 * dicom.frame_count(header) * header.Rows * header.Columns / 1e6
    for number in (3, 12):
        with TemporaryDirectory(dir=work) as folder:
            growth = fresh(work_on, cine, Path(folder), number).growth
        what = f"worker that writes {number} synthetic clips / 30 MB + 2 grey clips: peak memory above imports"
        rows.append(Row(what, "MB", growth, allowed, 1))
    return rows


def rate(cine: Path, work: Path, made: degradation.Degradation | None, workers: int, clips: int = 24) -> float:
    "Seconds per clip, opened and written."
    with one_thread(), TemporaryDirectory(dir=work) as folder:
        job = partial(handle, cine=cine, folder=Path(folder), made=made)
        return seconds(lambda: deque(parallel(job, list(range(clips)), workers, "clips"), 0)) / clips


def rates(cine: Path, work: Path, repeats: int) -> list[Row]:
    "Seconds for a clip of a real size, opened and written, by 2 workers and by 1."
    rate(cine, work, None, 2)  # starts the workers
    rows = []
    for name, made in {"copied": None, "degraded, combined": EVERY[-1]}.items():
        found = interleaved({n: partial(rate, cine, work, made, n) for n in (2, 1)}, repeats)
        best = (min(found[n]) for n in (2, 1))
        rows.append(Row(f"cine opened and {name}, by 2 workers / by 1", "s/clip", *best, FASTER))
    return rows


def write_sources(cine: Path, folder: Path) -> list[str]:
    "The clip as a video in colour (Motion JPEG), as a small one, as of EchoNet, and as a grey array; their names."
    frames = dicom.read_frames(cine, grey=False)
    small = [cv2.resize(frame, (112, 112), interpolation=cv2.INTER_AREA) for frame in frames]
    for name, pictures in {"clip.avi": frames, "small.avi": small}.items():
        size = pictures[0].shape[1::-1]
        video = cv2.VideoWriter(str(folder / name), cv2.VideoWriter.fourcc(*"MJPG"), 25, size)
        for picture in pictures:
            video.write(picture[..., ::-1])
        video.release()
    np.save(folder / "clip.npy", frames.max(3))
    return ["clip.avi", "small.avi", "clip.npy"]


def decode_and_encode(path: Path) -> None:
    "The least work of converting a file: decode each frame, and encode it."
    with formats.open_images((path,), path.parent) as images:
        for frame in images.frames():
            derived.encode_rle(frame)


def convert_one(path: Path, output: Path) -> None:
    "Convert a file, its fan and its hash included."
    row = convert.convert_clip((layouts.ClipSource((path.name,), "clip"), "clip.dcm"), path.parent, output, "files")
    assert row["file"], row["reason"]
    (output / "clip.dcm").unlink()


def converting(cine: Path, work: Path, repeats: int) -> list[Row]:
    "Files that are not DICOM converted, against decoding and encoding alone."
    rows = []
    with one_thread(), TemporaryDirectory(dir=work) as folder:
        folder = Path(folder)
        for name in write_sources(cine, folder):
            jobs = {"ours": partial(seconds, convert_one, folder / name, folder)}
            times = interleaved(jobs | {"least": partial(seconds, decode_and_encode, folder / name)}, repeats)
            best = (min(times[each]) for each in ("ours", "least"))
            rows.append(Row(f"{name} converted / decoded and encoded", "s", *best, 1.5))
    return rows


MEASURED = {
    "grey": lambda cine, work, options: grey(cine, options.repeats),
    "synthetic": lambda cine, work, options: synthetic(cine, work, options.repeats),
    "worker": lambda cine, work, options: worker(cine, work),
    "rates": lambda cine, work, options: rates(cine, work, min(options.repeats, 3)),
    "million": lambda cine, work, options: million(work, min(options.repeats, 3)),
    "converting": lambda cine, work, options: converting(cine, work, options.repeats),
    "loading": lambda cine, work, options: training.loading(cine, work, options.repeats),
    "step": lambda cine, work, options: training.stepping(options.repeats),
    "store": lambda cine, work, options: training.storing(cine, work, options.repeats),
    "bootstrap": lambda cine, work, options: evaluation.bootstrapping(options.repeats),
    "scoring": lambda cine, work, options: evaluation.scoring(cine, work, options.repeats),
    "playing": lambda cine, work, options: exploring.playing(cine, work, options.repeats),
    "sliding": lambda cine, work, options: exploring.sliding(cine, work, options.repeats),
    "reviewing": lambda cine, work, options: reviewing.reviewing(cine, work),
    "builds": lambda cine, work, options: builds(work, options.quick),
}


def main() -> None:
    "The command line: prints the table."
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=ROOT / "data/bench", help="where the inputs are kept")
    parser.add_argument("--repeats", type=int, default=5, help="turns of each pair, of which the best counts")
    parser.add_argument("--quick", action="store_true", help="build from the demo's corpus, not the full one")
    parser.add_argument("--only", nargs="+", choices=[*MEASURED], default=[*MEASURED], help="what to measure")
    options = parser.parse_args()
    work = options.work.resolve()
    cine = work / "raw/cine/clip.dcm"
    cine.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(get_testdata_file(CINE, download=False), cine)
    with redirect_stdout(sys.stderr):  # progress is no part of the table
        rows = [row for name in options.only for row in MEASURED[name](cine, work, options)]
    print(f"{cores(0)} cores, {safe_files.canonical_json(core.provenance())}\n", HEAD, *rows, sep="\n")


if __name__ == "__main__":
    main()
