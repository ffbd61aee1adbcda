"""Package metadata, read from settings.ini, so that name, version and requirements stand in one place."""

import shutil
from configparser import ConfigParser
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

here = Path(__file__).parent
config = ConfigParser(delimiters=["="])
config.read(here / "settings.ini", encoding="utf-8")
cfg = config["DEFAULT"]


def lines(name: str) -> list[str]:
    return cfg[name].split("\n")[1:]


class WithPages(build_py):
    "A wheel holds the notebooks, too: a stage is its page. What is installed to be edited finds them where they are."

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            pages = Path(self.build_lib) / cfg["lib_path"] / "pages"
            shutil.rmtree(pages, ignore_errors=True)
            ignored = shutil.ignore_patterns(".ipynb_checkpoints", "experiments")  # the latter run in a clone alone
            shutil.copytree(here / cfg["nbs_path"], pages, ignore=ignored)


extras = {name: lines(f"{name}_requirements") for name in ("train", "cluster", "onnx", "tables")}
extras["all"] = [line for extra in extras.values() for line in extra]
setup(
    name=cfg["lib_name"],
    version=cfg["version"],
    description=cfg["description"],
    long_description=(here / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    author=cfg["author"],
    license="MIT",
    packages=[cfg["lib_path"]],
    package_data={cfg["lib_path"]: ["machines.yaml", "severity_quality.csv", "report_template/*", "static/*"]},
    python_requires=f">={cfg['min_python']}",
    install_requires=lines("requirements"),
    extras_require={**extras, "dev": lines("dev_requirements") + extras["all"]},
    entry_points={"console_scripts": ["echoquality = echoquality.command:main"]},
    cmdclass={"build_py": WithPages},
)
