"""Figures of the notebooks: cells, exported lines, and the share of definitions with an example or test.

python tools/cells.py

A cell that defines something public is *shown* if an example or a test follows it before the next exported cell.
"""

import ast
from pathlib import Path
from statistics import median

import nbformat
import pandas as pd

ROOT = Path(__file__).resolve().parent.parent


def is_exported(cell) -> bool:
    return cell.cell_type == "code" and cell.source.startswith("#| export")


def defines(cell) -> bool:
    "Whether a cell holds a function or a class."
    return any(isinstance(node, ast.FunctionDef | ast.ClassDef) for node in ast.parse(cell.source).body)


def is_shown(cells: list, place: int) -> bool:
    "Whether a live cell or a test follows the cell at a place, before the next exported one."
    for cell in cells[place + 1 :]:
        if cell.cell_type == "code":
            return not is_exported(cell) and not cell.source.startswith("#| eval: false")
    return False


def figures(path: Path) -> dict:
    "The figures of one notebook."
    cells = nbformat.read(path, as_version=4).cells
    exported = [i for i, cell in enumerate(cells) if is_exported(cell)]
    defining = [i for i in exported if defines(cells[i])]
    lines = [len(cells[i].source.splitlines()) - 1 for i in defining] or [0]
    found = {"notebook": path.relative_to(ROOT / "nbs").as_posix(), "cells": len(cells), "defining": len(defining)}
    shown = sum(is_shown(cells, i) for i in defining)
    return found | {"median lines": int(median(lines)), "longest": max(lines), "shown": shown}


def main() -> None:
    paths = [path for path in sorted((ROOT / "nbs").rglob("*.ipynb")) if ".ipynb_checkpoints" not in path.parts]
    table = pd.DataFrame(map(figures, paths)).set_index("notebook")
    table["share"] = (table["shown"] / table["defining"]).map("{:.0%}".format, na_action="ignore")
    print(table.to_string(na_rep=""))
    print(f"\nshown over all: {table['shown'].sum() / table['defining'].sum():.0%} of {table['defining'].sum()} cells")


if __name__ == "__main__":
    main()
