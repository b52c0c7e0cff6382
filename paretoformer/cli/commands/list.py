"""`paretoformer list`."""

from collections.abc import Callable
from typing import Annotated, Any

import typer

from paretoformer.cli.options import Json
from paretoformer.cli.screen import print_json, report
from paretoformer.records.errors import unknown

Rows = list[dict[str, Any]]


def command(
    what: Annotated[
        str,
        typer.Argument(
            metavar="WHAT", help="spaces, presets, tasks, metrics, criteria, proxies, choices, engines or papers."
        ),
    ],
    json: Json = False,
) -> None:
    """List what there is to choose from."""
    if what not in LISTS:
        raise unknown("list", what, LISTS)
    rows = LISTS[what]()
    if json:
        print_json({what: rows})
        return
    from paretoformer.cli.views.listing import print_listing

    print_listing(report(), rows)


def _spaces() -> Rows:
    from paretoformer.search_spaces.catalogue import load_space, space_names

    spaces = [load_space(name) for name in space_names()]
    return [{"name": space.name, "title": space.title, "points": space.count()} for space in spaces]


def _presets() -> Rows:
    from paretoformer.search_spaces.counts import count
    from paretoformer.search_spaces.preset import load_preset, preset_names

    presets = [load_preset(name) for name in preset_names()]
    return [
        {
            "name": preset.name,
            "title": preset.title,
            "input": preset.signature.brief,
            "params": count(preset.architecture, preset.signature).params,
        }
        for preset in presets
    ]


def _tasks() -> Rows:
    from paretoformer.evaluators.registry import task_class, task_names

    return [_task(name, task_class(name)) for name in task_names()]


def _task(name: str, task: Any) -> dict[str, Any]:
    about = task.about
    return {
        "name": name,
        "title": about.title,
        "data": about.data,
        "licence": about.licence,
        "metric": task.metrics[0].name,
        "baseline": about.baseline,
        "papers": list(about.papers),
    }


def _metrics() -> Rows:
    """Those of one name and class are one row, of whichever size they are: `accuracy[9]` is in that of `accuracy`."""
    from paretoformer.evaluators.registry import task_class, task_names

    rows: dict[tuple[str, type], dict[str, Any]] = {}
    for name in task_names():
        for metric in task_class(name).metrics:
            kind, base = type(metric), metric.name.partition("[")[0]
            better = "lower" if metric.minimise else "higher"
            row = rows.setdefault((base, kind), {"name": base, "title": metric.title, "better": better, "tasks": []})
            row["tasks"] += [name] if name not in row["tasks"] else []
    return sorted(rows.values(), key=lambda row: (row["name"], row["title"]))


def _criteria() -> Rows:
    from dataclasses import fields

    from paretoformer.evaluators.criterion import criterion_class, criterion_names

    return [
        {
            "name": name,
            "papers": list(kind.papers),
            "options": [f"{field.name}={_shown(field.default)}" for field in fields(kind)],
        }
        for name, kind in ((name, criterion_class(name)) for name in criterion_names())
    ]


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _proxies() -> Rows:
    from paretoformer.evaluators.proxy import proxies

    return [{"name": each.name, "papers": list(each.papers), "title": each.title} for each in proxies()]


def _choices() -> Rows:
    from paretoformer.search_spaces.registry import FOLDERS, choices

    return [
        {
            "dimension": each.kind,
            "name": each.name,
            "papers": list(each.papers),
            "capabilities": sorted(str(capability) for capability in each.capabilities),
        }
        for kind in FOLDERS
        for each in choices(kind)
    ]


def _engines() -> Rows:
    from paretoformer.studies.engines.base import engines

    return [{"name": name, "title": engine.title} for name, engine in engines().items()]


def _papers() -> Rows:
    from paretoformer.evaluators.criterion import criterion_class, criterion_names
    from paretoformer.evaluators.registry import task_class, task_names
    from paretoformer.records.papers import PAPERS
    from paretoformer.search_spaces.registry import FOLDERS, choices

    here: dict[int, list[str]] = {number: [] for number in PAPERS}
    for kind in FOLDERS:
        for choice in choices(kind):
            for number in choice.papers:
                here[number].append(f"{kind} {choice.name}")
    for name in task_names():
        for number in task_class(name).about.papers:
            here[number].append(f"task {name}")
    for name in criterion_names():
        for number in criterion_class(name).papers:
            here[number].append(f"criterion {name}")
    return [
        {"paper": number, "title": paper.title, "arxiv": paper.arxiv, "here": here[number]}
        for number, paper in PAPERS.items()
    ]


LISTS: dict[str, Callable[[], Rows]] = {
    "spaces": _spaces,
    "presets": _presets,
    "tasks": _tasks,
    "metrics": _metrics,
    "criteria": _criteria,
    "proxies": _proxies,
    "choices": _choices,
    "engines": _engines,
    "papers": _papers,
}
