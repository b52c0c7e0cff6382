"""The fresh process of a proof: `python -m paretoformer.export.proving FOLDER THREADS` prints findings as JSON."""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import torch

from paretoformer.export.errors import ExportFailed
from paretoformer.export.findings import Findings, find
from paretoformer.records.errors import UserError


def find_in_fresh_process(folder: Path) -> Findings:
    """`find(folder)` in a new interpreter with as many torch threads as this one.

    Raises:
        UserError: what `find` raises.
        ExportFailed: the process ended without findings; has its last line.
    """
    done = subprocess.run(
        [
            sys.executable,
            "-P",
            "-m",
            "paretoformer.export.proving",
            str(folder.resolve()),
            str(torch.get_num_threads()),
        ],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 2 and done.stderr.strip():
        raise UserError(done.stderr.strip().splitlines()[-1])
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no word"])[-1]
        raise ExportFailed(f"The fresh process that opened '{folder}' ended with exit code {done.returncode}: {last}")
    return Findings.from_json(json.loads(done.stdout.splitlines()[-1]))


def _main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("threads", type=int)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    try:
        found = find(given.folder)
    except UserError as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        return 2
    print(json.dumps(found.to_json()))
    return 0


if __name__ == "__main__":
    sys.exit(_main())
