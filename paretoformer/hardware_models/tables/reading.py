"""Tables from files."""

import gzip
import io
from pathlib import Path
from typing import TYPE_CHECKING

from paretoformer.records.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

SEPARATORS = {".csv": ",", ".tsv": "\t", ".txt": "\t"}
"""What stands between cells, by the end of a file's name."""


def read_table(path: Path) -> "pd.DataFrame":
    """A CSV, TSV or Parquet file, or one of these in gzip; cells of CSV and TSV are text as it was written.

    Raises:
        UserError: there is no such file, it is of another kind, it cannot be read, or it has no rows.
    """
    packed = path.suffix.lower() == ".gz"
    ending = Path(path.stem).suffix.lower() if packed else path.suffix.lower()
    if ending not in (*SEPARATORS, ".parquet"):
        known = ", ".join((*SEPARATORS, ".parquet"))
        raise UserError(
            f"'{path}' is no table that can be read; its name must end in one of {known}, or these with .gz."
        )
    try:
        content = path.read_bytes()
        content = gzip.decompress(content) if packed else content
    except (OSError, EOFError) as error:
        raise UserError(f"'{path}' cannot be read: {getattr(error, 'strerror', None) or error}.") from error
    frame = _parquet(path, content) if ending == ".parquet" else _text(path, content, SEPARATORS[ending])
    if frame.empty:
        raise UserError(f"'{path}' has no rows.")
    frame.columns = [str(name).strip() for name in frame.columns]
    return frame


def _text(path: Path, content: bytes, separator: str) -> "pd.DataFrame":
    import pandas as pd

    try:
        return pd.read_csv(
            io.BytesIO(content), sep=separator, dtype=str, keep_default_na=False, skipinitialspace=True, index_col=False
        )
    except (ValueError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise UserError(f"'{path}' is no table: {_plain(error)}.") from error


def _plain(error: Exception) -> str:
    return " ".join(str(error).split()).removeprefix("Error tokenizing data. C error: ")


def _parquet(path: Path, content: bytes) -> "pd.DataFrame":
    try:
        from pyarrow import ArrowException, BufferReader
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        raise UserError(f"'{path}' is Parquet, which needs pyarrow: pip install 'paretoformer[data]'.") from error
    try:
        # One thread: a pool of Arrow's may abort a process that ends early.
        table = ParquetFile(BufferReader(content), pre_buffer=False).read(use_threads=False)
        frame: pd.DataFrame = table.to_pandas(use_threads=False)
    except (ArrowException, ValueError, OSError) as error:
        raise UserError(f"'{path}' is not Parquet: {' '.join(str(error).split())}.") from error
    return frame
