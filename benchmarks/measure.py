"""What the benchmarks are measured and shown with: seconds, memory, a table. For Linux: memory is read in /proc."""

import gc
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stdout, suppress
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import psutil
from joblib.externals.loky import get_reusable_executor


class Row(NamedTuple):
    "A line of the table: our figure, the one it is measured against, and the limit of their ratio."

    what: str
    unit: str
    ours: float
    against: float
    limit: float | None = None

    def __str__(self):
        ratio, figures = self.ours / self.against, [f"{n:.4g} {self.unit}" for n in (self.ours, self.against)]
        limit = ["", ""] if self.limit is None else [f"≤ {self.limit:g}", "yes" if ratio <= self.limit else "**no**"]
        return f"| {' | '.join([self.what, *figures, f'{ratio:.3f}', *limit])} |"


HEAD = "| what / against what | measured | against | ratio | target | met |\n| --- | --: | --: | --: | --: | --- |"


def seconds(job: Callable, *args) -> float:
    "The duration of a call in seconds."
    start = time.perf_counter()
    job(*args)
    return time.perf_counter() - start


def interleaved(jobs: dict[str, Callable], repeats: int) -> dict[str, list]:
    "The results of each job in each turn; every other turn goes backwards, so that drift evens out."
    found = {name: [] for name in jobs}
    for turn in range(repeats):
        for name in list(jobs)[:: -1 if turn % 2 else 1]:
            found[name].append(jobs[name]())
    return found


class Fresh(NamedTuple):
    "A call in a process of its own, and memory in MB."

    value: object
    seconds: float
    peak: float  # resident, of the process
    growth: float  # of that peak above what was resident after the imports
    tree: float = 0  # peak of the process and its children, sampled; what processes share counts once


def _status(name: str) -> float:
    # getrusage would not do: ru_maxrss starts at what the parent had, even in another program
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return 1024e-6 * next(int(line.split()[1]) for line in lines if line.startswith(name))


def _watched(job: Callable, args: tuple) -> Fresh:
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")  # forgets the peak of the imports
    before, start = _status("VmRSS"), time.perf_counter()
    with redirect_stdout(sys.stderr):  # progress is no part of the table
        value = job(*args)
    taken, peak = time.perf_counter() - start, _status("VmHWM")
    get_reusable_executor().shutdown(kill_workers=True)  # idle workers would hold up the end for five minutes
    return Fresh(value, taken, peak, peak - before)


def _tree(pid: int) -> float:
    "Memory of a process and all below it, in MB: proportional set size, so that shared pages count once."
    total = 0
    for process in (psutil.Process(pid), *psutil.Process(pid).children(recursive=True)):
        with suppress(psutil.Error):  # ended meanwhile
            total += process.memory_full_info().pss
    return total / 1e6


def fresh(job: Callable, *args) -> Fresh:
    "Call a function, importable by name, in a new process that has imported what this one has."
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        pid, tree = pool.submit(os.getpid).result(), 0
        future = pool.submit(_watched, job, args)
        while not future.done():
            tree = max(tree, _tree(pid))
            time.sleep(0.1)
        return future.result()._replace(tree=tree)
