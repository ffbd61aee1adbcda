"""Turn executed stage notebooks into HTML without code, in one file: their title, and what their Run section shows.

python tools/report.py runs/dataset.new.ipynb ...

A run that succeeded is renamed to runs/dataset.ipynb, and its report is runs/dataset.html. One that failed, or was not
finished, stays where it is, and so does an earlier report; exit status 1.
"""

import sys
from itertools import dropwhile, islice, takewhile
from pathlib import Path

import nbformat
from nbconvert import HTMLExporter

from echoquality.core import escape_output, write_text

NEW = ".new.ipynb"  # what papermill writes until it is known to have succeeded


def failure(notebook: nbformat.NotebookNode) -> str:
    "Why papermill's execution of a notebook is no result; '' where it is one."
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                return f"failed: {output.ename}: {output.evalue}"
    return "" if notebook.metadata.get("papermill", {}).get("end_time") else "was not finished"


def run_section(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    "The cells between a page's headings Run and How it works."
    after = dropwhile(lambda cell: not cell.source.startswith("## Run"), notebook.cells)
    return list(takewhile(lambda cell: not cell.source.startswith("## How it works"), islice(after, 1, None)))


def write_report(executed: Path) -> Path:
    "Write the report of a run that succeeded, and return its path. Raises ValueError for another one."
    notebook = nbformat.read(executed, as_version=4)
    if why := failure(notebook):
        raise ValueError(f"{executed} {why}")
    if executed.name.endswith(NEW):
        executed = executed.replace(executed.with_name(executed.name.removesuffix(NEW) + ".ipynb"))
    title = notebook.cells[0]
    title.source = title.source.split("\n\n")[0]
    shown = [cell for cell in run_section(notebook) if "progress" not in cell.metadata.get("tags", [])]
    notebook.cells = [title, *shown]
    exporter = HTMLExporter(exclude_input=True, exclude_input_prompt=True, exclude_output_prompt=True)
    exporter.mathjax_url = exporter.require_js_url = ""  # nothing is fetched from elsewhere
    html, _ = exporter.from_notebook_node(notebook, {"metadata": {"name": f"echoquality: {executed.stem}"}})
    write_text(executed.with_suffix(".html"), html)
    return executed.with_suffix(".html")


def main(paths: list[str]) -> int:
    failed = 0
    for path in map(Path, paths):
        try:
            print(write_report(path))
        except (ValueError, OSError) as error:
            failed = 1
            print(f"error: {error}", file=sys.stderr)
    return failed


if __name__ == "__main__":
    escape_output()
    sys.exit(main(sys.argv[1:]))
