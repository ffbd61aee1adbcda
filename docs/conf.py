"""The site: `make docs` writes it to docs/_build/html, from the notebooks as they are stored; nothing is executed.

Sphinx reads the repository's root, so that links between notebooks, README and CHANGELOG are those of the files.
"""

import ast
import json
import re
from pathlib import Path

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.errors import SphinxError
from sphinx.ext.napoleon import Config, GoogleDocstring

import echoquality

ROOT = Path(__file__).resolve().parent.parent
WINGS = ("base", "reading", "phantom", "curation", "learning", "evidence", "looking", "command")  # in this order
PARTS = (*WINGS, "experiments")

project, author, release = "echoquality", "the echoquality authors", echoquality.__version__
extensions = ["myst_nb", "sphinx.ext.autodoc"]
root_doc = "docs/index"
include_patterns = ["docs/*.md", "docs/api/*.md", "nbs/*.ipynb", "nbs/**/*.ipynb", "*.md", "weights/*.md"]
exclude_patterns = [".*", "README.md", "data", "runs", "docs/_build", "**/.ipynb_checkpoints", "build", "dist"]

html_theme = "furo"
html_math_renderer = "mathml"  # browsers draw it without a script
html_title = f"echoquality {release}"
html_static_path = ["style.css"]
html_css_files = ["style.css"]
html_copy_source = html_show_sphinx = html_show_copyright = False

nb_execution_mode = "off"
nb_ipywidgets_js = {}  # widgets are not stored, and their scripts would be fetched
nb_merge_streams = True
nb_render_markdown_format = "myst"  # tables that a cell makes
nb_code_prompt_show, nb_code_prompt_hide = "Show the test", "Hide the test"
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
suppress_warnings = ["myst.header", "mystnb.unknown_mime_type"]

default_role = "code"  # docstrings quote code in one backtick
autodoc_typehints = "signature"
autodoc_inherit_docstrings = False
autodoc_default_options = {"member-order": "bysource", "undoc-members": True, "no-value": True}


def parts(wing: str) -> list[Path]:
    return sorted((ROOT / "nbs" / wing).rglob("*.ipynb"))


def subtitle(notebook: Path) -> str:
    "What stands below a notebook's title."
    first = "".join(json.loads(notebook.read_text("utf-8"))["cells"][0]["source"])
    return " ".join(line[2:] for line in first.splitlines() if line.startswith("> "))


def toctree(paths: list[str], option: str = "hidden:") -> str:
    return "\n".join(["```{toctree}", f":{option}", "", *paths, "```"])


def parts_page() -> str:
    "Every part in a line, by wing."
    text = ["# Parts", "What the pages stand on. Each part is a module, its documentation and its tests."]
    for wing in PARTS:
        text += [f"## {wing}", ""]
        text += [f"- [{each.stem}](../{each.relative_to(ROOT).as_posix()}): {subtitle(each)}" for each in parts(wing)]
        text += ["", toctree([f"../{each.relative_to(ROOT).as_posix()}" for each in parts(wing)])]
    return "\n".join(text)


def own_names(source: str) -> list[str]:
    "Of a module's public names those that it defines; a page's module passes on others, too."
    defined, public = set(), []
    for node in ast.parse(source).body:
        names = [each.id for each in getattr(node, "targets", []) if isinstance(each, ast.Name)]
        defined.update([node.name] if isinstance(node, ast.FunctionDef | ast.ClassDef) else names)
        public = ast.literal_eval(node.value) if "__all__" in names else public
    return [name for name in public if name in defined]


def module_section(module: str, source: str, notebook: str) -> str:
    "The public names of a module, and the notebook that explains them."
    members = f":members: {', '.join(own_names(source))}"
    reference = f"```{{eval-rst}}\n.. automodule:: echoquality.{module}\n   {members}\n```"
    return f"## {module}\n\nExplained, and tested, in [{notebook}](../../{notebook}).\n\n{reference}"


def write(path: Path, text: str) -> None:
    "Write a page if it says something new: what has not changed is not built again."
    path.parent.mkdir(exist_ok=True)
    if not path.exists() or path.read_text("utf-8") != text + "\n":
        path.write_text(text + "\n", encoding="utf-8")


def write_pages(app) -> None:
    "Write docs/parts.md, docs/api.md and docs/api/*.md, which are not committed."
    write(ROOT / "docs/parts.md", parts_page())
    sections = {wing: [] for wing in ("pages", *WINGS)}
    lines = ["# Reference", "Every public name, by module."]
    for path in sorted((ROOT / "echoquality").glob("[!_]*.py")):
        text = path.read_text("utf-8")
        if found := re.search(r"File to edit: \.\./(nbs/(?:(\w+)/)?\S+)\.$", text, re.MULTILINE):
            sections[found[2] or "pages"].append(module_section(path.stem, text, found[1]))
    for wing, texts in sections.items():
        write(ROOT / f"docs/api/{wing}.md", "\n\n".join([f"# {wing}", *texts]))
    write(ROOT / "docs/api.md", "\n\n".join([*lines, toctree([f"api/{wing}" for wing in sections], "maxdepth: 2")]))


def without_directives(app, docname: str, source: list[str]) -> None:
    "Leave out what is said to nbdev (`#| export`), and fold tests."
    if app.env.doc2path(docname).suffix != ".ipynb":
        return
    notebook = json.loads(source[0])
    for cell in notebook["cells"]:
        lines = cell["source"] if isinstance(cell["source"], list) else cell["source"].splitlines(keepends=True)
        if cell["cell_type"] == "code" and lines and lines[0].startswith("#|"):
            if lines[0].startswith("#| test"):
                cell["metadata"]["tags"] = [*cell["metadata"].get("tags", []), "hide-input"]
            cell["source"] = [line for line in lines if not line.startswith("#|")]
    source[0] = json.dumps(notebook)


def as_rst(app, what, name, obj, options, lines: list[str]) -> None:
    """Docstrings are prose: what reStructuredText would read as markup is escaped, outside of code and examples.

    Sections (Args, Returns, Raises, Example) are Google's.
    """
    example = False
    for number, line in enumerate(lines):
        example = line.strip().startswith(">>>") or (example and bool(line.strip()))
        if example:
            continue
        pieces = line.split("`")
        pieces[::2] = [re.sub(r"([*|]|_\b)", r"\\\1", piece) for piece in pieces[::2]]
        lines[number] = "``".join(pieces)
    if what in ("class", "function", "method"):
        lines[:] = GoogleDocstring(lines, Config(napoleon_use_rtype=False), app, what, name, obj, options).lines()


def math(self, node) -> None:
    "A formula as MathML, whose brackets grow by themselves."
    self.body.append(tex2mathml(node.astext().replace(r"\big", ""), as_block=isinstance(node, nodes.math_block)))
    raise nodes.SkipNode


FETCHED = re.compile(
    r"""<(?:script|img|iframe|source|link)\b[^>]*?(?:src|href)=["']?(?:https?:)?//[^"'> ]+|"""
    r"""(?:url\(|@import )["']?(?:https?:)?//[^"') ]+"""
)


def check_nothing_fetched(app, exception) -> None:
    "What is read without a network is whole: no page, style or script names another server."
    if exception:
        return
    found = {}
    for path in Path(app.outdir).rglob("*"):
        if path.suffix in {".html", ".css"}:
            for match in FETCHED.finditer(path.read_text("utf-8")):
                found.setdefault(match[0], path.relative_to(app.outdir))
    if found:
        raise SphinxError("fetched from elsewhere:\n" + "\n".join(f"{path}: {what}" for what, path in found.items()))


def begin_at_the_contents(app, exception) -> None:
    "The site's address itself leads to its first page."
    first = f'<!DOCTYPE html><meta charset="utf-8"><meta http-equiv="refresh" content="0; url={root_doc}.html">'
    (Path(app.outdir) / "index.html").write_text(first + "\n", encoding="utf-8")


def setup(app) -> dict:
    app.add_html_math_renderer("mathml", (math, None), (math, None))
    app.connect("builder-inited", write_pages)
    app.connect("source-read", without_directives, priority=100)
    app.connect("autodoc-process-docstring", as_rst)
    app.connect("build-finished", begin_at_the_contents)
    app.connect("build-finished", check_nothing_fetched)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
