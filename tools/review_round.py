"""From the README's line to a dataset that obeys people: the review, judged as its page does it, and the next command.

python tools/review_round.py DATASET    in the project that built this dataset; of the `echoquality` beside this Python
"""

import csv
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from html import unescape
from http.client import HTTPConnection
from importlib.metadata import metadata
from pathlib import Path
from urllib.parse import urlsplit

LINE = re.compile("^echoquality review .*?(?=  #|$)", re.MULTILINE)  # of the README


def ask(link: str, cookie: str = "", body: dict | None = None) -> tuple[int, dict[str, str], bytes]:
    "(status, headers, content) of an answer of the page's server; one that is asked too often is asked again."
    parts = urlsplit(link)
    line = HTTPConnection(parts.hostname, parts.port, timeout=60)
    where, data = f"{parts.path}?{parts.query}" if parts.query else parts.path, body and json.dumps(body)
    line.request("POST" if body else "GET", where, data, {"cookie": cookie})
    answer = line.getresponse()
    found = answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    line.close()
    if found[0] == 429:
        time.sleep(1)
        return ask(link, cookie, body)
    return found


def judge(link: str) -> int:
    "Follow a reader's link, and judge each clip by its number; how many showings were answered."
    status, heads, _ = ask(link)
    assert status == 303, status
    home = f"{link.partition('/login')[0]}{heads['location']}"
    cookie = heads["set-cookie"].partition(";")[0]
    state = json.loads(ask(f"{home}state", cookie)[2])
    for place, number in enumerate(state["order"]):
        said = {"id": f"{place:012}", "place": place, "number": number, "answer": state["scale"][number % 2]}
        status, _, told = ask(f"{home}answer", cookie, said | {"reasons": [], "note": "", "seconds": 2.5})
        assert status == 200, told
    return len(state["order"])


def reviewed(line: str, folder: Path, environment: dict[str, str]) -> str:
    "Run a command of `echoquality review` until all its readers have judged; the next command that it shows."
    how = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "cwd": folder, "env": environment}
    with subprocess.Popen([*shlex.split(line), "--port", "0"], **how) as server:
        try:
            told = []
            while not told or not told[-1].startswith("A link is a key"):
                told.append(server.stdout.readline())
                assert told[-1], "".join(told)
            readers = [each.split()[-1] for each in told if "/login?token=" in each and "overview" not in each]
            count = sum(map(judge, readers))
            server.send_signal(signal.SIGINT)
            said, _ = server.communicate(timeout=120)
            assert server.returncode == 0, said
        finally:
            server.kill()
    report = Path(folder, re.search("^report: (.*)$", said, re.MULTILINE)[1])
    command = unescape(re.search("<pre>(echoquality dataset .*?)</pre>", report.read_text("utf-8"))[1])
    print(f"{count} showings judged by {len(readers)} readers; next: {command}")
    return command


def obeyed(reviews: Path, annotations: Path) -> int:
    "How many natural clips of a dataset were reviewed; each has the label that people gave it."
    with open(reviews, encoding="utf-8") as file:
        said = {(row["folder"], row["file_id"]): row["new"] for row in csv.DictReader(file)}
    with open(annotations, encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["synthetic"].lower() == "false"]
    judged = [row for row in rows if (row["folder"], row["file_id"]) in said]
    words = {"good": "1", "bad": "0"}
    assert judged and all(row["quality_score"] == words[said[row["folder"], row["file_id"]]] for row in judged)
    assert {row["quality_score"] for row in judged} == {"0", "1"}
    return len(judged)


def go_round(line: str, folder: Path, environment: dict[str, str], more: str = "") -> None:
    "README's line to a dataset that obeys it, in a project's folder; `more`: options of the dataset."
    command = reviewed(line, folder, environment) + more
    subprocess.run(shlex.split(command), cwd=folder, env=environment, check=True)
    named = re.search("--output-dir (\\S+)", command)
    built = folder / (named[1] if named else "data/training_data_enhanced")
    count = obeyed(folder / "data/review/reviews.csv", built / "echo_annotations_enhanced.csv")
    print(f"{built}: {count} clips have the labels that people gave them")


if __name__ == "__main__":
    own = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    shown = LINE.search(metadata("echoquality").get_payload())[0]
    go_round(re.sub(r"--clips \S+", f"--clips {sys.argv[1]}", shown), Path.cwd(), own)
