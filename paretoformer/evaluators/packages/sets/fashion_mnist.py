"""Fashion-MNIST: pictures of clothes."""

import gzip
import shutil
from pathlib import Path

from paretoformer.evaluators.packages.package import Archive, Client, Package, Release
from paretoformer.evaluators.packages.registry import register_package


def convert(folder: Path) -> None:
    """Four compressed files to as many that can be mapped: `train-images-idx3-ubyte` and so on."""
    for file in folder.glob("*.gz"):
        with gzip.open(file) as compressed, file.with_suffix("").open("wb") as plain:
            shutil.copyfileobj(compressed, plain)
        file.unlink()


register_package(
    Package(
        name="fashion-mnist",
        title="Fashion-MNIST, 70,000 grey images of 28 x 28, ten kinds of clothes",
        archives=(
            Archive(
                client=Client.DEBIAN,
                name="dataset-fashion-mnist",
                releases=(
                    Release(
                        version="0.0~git20200523.55506a9-1",
                        sha256="39e172fe32dd318ebb3e512220c3beea2fa47d7e20bab348fb4e0922d6beefc0",
                    ),
                ),
                keep={
                    "usr/share/datasets/fashion-mnist/*.gz": "",
                    "usr/share/doc/dataset-fashion-mnist/copyright": "",
                },
            ),
        ),
        size=30_900_652,
        licence="MIT",
        attribution="H. Xiao, K. Rasul and R. Vollgraf, Fashion-MNIST, 2017; copyright Zalando SE",
        convert=convert,
    )
)
