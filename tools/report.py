"Executed stage notebooks → reports, as nbs/base/stage_report.ipynb says: python tools/report.py runs/x.new.ipynb ..."

import sys

from echoquality.parameters import escape_output
from echoquality.stage_report import main

if __name__ == "__main__":
    escape_output()
    sys.exit(main(sys.argv[1:]))
