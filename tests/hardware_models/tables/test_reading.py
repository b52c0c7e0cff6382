import gzip
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from paretoformer.hardware_models.tables.reading import read_table
from paretoformer.records.errors import UserError

FRAME = pd.DataFrame({"heads": ["8-4", "4-4"], "ms": ["1.5", "2"]})


@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.csv.gz", "t.tsv.gz"])
def test_text_is_read_as_it_was_written(tmp_path: Path, name: str) -> None:
    FRAME.to_csv(tmp_path / name, sep="\t" if "tsv" in name else ",", index=False)
    pd.testing.assert_frame_equal(read_table(tmp_path / name).astype(object), FRAME.astype(object))


@pytest.mark.parametrize("name", ["t.parquet", "t.parquet.gz"])
def test_parquet_is_read(tmp_path: Path, name: str) -> None:
    pytest.importorskip("pyarrow")
    FRAME.to_parquet(tmp_path / "plain.parquet")
    content = (tmp_path / "plain.parquet").read_bytes()
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    assert read_table(tmp_path / name)["heads"].tolist() == ["8-4", "4-4"]


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("t.xlsx", b"", "its name must end in one of .csv, .tsv, .txt, .parquet"),
        ("t.csv", b"", "is no table: No columns to parse from file"),
        ("t.csv", b"a,b\n", "has no rows"),
        ("t.csv.gz", b"a,b\n1,2\n", "cannot be read: Not a gzipped file"),
        ("t.csv", b'a,b\n"1,2', "is no table: EOF inside string"),
        ("t.csv", b"\xff\xfe\x00a", "is no table"),
    ],
)
def test_what_is_no_table_is_said_in_a_sentence(tmp_path: Path, name: str, content: bytes, sentence: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError) as caught:
        read_table(tmp_path / name)
    assert sentence in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="none.csv' cannot be read: No such file or directory"):
        read_table(tmp_path / "none.csv")


def test_reading_parquet_leaves_no_thread_that_could_abort_the_process(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    FRAME.to_parquet(tmp_path / "t.parquet")
    code = (
        "import sys, psutil, pandas, pyarrow.parquet; from pathlib import Path\n"
        "from paretoformer.hardware_models.tables.reading import read_table\n"
        "before = psutil.Process().num_threads(); read_table(Path(sys.argv[1]))\n"
        "print(psutil.Process().num_threads() - before)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "t.parquet"], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "0"
