"""What a user's installation must do: import every module, and score a clip from a folder outside the repository.

make newest                installs by constraints-newest.txt into .newest, and runs this with that environment
make constraints-newest    installs without constraints, and renews that file
"""

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from tempfile import TemporaryDirectory

from pydicom import examples

import echoquality
from echoquality.clips import Form
from echoquality.model import Model, load_model, make_network, save_model
from echoquality.scoring import score_clip


def main() -> None:
    place = Path(echoquality.__file__).parent
    if "site-packages" not in place.parts:
        raise SystemExit(f"{place}: not an installed echoquality; run this in another folder than the repository")
    modules = [module.name for module in iter_modules(echoquality.__path__)]
    for module in modules:
        import_module(f"echoquality.{module}")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        save_model(Model(make_network("mc3_18"), "mc3_18", Form(size=56)), path)
        score = score_clip(examples.get_path("ybr_color"), load_model(path))
    if not 0 < score < 1:
        raise SystemExit(f"score_clip gave {score}, expected a number between 0 and 1")
    print(f"installed in {place}: {len(modules)} modules imported, a clip scored {score:.3f}")


if __name__ == "__main__":
    main()
