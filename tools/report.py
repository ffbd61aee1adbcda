"""Turn executed stage notebooks into HTML without code, in one file: their title, and what their Run section shows.

python tools/report.py runs/dataset.ipynb ...      writes runs/dataset.html
"""

import sys
from pathlib import Path

import nbformat
from nbconvert import HTMLExporter

from echoquality.core import escape_output, write_text


def write_report(executed: Path) -> Path:
    "Write the report beside an executed notebook; return its path."
    notebook = nbformat.read(executed, as_version=4)
    run = next(i for i, cell in enumerate(notebook.cells) if cell.source.startswith("## Run"))
    title = notebook.cells[0]
    title.source = title.source.split("\n\n")[0]
    shown = [cell for cell in notebook.cells[run + 1 :] if "progress" not in cell.metadata.get("tags", [])]
    notebook.cells = [title, *shown]
    exporter = HTMLExporter(exclude_input=True, exclude_input_prompt=True, exclude_output_prompt=True)
    exporter.mathjax_url = exporter.require_js_url = ""  # nothing is fetched from elsewhere
    html, _ = exporter.from_notebook_node(notebook, {"metadata": {"name": f"echoquality: {executed.stem}"}})
    write_text(executed.with_suffix(".html"), html)
    return executed.with_suffix(".html")


if __name__ == "__main__":
    escape_output()
    for argument in sys.argv[1:]:
        print(write_report(Path(argument)))
