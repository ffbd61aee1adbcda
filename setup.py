"""Package metadata, read from settings.ini, so that name, version and requirements stand in one place."""

from configparser import ConfigParser
from pathlib import Path

from setuptools import setup

here = Path(__file__).parent
config = ConfigParser(delimiters=["="])
config.read(here / "settings.ini", encoding="utf-8")
cfg = config["DEFAULT"]


def lines(name: str) -> list[str]:
    return cfg[name].split("\n")[1:]


setup(
    name=cfg["lib_name"],
    version=cfg["version"],
    description=cfg["description"],
    author=cfg["author"],
    license="MIT",
    packages=[cfg["lib_path"]],
    package_data={cfg["lib_path"]: ["machines.yaml", "report_template/*"]},
    python_requires=f">={cfg['min_python']}",
    install_requires=lines("requirements"),
    extras_require={
        "cluster": lines("cluster_requirements"),
        "onnx": lines("onnx_requirements"),
        "dev": lines("dev_requirements") + lines("cluster_requirements") + lines("onnx_requirements"),
    },
)
