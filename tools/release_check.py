"""Build and test a release: sdist, and from it the wheel; versions that agree; both installed.

python tools/release_check.py [folder that gets the files, dist by default]
"""

import ast
import os
import re
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

from packaging.metadata import Metadata

ROOT = Path(__file__).resolve().parent.parent


def versions() -> dict[str, str]:
    "The places of a version, and the version at each; the tag only of a commit that has one."
    settings = ConfigParser(delimiters=["="])
    settings.read(ROOT / "settings.ini", encoding="utf-8")
    body = ast.parse((ROOT / "echoquality/__init__.py").read_text("utf-8")).body
    package = next(node.value.value for node in body if isinstance(node, ast.Assign))
    notes = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)[1]
    cited = re.search(r"^version: (\S+)", (ROOT / "CITATION.cff").read_text("utf-8"), re.MULTILINE)[1]
    found = {"settings.ini": settings["DEFAULT"]["version"], "package": package, "CHANGELOG.md": notes}
    found["CITATION.cff"] = cited
    asked = ["git", "describe", "--tags", "--exact-match", "--match", "v[0-9]*"]
    tag = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True)
    return found | ({"tag": tag.stdout.strip().removeprefix("v")} if tag.returncode == 0 else {})


def run(*command: str | Path, **environment: str) -> str:
    done = subprocess.run(command, cwd=ROOT.anchor, env={**os.environ, **environment}, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return done.stdout


def try_installed(built: Path) -> None:
    "Install one file, without its dependencies (they are here), in a folder of its own; try its command and its pages."
    with TemporaryDirectory() as folder:
        run(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--target",
            folder, built)  # fmt: skip
        command = [sys.executable, "-P", Path(folder) / "bin/echoquality"]
        assert "evaluate" in run(*command, "--help", PYTHONPATH=folder)
        assert "copied" in run(*command, "notebooks", Path(folder) / "copy", PYTHONPATH=folder)
        pages = sorted(path.name for path in (Path(folder) / "copy").glob("0*.ipynb"))
        assert len(pages) == 7 and (Path(folder) / "echoquality/machines.yaml").is_file(), pages


def main(folder: Path) -> None:
    if len(set((said := versions()).values())) > 1:
        raise SystemExit(f"versions disagree: {said}")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder.resolve(), ROOT)
    name = f"echoquality-{said['package']}"
    sdist, wheel = folder / f"{name}.tar.gz", folder / f"{name}-py3-none-any.whl"
    with ZipFile(wheel) as archive:
        assert not [file for file in archive.namelist() if "experiments" in file], "experiments/ is not installed"
        metadata = Metadata.from_email(archive.read(f"{name}.dist-info/METADATA"), validate=True)
    assert {"all", "train"} <= set(metadata.provides_extra) and metadata.description.startswith("# echoquality")
    for built in (sdist, wheel):
        try_installed(built.resolve())
        print(f"{built}: {built.stat().st_size / 1e6:.1f} MB, version {said['package']}, installs and answers")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "dist")
