"""Settings of pytest that hold for every test, and what the tests of a session share.

A corpus, a dataset and a clip store are slow to make, and most tests only read them. So each is made once a session,
by whichever of pytest-xdist's workers asks first. A test that changes one copies it first: at the end of the session
hashes tell, and it is an error.
"""

import csv
import json
import multiprocessing
import os
import select
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import IO

import pandas as pd
import pytest
from filelock import FileLock
from hypothesis import settings

from echoquality.safe_files import sha256


def pytest_addoption(parser) -> None:
    parser.addoption("--start-method", help="how processes start: spawn, as on macOS and Windows (else: as usual)")


def pytest_configure(config) -> None:
    "No timed assertions; of hypothesis's examples a quarter, unless every repetition is asked for: `-m ''`."
    if method := config.getoption("--start-method"):
        multiprocessing.set_start_method(method)
    settings.register_profile("echoquality", deadline=None, max_examples=25 if config.option.markexpr else 100)
    settings.load_profile("echoquality")


def pytest_make_parametrize_id(val, argname: str) -> str | None:
    "Bytes are named by their parameter: what is compressed holds the second, and workers must collect the same names."
    return argname if isinstance(val, bytes) else None


@pytest.hookimpl(tryfirst=True)  # before `-m` chooses
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    "What needs a corpus, what was built from it, or a training, is slow."
    for item in items:
        if {"corpus", "dataset", "store", "trained"} & set(item.fixturenames):
            item.add_marker(pytest.mark.slow)


def _hashes(folder: Path) -> dict[str, str]:
    "Every file below a folder, locks aside, and its hash."
    files = [path for path in folder.rglob("[!.]*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): sha256(path) for path in files}


@pytest.fixture(scope="session")
def shared(tmp_path_factory) -> Iterator[Callable[[str, Callable[[Path], object]], Path]]:
    "shared(name, make): the folder that `make(folder)` filled, once in a session. It is for reading."
    own, hashes = tmp_path_factory.getbasetemp(), {}
    base = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "shared"  # a worker's is below the session's
    base.mkdir(exist_ok=True)

    def once(name: str, make: Callable[[Path], object]) -> Path:
        folder, made = base / name, base / f"{name}.json"
        with FileLock(base / f"{name}.lock"):
            if not made.exists():
                make(folder)
                made.write_text(json.dumps(_hashes(folder)))
            hashes[folder] = json.loads(made.read_text())
        return folder

    yield once
    for folder, before in hashes.items():
        changed = sorted(dict(before.items() ^ _hashes(folder).items()))
        assert not changed, f"a test changed what all tests share; it must copy {folder} first: {', '.join(changed)}"


@contextmanager
def _index(file: Path) -> Iterator[None]:
    "An index of headers of one's own: what a test finds out must not answer for another."
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("echoquality.header_index.FILE", str(file))
        yield


@pytest.fixture(scope="session", autouse=True)
def session_index(tmp_path_factory) -> Iterator[None]:
    with _index(tmp_path_factory.mktemp("index") / "headers.sqlite"):
        yield


@pytest.fixture(autouse=True)
def test_index(request, tmp_path_factory) -> Iterator[None]:
    "It begins empty, or, in tests with the `corpus`, with what a build finds in its files."
    file = tmp_path_factory.mktemp("index") / "headers.sqlite"
    if "corpus" in request.fixturenames:
        shutil.copy(request.getfixturevalue("known"), file)
    with _index(file):
        yield


@pytest.fixture
def review() -> Callable:
    "review(path, clip, new, who): append a decision on a clip, a row or (folder, file_id), to a review file."
    from echoquality.reviews import REVIEW

    def write(path: Path, clip, new: str, who: str = "ana") -> None:
        folder, file_id = clip if isinstance(clip, tuple) and len(clip) == 2 else (clip.folder, clip.file_id)
        with open(path, "a", newline="", encoding="utf-8") as file:
            lines = csv.writer(file, lineterminator="\n")
            lines.writerows([] if file.tell() else [REVIEW])
            lines.writerow([who, datetime.now(UTC).isoformat(), file_id, "", new, "", folder])

    return write


@pytest.fixture
def studied(tmp_path) -> Callable:
    "studied(command): the study that an `echoquality review` command, as a report shows it, makes."
    from echoquality.parameters import from_command_line
    from echoquality.review_page import made_study
    from echoquality.settings import ReviewSettings
    from echoquality.study import read_study

    def make(command: str):
        program, name, *words = shlex.split(command)
        assert (program, name) == ("echoquality", "review")
        own = ["--output-dir", str(tmp_path / "study"), "--index-dir", "", "--workers", "1"]
        return read_study(made_study(from_command_line(ReviewSettings, [*words, *own])))

    return make


@pytest.fixture(scope="session")
def known(shared, corpus) -> Path:
    "The index after builds from the corpus: to probe its files takes most of the time of a build."
    from echoquality.dataset import build_dataset, simulated_settings

    def make(folder: Path) -> None:
        folder.mkdir()
        with _index(folder / "headers.sqlite"):
            for hidden in (False, True):  # without identity, other things are asked of a file
                place = {"private_dir": folder / "private", "deidentify": hidden}
                build_dataset(simulated_settings(corpus, folder / "out", dry_run=True, **place))

    return shared("known", make) / "headers.sqlite"


@pytest.fixture(scope="session")
def corpus(shared) -> Path:
    "A small simulated corpus: raw_data/ and results/inference_output/."
    from echoquality.corpus import TINY, write_corpus

    return shared("corpus", lambda folder: write_corpus(folder, TINY, seed=1, workers=1))


@pytest.fixture(scope="session")
def dataset(shared) -> Path:
    "The table of a simulated dataset; two folders above it is the corpus that it was built from."
    from echoquality.annotations import CSV
    from echoquality.corpus import SMALL, write_corpus
    from echoquality.dataset import build_dataset, simulated_settings

    def make(folder: Path) -> None:
        write_corpus(folder, SMALL, seed=1, workers=1)
        build_dataset(simulated_settings(folder, folder / "training_data_enhanced", num_synthetic=16))

    return shared("dataset", make) / "training_data_enhanced" / CSV


@pytest.fixture(scope="session")
def store(shared, dataset) -> Path:
    "A folder with the clips of that dataset as they are trained on in tests: as small as can be."
    from echoquality.clips import Form
    from echoquality.store import build_store

    files = sorted(dataset.parent.rglob("*.dcm"))
    def make(folder: Path) -> None:
        for mask in ("motion", "fan"):
            build_store(files, folder, Form(size=16, most=8, mask=mask), workers=1)

    return shared("store", make)


@pytest.fixture
def dataset_copy(dataset, tmp_path) -> Path:
    "The same table in a copy of the dataset, for tests that change it."
    return shutil.copytree(dataset.parent, tmp_path / "dataset") / dataset.name


@pytest.fixture(scope="session")
def trained(shared, dataset, store) -> dict:
    "What evaluations in tests are asked: a small model that was trained on that dataset, without MLflow."
    from echoquality.training import TrainingSettings, train

    small = {"image_size": 16, "frames": 4, "epochs": 1, "learning_rate": 1e-3, "architecture": "mc3_18", "seed": 5}
    same = {"annotations_csv": dataset, "store_dir": store, "precision": "32", "workers": 1, "mlflow": False}

    def make(folder: Path) -> None:
        train(TrainingSettings(**small, **same, model_weights="", output_dir=folder))

    return {**same, "model": shared("trained", make) / "model.safetensors", "min_n": 2, "rounds": 100, "explained": 0}


@pytest.fixture(scope="session")
def small_training(dataset, store) -> dict:
    "Parameters of a training of that dataset that takes seconds, without MLflow; each test has its own output_dir."
    small = {"image_size": 16, "frames": 4, "epochs": 2, "learning_rate": 1e-3, "architecture": "mc3_18", "seed": 5}
    places = {"annotations_csv": dataset, "store_dir": store, "model_weights": ""}
    return {**small, **places, "precision": "32", "workers": 1, "mlflow": False}


NARROW = """
from echoquality.model import ARCHITECTURES, nn  # first: it loads torchvision
from torchvision.models.video import resnet


class Narrow(resnet.VideoResNet):
    def _make_layer(self, block, convolution, planes, blocks, stride=1):
        return super()._make_layer(block, convolution, planes // 8, blocks, stride)


def mc3_18(num_classes):
    convolutions = [resnet.Conv3DSimple] + [resnet.Conv3DNoTemporal] * 3
    network = Narrow(resnet.BasicBlock, convolutions, [2, 2, 2, 2], resnet.BasicStem)
    network.fc = nn.Linear(512 // 8, num_classes)
    return network


ARCHITECTURES["mc3_18"] = mc3_18
"""


@pytest.fixture(scope="module")
def narrow() -> Iterator[str]:
    """In a module that asks for it, mc3_18 has an eighth of its channels; the code that makes it so in other processes.

    Trainings take the same steps, and write and read the same files, in a fifth of the time. Not beside `trained`,
    whose model is whole.
    """
    from echoquality.model import ARCHITECTURES, _expected

    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(ARCHITECTURES, "mc3_18", None)  # to be put back
        exec(NARROW, {"__name__": "narrow"})
        _expected.cache_clear()
        yield NARROW
    _expected.cache_clear()


HOLD = """
import json, os, sys, time
from pathlib import Path

folder, ending, most, go = json.loads(os.environ["HELD"])


def hold(event, args):
    if event == "os.rename" and str(args[1]).startswith(folder) and str(args[1]).endswith(ending):
        while not os.path.exists(go) and sum(1 for _ in Path(folder).rglob(f"*{ending}")) >= most:
            time.sleep(0.01)


sys.addaudithook(hold)
"""


@pytest.fixture
def held(tmp_path_factory) -> Callable[..., AbstractContextManager[Path]]:
    """held(folder, ending, most=1): processes that start within stop as they are about to finish one file more than
    `most` with that ending below `folder`, until a file is at the path that is given. So a test that stops a job midway
    does not race against its end, however slow or quick the machine is.
    """

    @contextmanager
    def holding(folder: Path, ending: str, most: int = 1) -> Iterator[Path]:
        place = tmp_path_factory.mktemp("held")
        (place / "sitecustomize.py").write_text(HOLD)  # Python imports it wherever it starts
        with pytest.MonkeyPatch.context() as patched:
            patched.setenv("HELD", json.dumps([str(folder), ending, most, str(place / "go")]))
            patched.setenv("PYTHONPATH", str(place), prepend=os.pathsep)
            yield place / "go"

    return holding


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    "A browser, where there is one to drive."
    pytest.importorskip("selenium")
    sys.path.insert(0, str(Path(__file__).parent / "tools"))
    import browser

    if missing := browser.missing():
        pytest.skip(f"no browser to drive: {missing}")
    with browser.chromium(tmp_path_factory.mktemp("browser"), (1100, 900)) as driver:
        yield driver


@pytest.fixture(scope="session")
def asked() -> Callable[..., SimpleNamespace]:
    "asked(folder, clips, raw, **more): settings of a study in `folder`, not checked."

    def settings(folder: Path, clips: Path, raw: Path, **more) -> SimpleNamespace:
        usual = {"clips": clips, "raw_data_dir": raw, "output_dir": folder, "readers": ("R1", "R2"), "count": 0}
        usual |= {"by": "", "scale": "poor<good", "reasons": ("gain", "depth"), "calibration": "", "again": 0.25}
        usual |= {"overlap": 2, "blind": True, "whole_frame": False, "seed": 1, "adjudicate": False, "synthetic": 0.0}
        return SimpleNamespace(**usual | {"copies": "", "question": "", "index_dir": None, "workers": 1} | more)

    return settings


@pytest.fixture(scope="session")
def listed(asked) -> Callable[..., SimpleNamespace]:
    "listed(folder, number, **more): settings of a study of made-up files of four patients on two machines."

    def settings(folder: Path, number: int = 12, **more) -> SimpleNamespace:
        raw = folder / "raw"
        rows = [(f"S{n % 4}/clip{n}.dcm", f"P{n % 4}", ("vivid", "epiq7")[n % 2], n / number) for n in range(number)]
        for path, *_ in rows:
            (raw / path).parent.mkdir(parents=True, exist_ok=True)
            (raw / path).write_bytes(b"x" * 9)
        table = pd.DataFrame(rows, columns=["path", "patient", "machine", "score"])
        table.to_csv(folder / "list.csv", index=False)
        return SimpleNamespace(**vars(asked(folder / "review", folder / "list.csv", raw)) | more)

    return settings


@pytest.fixture(scope="session")
def answered() -> Callable[..., None]:
    "answered(folder, say, rounds, seconds): write the answers `say(reader, number, round)` to places without one."

    def write(folder: Path, say, rounds=("calibration", "first", "again", "adjudication"), seconds: float = 4) -> None:
        from echoquality.review_answers import ANSWERS
        from echoquality.study import read_answers, read_study

        study, said = read_study(folder), read_answers(folder)[0]
        done = {*zip(said["reader"], said["place"], strict=True)}
        known = json.loads((folder / "study.json").read_text())["reasons"]
        reasons = ";".join(each for each in ("gain", "depth") if each in known)
        (folder / "answers").mkdir(exist_ok=True)
        for index, reader in enumerate(study.readers):
            path, lines = folder / f"answers/{index:02}.csv", []
            mine = study.assigned[(study.assigned["reader"] == reader) & study.assigned["round"].isin(rounds)]
            for row in mine.itertuples():
                if (reader, row.place) not in done and (word := say(reader, row.number, row.round)):
                    when = f"2026-11-24T09:{row.place // 60 % 60:02}:{row.place % 60:02}+00:00"
                    what = f"{row.place},{row.number},{word},{reasons},,{seconds},{row.round},True"
                    lines.append(f"answer-{index}-{row.place},{when},{what}")
            head = [] if path.exists() else [",".join(ANSWERS)]
            with path.open("a") as file:
                file.write("".join(f"{line}\n" for line in [*head, *lines]))

    return write


WARM = """
import atexit, gc, json, os, runpy, select, signal, site, socket, sys, threading, warnings
from importlib import import_module

listening, pytest = (socket.socket(fileno=int(number)) for number in sys.argv[1:3])


def asked_for():
    return pytest not in select.select([listening, pytest], [], [])[0]  # else pytest has ended


if not asked_for():
    os._exit(0)
for name in sys.argv[3:]:
    import_module(name)
gc.freeze()
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
while True:
    if not asked_for():
        os._exit(0)
    asker = listening.accept()[0]
    if not os.fork():
        break
    asker.close()
listening.close()
pytest.close()

# One process waits, and tells what the kernel says of the end of the other, which is the command.
signal.signal(signal.SIGCHLD, signal.SIG_DFL)
message, streams, _, _ = socket.recv_fds(asker, 1 << 20, 3)
asked = json.loads(message)
if command := os.fork():
    for each in streams:
        os.close(each)
    asker.send(b"%d" % command)

    def follow():
        while said := asker.recv(1):
            os.kill(command, said[0])
        os.kill(command, signal.SIGKILL)

    if asked["tied"]:
        threading.Thread(target=follow, daemon=True).start()
    asker.send(b"%d" % os.waitstatus_to_exitcode(os.waitpid(command, 0)[1]))
    os._exit(0)
asker.close()
if asked["group"]:
    os.setsid()
os.chdir(asked["cwd"])
os.environ.clear()
os.environ.update(asked["env"])
for number, stream in enumerate(streams):
    os.dup2(stream, number)
    os.close(stream)
# Those of before know what they were opened on: whether it has an end, say.
coded = os.environ.get("PYTHONIOENCODING") or None
sys.stdin, sys.stdout, sys.stderr = (open(i, "rww"[i], -1 if i == 1 else 1, coded, closefd=False) for i in range(3))
sys.stderr.reconfigure(errors="backslashreplace")
sys.path[:0] = [each for each in os.environ.get("PYTHONPATH", "").split(os.pathsep) if each]
site.execsitecustomize()  # `held`
module, *sys.argv[1:] = asked["words"]
if module == "ipykernel_launcher":  # it tells matplotlib by its environment, which is read when that is loaded
    import matplotlib
    matplotlib.rcParams["backend"] = "module://matplotlib_inline.backend_inline"
warnings.filterwarnings("ignore", ".*found in sys.modules", RuntimeWarning)  # it is what this is for
end = None
try:
    runpy.run_module(module, run_name="__main__", alter_sys=True)
except SystemExit as ended:
    end = ended.code
    if not isinstance(end, int | None):
        print(end, file=sys.stderr)
        end = 1
# As Python ends, but that what is loaded is not taken apart: that takes longer than to load it.
threading._shutdown()
atexit._run_exitfuncs()
sys.stdout.flush()
os._exit(end or 0)
"""

IN_PLACE_OF_PYTHON = """
import json, os, signal, socket, sys

name, *words = sys.argv[1:]
env = {name: value for name, value in os.environ.items() if name != "JPY_PARENT_PID"}  # a kernel's parent is another
with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
    server.connect("\\0" + name)
    asked = {"words": words, "cwd": os.getcwd(), "env": env, "tied": True, "group": words[0] == "ipykernel_launcher"}
    socket.send_fds(server, [json.dumps(asked).encode()], [0, 1, 2])
    server.recv(99)
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, lambda number, _: server.send(bytes([number])))
    status = int(server.recv(99))
if status < 0:
    if -status != signal.SIGKILL:
        signal.signal(-status, signal.SIG_DFL)
    os.kill(os.getpid(), -status)
os._exit(status)
"""


class Command:
    "A command that `warm` has started; what subprocess.Popen would say of it."

    def __init__(self, told: socket.socket):
        self._told, self.returncode = told, None
        self.pid = int(told.recv(99))

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            if not select.select([self._told], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout)
            with self._told:
                self.returncode = int(self._told.recv(99))
        return self.returncode

    def poll(self) -> int | None:
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def send_signal(self, how: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, how)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


@pytest.fixture(scope="session", autouse=True)
def warm_python(tmp_path_factory) -> Iterator[list[str]]:
    """[*warm_python, module, *options]: a command in place of `python -m module`, also in a test's `subprocess.run`.

    It is forked from a process that has loaded what stages load, which else takes most of the seconds; that process
    loads when it is first asked. So do the kernels of Jupyter that tests start, with papermill or without. Output,
    signals and exit statuses are those of the command: only its start is short.
    """
    name, place = f"echoquality-{os.getpid()}", tmp_path_factory.mktemp("warm")
    (place / "python.py").write_text(IN_PLACE_OF_PYTHON)
    instead = [sys.executable, "-IS", str(place / "python.py"), name]
    kernel = {"argv": [*instead, "ipykernel_launcher", "-f", "{connection_file}"], "language": "python"}
    (place / "kernels/python3").mkdir(parents=True)
    (place / "kernels/python3/kernel.json").write_text(json.dumps({**kernel, "display_name": "Python 3"}))
    stages = ("dataset", "training", "evaluation", "inference", "conformance", "command")
    loaded = [*(f"echoquality.{stage}" for stage in stages), "ipykernel.kernelapp", "papermill"]
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listening.bind(f"\0{name}")
    listening.listen()
    given = [theirs.fileno(), listening.fileno()]
    command = [sys.executable, "-c", WARM, str(listening.fileno()), str(theirs.fileno()), *loaded]
    env = {**os.environ, "OMP_NUM_THREADS": "1"}  # threads do not outlive a fork
    with subprocess.Popen(command, pass_fds=given, env=env, start_new_session=True), ours:
        theirs.close()
        listening.close()
        with pytest.MonkeyPatch.context() as patched:
            patched.setenv("JUPYTER_PATH", str(place), prepend=os.pathsep)
            yield instead


@pytest.fixture(scope="session")
def warm(warm_python) -> Callable[..., Command]:
    """warm([module, *options], log, cwd=None, group=False): a command as of `warm_python` that a test stops or kills.

    It writes what it prints to `log`, an open file, and is, as a `group`, the first of one; its pid is its own.
    """

    def start(words: list, log: IO, cwd: Path | None = None, group: bool = False) -> Command:
        asked = {"words": list(map(str, words)), "cwd": str(cwd or Path.cwd()), "group": group, "tied": False}
        asked["env"] = dict(os.environ)
        server = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        server.connect(f"\0{warm_python[-1]}")
        with open(os.devnull) as nothing:
            socket.send_fds(server, [json.dumps(asked).encode()], [nothing.fileno(), log.fileno(), log.fileno()])
        return Command(server)

    return start


@pytest.fixture
def free_port() -> int:
    "A port on loopback that is free, below those that the system gives to others meanwhile."
    for port in range(20_000 + os.getpid() * 7 % 10_000, 32_768):
        with suppress(OSError), socket.socket() as tried:
            tried.bind(("127.0.0.1", port))
            return port
    raise OSError("no port is free")
