"""Tests of an installation, in another folder than the repository.

make newest                installs by constraints-newest.txt into .newest, and runs this with that environment
make constraints-newest    installs without constraints, and renews that file

--without-networks    before PyTorch is there: the README's first page, from a CSV and a folder to a dataset
otherwise             every module is imported, and a clip is scored
"""

import re
import shlex
import subprocess
import sys
from importlib import import_module
from importlib.metadata import metadata
from importlib.util import find_spec
from pathlib import Path
from pkgutil import iter_modules
from tempfile import TemporaryDirectory

from pydicom import examples

import echoquality


def first_page() -> list[str]:
    "The commands of the README's first block, as the installation has them."
    block = re.search(r"^```bash\n(.*?)^```", metadata("echoquality").get_payload(), re.DOTALL | re.MULTILINE)[1]
    lines = [line.split("  #")[0].strip() for line in block.splitlines() if line.startswith("echoquality ")]
    return [line for line in lines if not line.startswith("echoquality review ")]  # review_round.py goes that way


def build_without_networks() -> None:
    from echoquality.corpus import TINY, write_corpus
    from echoquality.results import read_results

    if find_spec("torch"):
        raise SystemExit("PyTorch is installed; this tests an installation without it")
    with TemporaryDirectory() as folder:
        write_corpus(Path(folder), TINY, seed=1)
        scores = read_results(Path(folder) / "results/inference_output")[["path", "score"]]
        scores.to_csv(Path(folder) / "scores.csv", index=False)
        for line in [*first_page(), "echoquality degrade --input-dir /mnt/pacs/echo"]:
            words = shlex.split(line.replace("/mnt/pacs/echo", "raw_data"))
            words += ["--num-synthetic", "8"] if words[1] == "dataset" else []
            subprocess.run([Path(sys.executable).with_name(words[0]), *words[1:]], cwd=folder, check=True)
            print(f"{line}: done without PyTorch")


def import_and_score() -> None:
    from echoquality.clips import Form
    from echoquality.model import Model, load_model, make_network, save_model
    from echoquality.scoring import score_clip

    modules = [module.name for module in iter_modules(echoquality.__path__)]
    for module in modules:
        import_module(f"echoquality.{module}")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        save_model(Model(make_network("mc3_18"), "mc3_18", Form(size=56)), path)
        score = score_clip(examples.get_path("ybr_color"), load_model(path))
    if not 0 < score < 1:
        raise SystemExit(f"score_clip gave {score}, expected a number between 0 and 1")
    place = Path(echoquality.__file__).parent
    print(f"installed in {place}: {len(modules)} modules imported, a clip scored {score:.3f}")


if __name__ == "__main__":
    if "site-packages" not in Path(echoquality.__file__).parts:
        raise SystemExit(f"{echoquality.__file__}: not installed; run this in another folder than the repository")
    if "--without-networks" in sys.argv:
        build_without_networks()
    else:
        import_and_score()
