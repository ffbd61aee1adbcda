"""The benchmarks of the review page, in Chromium: what its reader waits for, and the memory of its server."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import cv2
import psutil
from measure import Row
from pydicom import dcmread
from pydicom.encaps import encapsulate

from echoquality import browser_clips, dicom

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))
import browser

TO_FIRST, TO_NEXT, OTHERS, MEMORY = 0.5, 0.1, 2.0, 500  # seconds, seconds, seconds, MB
READERS, LISTED = 8, 10_000
FIRST = "return performance.getEntriesByName('first frame').at(-1)?.duration"
PACE = """
const [seconds, done] = arguments, stage = document.getElementById('stage'), seen = [], start = performance.now();
function look() {
  const frame = Number(stage.dataset.frame);
  if (seen.at(-1) !== frame) seen.push(frame);
  if (performance.now() - start < 1000 * seconds) requestAnimationFrame(look);
  else done(seen);
}
requestAnimationFrame(look); """


def write_large(cine: Path, target: Path, count: int = 60, shape: tuple[int, int] = (600, 800)) -> None:
    "The first frames of the cine enlarged, as JPEG."
    frames = [cv2.resize(frame, shape[::-1]) for frame in dicom.iter_frames(cine, range(count), grey=False)]
    clip = dcmread(cine)
    clip.Rows, clip.Columns, clip.NumberOfFrames = *shape, count
    clip.pop("SequenceOfUltrasoundRegions", None)
    clip.PixelData = encapsulate([browser_clips.encoded(frame, 90) for frame in frames])
    clip.save_as(target)


def write_study(folder: Path, clip: Path, count: int, readers: int = 1) -> Path:
    "A study that shows one file `count` times under other numbers, to each reader others first."
    names = [f"reader {number}" for number in range(readers)]
    about = {"version": 1, "name": "benchmark", "scale": ["poor", "good"], "reasons": [], "blind": True}
    about |= {"whole_frame": False, "raw_data_dir": str(clip.parent), "readers": names}
    folder.mkdir()
    (folder / "study.json").write_text(json.dumps(about))
    rows = [f"{number},{clip.name},{clip.stat().st_size}" for number in range(count)]
    (folder / "clips.csv").write_text("\n".join(["number,path,size", *rows, ""]))
    shown = [
        f"{name},{place},{(place + first * count // readers) % count},first"
        for first, name in enumerate(names)
        for place in range(count)
    ]
    (folder / "assigned.csv").write_text("\n".join(["reader,place,number,round", *shown, ""]))
    return folder


@contextmanager
def served(study: Path) -> Iterator[tuple[subprocess.Popen, list[str]]]:
    "The server's process, and the links of its readers."
    words = [sys.executable, "-m", "echoquality", "review", str(study), "--port", "0"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        links = []
        while not (line := process.stdout.readline()).startswith("A link is a key"):
            links += re.findall(r"http://\S+", line)
        try:
            yield process, links[:-1]
        finally:
            process.kill()


def waiting(study: Path, folder: Path, keys: int = 20) -> tuple[float, float, float]:
    "Seconds to the first frame, the median from a key to the next one's, and the share of frames that were skipped."
    with served(study) as (_, links), browser.chromium(folder, (1300, 1000)) as driver:
        driver.get("about:blank")
        driver.get(links[0])
        while not (first := driver.execute_script(FIRST)):
            time.sleep(0.02)
        time.sleep(3)  # the next clips are fetched
        seen = driver.execute_async_script(PACE, 10)
        steps = [(b - a) % (max(seen) + 1) for a, b in pairwise(seen)]
        times = []
        for _ in range(keys):
            driver.execute_script("dispatchEvent(new KeyboardEvent('keydown', {key: 'g', bubbles: true}))")
            time.sleep(1.5)
            times.append(driver.execute_script(FIRST) / 1000)
    return first / 1000, sorted(times)[keys // 2], sum(step - 1 for step in steps) / sum(steps)


def first_piece(link: str) -> float:
    "A reader who follows a link and asks for three clips: the slowest one's seconds to its first frame."
    at, slowest = urlsplit(link), 0.0
    line = HTTPConnection(at.netloc, timeout=60)
    line.request("GET", f"{at.path}?{at.query}")
    answer = line.getresponse()
    answer.read()
    home, heads = answer.headers["location"], {"cookie": answer.headers["set-cookie"].partition(";")[0]}
    line.request("GET", f"{home}state", headers=heads)
    order = json.loads(line.getresponse().read())["order"]
    for number in order[:3]:
        start = time.perf_counter()
        line.request("GET", f"{home}clip/{number}", headers=heads)
        stream = line.getresponse()
        stream.read(10_000)  # the header, and the beginning of the first frame
        slowest = max(slowest, time.perf_counter() - start)
        stream.read()
    return slowest


def at_once(study: Path) -> tuple[float, float]:
    "Eight readers at once: the slowest first frame, in seconds, and the server's peak memory, in MB."
    with served(study) as (process, links), ThreadPoolExecutor(READERS) as many:
        server, peak = psutil.Process(process.pid), 0
        found = [many.submit(first_piece, link) for link in links]
        while not all(each.done() for each in found):
            peak = max(peak, server.memory_info().rss)
            time.sleep(0.05)
        return max(each.result() for each in found), peak / 1e6


def reviewing(cine: Path, work: Path) -> list[Row]:
    "The page and its server, of a clip of 120 frames of 480 × 640 and of one of 60 of 600 × 800."
    rows = []
    with TemporaryDirectory(dir=work) as folder:
        folder = Path(folder)
        large = folder / "large.dcm"
        write_large(cine, large)
        for name, clip in {"120 frames of 480 × 640": cine, "60 frames of 600 × 800": large}.items():
            if not browser.missing():
                study = write_study(folder / clip.stem, clip, 40)
                first, following, skipped = waiting(study, folder / f"browser-{clip.stem}")
                rows.append(Row(f"review page, {name}: link to first frame / target", "s", first, TO_FIRST, 1))
                rows.append(Row("from a key to the next clip's first frame / target", "s", following, TO_NEXT, 1))
                rows.append(Row("share of frames skipped in 10 s / one in 150", "", skipped, 1 / 150, 1))
        slowest, peak = at_once(write_study(folder / "many", cine, LISTED, READERS))
        rows.append(Row("8 readers at once, slowest first frame / what others wait at most", "s", slowest, OTHERS, 1))
        rows.append(Row("its server, a list of 10,000 clips, 8 readers / target: memory", "MB", peak, MEMORY, 1))
    return rows
