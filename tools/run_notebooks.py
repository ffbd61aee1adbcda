"""Execute notebooks in place and keep their outputs, for readers on the web.

python tools/run_notebooks.py [nbs/02_degradation.ipynb ...]

Cells marked `#| eval: false` (the Run sections) are left alone, as nbdev_test leaves them; those tagged
`skip-execution`, which papermill leaves alone, are executed. Widgets are not stored:
without a kernel they show nothing, and their state holds every frame.
"""

import os
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbdev.clean import clean_nb

ROOT = Path(__file__).resolve().parent.parent
os.environ["PYTHONPATH"] = str(ROOT)  # experiments/ is not installed
WIDGET = "application/vnd.jupyter.widget-view+json"


class LiveCells(NotebookClient):
    "Executes every code cell but those that say `eval: false`."

    async def async_execute_cell(self, cell, cell_index, *args, **kwargs):
        if "#| eval: false" in cell.source:
            return cell
        return await super().async_execute_cell(cell, cell_index, *args, **kwargs)


for path in [Path(p) for p in sys.argv[1:]] or sorted((ROOT / "nbs").rglob("*.ipynb")):
    notebook = nbformat.read(path, as_version=4)
    where = {"metadata": {"path": str(path.parent)}}
    quiet = {"extra_arguments": ["--log-level=ERROR"], "store_widget_state": False}
    LiveCells(notebook, timeout=300, skip_cells_with_tag="", resources=where, **quiet).execute()
    for cell in notebook.cells:
        if "outputs" in cell:
            cell.outputs = [each for each in cell.outputs if WIDGET not in each.get("data", {})]
    clean_nb(notebook, allowed_cell_metadata_keys=["tags"])
    nbformat.write(notebook, path)
    print(f"executed {path.name}")
