"""The benchmarks of training: loading clips, one step, the clip store. `run.py` runs them."""

import shutil
from collections import deque
from functools import partial
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import torch
from measure import Row, interleaved, seconds
from pydicom import dcmread
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.utils.data import DataLoader

from echoquality import batches, clips, dicom, model, store

CLIPS = 64


def copies(cine: Path, folder: Path) -> pd.DataFrame:
    "A table of copies of a cine, each with bytes of its own."
    files = [folder / f"{i}.dcm" for i in range(CLIPS)]
    for i, file in enumerate(files):
        shutil.copyfile(cine, file)
        with file.open("r+b") as out:
            out.write(f"{i:0128}".encode())  # in the preamble, which readers skip
    return pd.DataFrame({"file": files, "quality_score": [i % 2 for i in range(CLIPS)]})


def decode_again(file: Path) -> torch.Tensor:
    "A clip as earlier pipelines load it in every epoch: decode all, mask all, scale all, then take 16 frames."
    frames = dcmread(file).pixel_array
    masked = frames * dicom.clip_sector(file, dicom.read_header(file)).mask[..., None]
    small = np.stack([clips.fit_square(frame, clips.Form()) for frame in masked])
    return clips.model_input(torch.from_numpy(small[clips.Window().indices(len(small))])[None])


def epoch(table: pd.DataFrame, kept: store.ClipStore, augmented: bool) -> None:
    "All clips once, in batches, as training loads them."
    chosen = batches.ClipSet(table, kept, batches.Recipe(), training=True, augmented=augmented)
    deque(DataLoader(chosen, 8, sampler=batches.Share(len(table), 0, True)), 0)


def loading(cine: Path, work: Path, repeats: int) -> list[Row]:
    "An epoch's data loading, per clip."
    with TemporaryDirectory(dir=work) as folder:
        table = copies(cine, Path(folder))
        kept = store.build_store(list(table["file"]), Path(folder) / "store")
        jobs = {name: partial(seconds, epoch, table, kept, name == "augmented") for name in ("", "augmented")}
        jobs["again"] = partial(seconds, decode_again, table["file"][0])
        times = {name: min(found) for name, found in interleaved(jobs, repeats).items()}
    plain, augmented = (times[name] / CLIPS for name in ("", "augmented"))
    what = "a clip loaded from the store / decoded, masked and scaled again"
    return [
        Row(what, "s", plain, times["again"], 1 / 500),
        Row(f"{what}, with augmentation", "s", augmented, times["again"]),
    ]


def one_step(ours: bool, shape: tuple = (8, 16, 112, 112, 3)) -> partial:
    "A training step of r2plus1d_18 on black clips: our defaults, or plain float32."
    network = model.make_network().train()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network.to(device)
    if ours:
        network.to(memory_format=torch.channels_last_3d)
    optimizer = torch.optim.AdamW(network.parameters(), 1e-4)
    pixels = torch.zeros(shape, dtype=torch.uint8, device=device)
    labels = torch.ones(len(pixels), device=device)
    short = ours and batches.choose_hardware().precision == "bf16-mixed"

    def step() -> None:
        x = clips.model_input(pixels)
        with torch.autocast(device.type, torch.bfloat16, enabled=short):
            logits = network(x if ours else x.contiguous())[:, 0]
        binary_cross_entropy_with_logits(logits.float(), labels).backward()
        optimizer.step()
        optimizer.zero_grad()
        if device.type == "cuda":
            torch.cuda.synchronize()

    step()  # one-time work
    return partial(seconds, step)


def stepping(repeats: int) -> list[Row]:
    "A training step."
    times = interleaved({"ours": one_step(True), "plain": one_step(False)}, repeats)
    ours, plain = (min(times[name]) for name in ("ours", "plain"))
    return [Row("training step, r2plus1d_18, 8 clips: our defaults / float32", "s", ours, plain, 1 / 2.5)]


def storing(cine: Path, work: Path, repeats: int) -> list[Row]:
    "Building the store, and reading it."
    with TemporaryDirectory(dir=work) as folder:
        table = copies(cine, Path(folder))
        files, made = list(table["file"]), []

        def build() -> None:
            made.append(store.build_store(files, Path(folder) / f"store{len(made)}", workers=1))

        def decode() -> None:
            for file in files:
                deque(islice(dicom.iter_frames(file, grey=False), clips.Form().most), 0)

        times = interleaved({"build": partial(seconds, build), "decode": partial(seconds, decode)}, min(repeats, 3))
        kept, rng = made[0], np.random.default_rng(0)
        shards = [store._mapped(path) for path in sorted(kept.folder.glob("*.npy"))]
        starts, which = rng.integers(0, 32, 400), rng.integers(0, CLIPS, 400)
        window = clips.Window().indices(64)

        def read() -> None:
            for i, start in zip(which, starts, strict=True):
                kept.read(files[i], window + start)

        def bare() -> None:
            for i, start in zip(which, starts, strict=True):
                shard = shards[i % len(shards)]
                shard[start : start + 32 : 2].copy()

        access = interleaved({"ours": partial(seconds, read), "bare": partial(seconds, bare)}, 3 * repeats)
        size = sum(path.stat().st_size for path in kept.folder.glob("*.npy")) / CLIPS
    original = cine.stat().st_size
    best = {name: min(found) for name, found in {**times, **access}.items()}
    return [
        Row("random window from the store / from a bare memmap", "s", best["ours"] / 400, best["bare"] / 400, 2),
        Row("clip in the store (64 frames, 112×112, colour) / the cine's file", "MB", size / 1e6, original / 1e6),
        Row("store built / its frames decoded", "s", best["build"] / CLIPS, best["decode"] / CLIPS, 1.3),
    ]
