"""The additions that CONTRIBUTING.md shows work as they stand there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from paretoformer.hardware_models.datasheets.datasheet import read_datasheet
from paretoformer.search_spaces.yaml_file import read_yaml

PAGE = Path(__file__).parents[1] / "CONTRIBUTING.md"

CHECK = """
import sys, torch
from dataclasses import replace
from pathlib import Path

page = {}
for file in sorted(Path(sys.argv[1]).glob("*.py")):
    page[file.stem] = {"__name__": file.stem}
    exec(compile(file.read_text(), file, "exec"), page[file.stem])

from paretoformer.evaluators import packages
from paretoformer.evaluators.criterion import criterion
from paretoformer.evaluators.examples import Split
from paretoformer.evaluators.open_task import open_task
from paretoformer.evaluators.trainer import Trainer
from paretoformer.hardware_models.meters.base import Subject
from paretoformer.hardware_models.meters.registry import meter
from paretoformer.hardware_models.targets import fill
from paretoformer.records.target import parse_target
from paretoformer.runtimes.registry import runtime
from paretoformer.search_spaces.build import build
from paretoformer.search_spaces.counts import count
from paretoformer.search_spaces.space import SearchSpace
from paretoformer.studies.engines.base import Problem, engine

space = SearchSpace.from_dict({
    "name": "page", "title": "t", "topology": "encoder", "stem": "tokens",
    "dimensions": {"encoder.depth": 1, "encoder.width": [8, 16], "encoder.mixer": ["mean", "identity"], "encoder.norm": "scale",
                   "encoder.feedforward": "silu"},
})
task = open_task("first-bit")
point = space.trim(engine("climber")(Problem(space=space, objectives=1, seed=0)).ask(1).point)
assert space.explain({**point, "encoder.mixer": "mean"}, task.signature) == ()
architecture = space.decode({**point, "encoder.mixer": "mean"}).architecture
model = build(architecture, task.signature, seed=0)
assert count(architecture, task.signature).params == sum(p.numel() for p in model.parameters())
*_, scores = Trainer(model, task, task.recipe, seed=0).run()
weights = meter("weights")()
visit = weights.visit(Subject(architecture=architecture, signature=task.signature), fill(parse_target("cpu"), task.signature))
assert weights.summarise([visit])[0].value == 4 * count(architecture, task.signature).params
target = fill(parse_target("cpu:exported"), task.signature)
assert fill(parse_target("cpu:exported::1"), task.signature) == target
calls = [runtime(name).prepare(architecture, task.signature, target, seed=0).phases["latency"] for name in ("exported", "eager")]
torch.testing.assert_close(*(phase.calls(1)[0]() for phase in calls))
brier = page["metric"]["Brier"]()
examples = task.examples(Split.VALIDATION)
sure = 50.0 * torch.nn.functional.one_hot(examples.targets, 2)
right, wrong = (brier.score(brier.parts(outputs, examples)).value for outputs in (sure, -sure))
assert abs(right) < 1e-9 and abs(wrong - 2) < 1e-9
plain, focal = (criterion(text).loss(sure / 50, examples) for text in ("focal:gamma=0", "focal"))
assert focal < plain and abs(plain - criterion("cross-entropy").loss(sure / 50, examples)) < 1e-6
*_, focused = Trainer(build(architecture, task.signature, seed=0), task, replace(task.recipe, criterion="focal:gamma=1"), seed=0).run()
assert focused[0].value != 0
known = packages.package("penguins")
assert known.programs == ("pip",) and packages.cache.place(known).name == known.stamp
print(len(task.examples(Split.TRAIN)), scores[0].value)
"""


def blocks() -> dict[str, str]:
    """Code of the page by the word in its first line."""
    return dict(re.findall(r"```python\n# (\w+)\n(.*?)```", PAGE.read_text(), flags=re.DOTALL))


@pytest.mark.skipif(not PAGE.exists(), reason="the page is not part of the wheel")
def test_each_addition_of_the_page_registers_and_works(tmp_path: Path) -> None:
    assert set(blocks()) == {
        "mixer",
        "norm",
        "feedforward",
        "task",
        "metric",
        "criterion",
        "package",
        "meter",
        "runtime",
        "engine",
    }
    for name, code in blocks().items():
        (tmp_path / f"{name}.py").write_text(code)
    done = subprocess.run([sys.executable, "-c", CHECK, str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    examples, accuracy = done.stdout.split()
    assert int(examples) > 100
    assert 0.0 <= float(accuracy) <= 1.0


@pytest.mark.skipif(not PAGE.exists(), reason="the page is not part of the wheel")
def test_the_task_of_the_page_passes_the_conformance_suite(tmp_path: Path) -> None:
    (tmp_path / "first_bit.py").write_text(blocks()["task"])
    asked = ("-p", "first_bit", "--import-mode=importlib", "-p", "no:cacheprovider", "-k", "first-bit")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *asked, "tests/evaluators/test_task_conformance.py"],
        cwd=PAGE.parent,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    assert "passed" in done.stdout


@pytest.mark.skipif(not PAGE.exists(), reason="the page is not part of the wheel")
def test_the_datasheet_of_the_page_is_one() -> None:
    (text,) = re.findall(r"```yaml\n# datasheet\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)
    sheet = read_datasheet(read_yaml(text, "page"), "page")
    assert (sheet.name, sheet.threads, sheet.rates(1).macs_per_s) == ("example-board", 4, {"fp32": 6e9})
