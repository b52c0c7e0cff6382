"""`paretoformer devices predict`."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from paretoformer.cli.grouping import grouped
from paretoformer.cli.main import Commands
from paretoformer.cli.options import Json, Storage
from paretoformer.cli.screen import notes, print_json, report
from paretoformer.records.errors import UserError
from paretoformer.studies.effort import DEFAULT_STORAGE

if TYPE_CHECKING:
    from paretoformer.hardware_models.predictors.table_fit import TableRequest
    from paretoformer.studies.measured_tables import CostTable

command = typer.Typer(
    cls=Commands, no_args_is_help=True, help="Learn costs from a table or from stored measurements, and predict them."
)
OUT_HELP = "Write the predictor to this JSON file."
FROM_HELP = "A predictor of another device, written by --out: 10 to 50 rows of the new one are then enough."


@dataclass(frozen=True, kw_only=True)
class TableOptions:
    """Which rows, and which of their columns."""

    table: Annotated[
        Path | None,
        typer.Argument(metavar="[TABLE]", help="CSV, TSV or Parquet, .gz too. Default: the measurements of --storage."),
    ] = None
    features: Annotated[
        str,
        typer.Option(metavar="COLUMNS", help="Names with commas between, or all: every column but those predicted."),
    ] = "all"
    predict: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="What to predict; of stored measurements latency by default.")
    ] = None
    depth: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="The column that counts layers, where that is not plain.")
    ] = None
    seed: Annotated[int, typer.Option(metavar="S", min=0, help="Of folds, held-out rows and what predictors draw.")] = 0
    storage: Storage = DEFAULT_STORAGE
    on: Annotated[str | None, typer.Option(metavar="TARGET", help="Of which target's stored measurements.")] = None

    def columns(self) -> tuple[str, ...]:
        """What is predicted."""
        from paretoformer.hardware_models.tables.choosing import split_names

        found = split_names(self.predict or ("" if self.table else "latency"))
        if not found:
            raise UserError("Nothing is to be predicted; name a column of the table with --predict.")
        return tuple(dict.fromkeys(found))

    def request(self) -> "TableRequest":
        """As fits take it."""
        from paretoformer.hardware_models.predictors.table_fit import TableRequest
        from paretoformer.hardware_models.tables.choosing import split_names

        return TableRequest(features=split_names(self.features), depth=self.depth, seed=self.seed)

    def read(self) -> "CostTable":
        """The rows."""
        from paretoformer.hardware_models.tables.reading import read_table
        from paretoformer.store import Store
        from paretoformer.studies.measured_tables import CostTable, measured_table

        if self.table is not None:
            if self.on is not None:
                raise UserError(
                    f"--on {self.on} chooses among stored measurements, and the rows come from {self.table}."
                )
            return CostTable(frame=read_table(self.table), source=str(self.table))
        with Store.open(self.storage, create=False, read_only=True) as store:
            return measured_table(store, self.columns(), self.on)


@command.command("fit")
@grouped
def fit_predictor(
    table: TableOptions,
    prior: Annotated[Path | None, typer.Option("--from", metavar="OTHER.json", help=FROM_HELP)] = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE.json", help=OUT_HELP)] = None,
    json: Json = False,
) -> None:
    """Fit predictors of one cost to all rows, choose by cross-validation, and keep the best."""
    from paretoformer.cli.views.predictors import fit_json, print_fit
    from paretoformer.hardware_models.predictors.table_fit import fit_table
    from paretoformer.hardware_models.predictors.table_predictor import TablePredictor

    columns = table.columns()
    if len(columns) > 1:
        raise UserError(f"A predictor is of one column, and --predict names {', '.join(columns)}.")
    other = None if prior is None else TablePredictor.load(prior)
    rows = table.read()
    found = fit_table(rows.frame, columns[0], table.request(), prior=other, origin=rows.origin(columns[0]))
    if out is not None:
        found.predictor.save(out)
    if json:
        print_json(fit_json(found) | {"file": None if out is None else str(out)})
        return
    print_fit(report(), found)
    if out is not None:
        notes().print(f"The predictor is in {out}; `paretoformer devices predict apply {out} TABLE` applies it.")


@command.command("score")
@grouped
def score_predictors(
    table: TableOptions,
    split: Annotated[float, typer.Option(metavar="SHARE", help="Rows held out to judge on, drawn by the seed.")] = 0.2,
    json: Json = False,
) -> None:
    """Fit to a part of the rows and say how good predictions of the others are, beside baselines."""
    from paretoformer.cli.views.predictors import print_scores, scores_json
    from paretoformer.hardware_models.predictors.table_fit import score_table

    rows = table.read()
    found = score_table(rows.frame, table.columns(), table.request(), held_out=split)
    if json:
        print_json(
            {
                "source": rows.source,
                "split": split,
                "seed": table.seed,
                "columns": [scores_json(each) for each in found],
            }
        )
        return
    print_scores(report(), found)


@command.command("apply")
def apply_predictor(
    file: Annotated[Path, typer.Argument(metavar="FILE.json", help="A predictor that `fit --out` wrote.")],
    table: Annotated[Path, typer.Argument(metavar="TABLE", help="Rows with the columns that it was fitted to.")],
    json: Json = False,
) -> None:
    """Predict a cost of each row, as CSV: row, the cost by its name, and low and high, the ends of its interval."""
    from paretoformer.cli.views.predictors import predictions_csv, predictions_json
    from paretoformer.hardware_models.predictors.table_predictor import TablePredictor
    from paretoformer.hardware_models.tables.reading import read_table

    predictor = TablePredictor.load(file)
    predictions = predictor.predict(read_table(table))
    if json:
        print_json(predictions_json(predictor, predictions))
        return
    for line in predictions_csv(predictor, predictions):
        print(line)
