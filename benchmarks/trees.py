"""The growth of time and memory with the size of a tree: its index, two dry runs, and a build.

python benchmarks/trees.py                          1,000, 10,000 and 100,000 tiny files, made in a temporary folder
python benchmarks/trees.py --sizes 1000 --build     also builds the dataset
"""

import argparse
import shutil
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

import pandas as pd
from measure import fresh

from echoquality.corpus import clip_dataset
from echoquality.dataset import DatasetSettings, build_dataset
from echoquality.phantom import MACHINES, simulate_clip
from echoquality.probing import origins
from echoquality.score_table import read_scores

ZERO = 10**12  # first number: all have as many digits, so that one can replace another in a file
PER_PATIENT = 10  # files


def templates(count: int) -> list[bytes]:
    "Clips of all machines that differ in their pixels, with patient, study and file numbered 0."
    found, machines = [], list(MACHINES)
    for i in range(count):
        clip = clip_dataset(simulate_clip(i / count, machines[i % len(machines)], i, 2, (32, 40)))
        clip.PatientID, clip.StudyInstanceUID, clip.SOPInstanceUID = f"P{ZERO}", f"1.2.{ZERO}", f"1.2.3.{ZERO}"
        clip.file_meta.MediaStorageSOPInstanceUID = clip.SOPInstanceUID
        clip.save_as(buffer := BytesIO(), enforce_file_format=True)
        found.append(buffer.getvalue())
    return found


def numbered(clip: bytes, patient: int, file: int) -> bytes:
    "A clip of another patient, with a number of its own."
    for text, number in (("P{}", patient), ("1.2.{}", patient), ("1.2.3.{}", file)):
        clip = clip.replace(text.format(ZERO).encode(), text.format(ZERO + number).encode())
    return clip


def write_tree(folder: Path, files: int) -> None:
    "A tree of `files` files in folders of a patient each, and a table of scores."
    clips, rows = templates(200), []
    for i in range(files):
        place = folder / "raw" / f"{i // PER_PATIENT:07}"
        if not i % PER_PATIENT:
            place.mkdir(parents=True)
        name = place / f"{i:08}"
        name.write_bytes(numbered(clips[i * 7 % len(clips)], i // PER_PATIENT, i))
        rows.append((f"{place.name}/{name.name}", (0.97, 0.03, 0.97, 0.03, 0.5)[i % 5]))
    pd.DataFrame(rows, columns=["path", "score"]).to_csv(folder / "scores.csv", index=False)


def settings_of(folder: Path, **more) -> DatasetSettings:
    places = {"results_dir": folder / "scores.csv", "raw_data_dir": folder / "raw", "index_dir": folder / "index"}
    counts = {"max_high_quality": 20, "max_low_quality": 20, "num_synthetic": 10}
    return DatasetSettings(**places, **counts, output_dir=folder / "out", workers=2, **more)


def index(folder: Path) -> int:
    "Read every header."
    return len(origins(read_scores(settings_of(folder)), settings_of(folder)))


def dry_run(folder: Path) -> int:
    return len(build_dataset(settings_of(folder, dry_run=True)).samples)


def build(folder: Path) -> int:
    return len(build_dataset(settings_of(folder)).samples)


def measured(files: int, jobs: dict) -> Iterator[str]:
    "A line of the table for each job, on a tree that is made for it and removed."
    with TemporaryDirectory(prefix="trees-") as name:
        folder = Path(name)
        write_tree(folder, files)
        for what, job in jobs.items():
            found = fresh(job, folder)
            yield f"| {files:,} | {what} | {found.seconds:.1f} | {found.peak:.0f} | {found.tree:.0f} |"
        size = sum(path.stat().st_size for path in (folder / "index").iterdir())
        yield f"| {files:,} | size of the index: {size / 1e6:.1f} MB | | | |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--build", action="store_true", help="also build the dataset")
    args = parser.parse_args()
    if shutil.disk_usage(gettempdir()).free < 20_000 * max(args.sizes):
        parser.error(f"{gettempdir()} has less space than 20 kB a file")
    jobs = {"index": index, "first dry run": dry_run, "second dry run": dry_run}
    jobs |= {"build": build} if args.build else {}
    print("| files | what | s | MB | MB with workers |\n| --: | --- | --: | --: | --: |")
    for files in args.sizes:
        for line in measured(files, jobs):
            print(line, flush=True)


if __name__ == "__main__":
    main()
