"""Short texts that people rated from very negative to very positive."""

from pathlib import Path

from paretoformer.evaluators.packages.package import Archive, Client, Package, Release
from paretoformer.evaluators.packages.registry import register_package
from paretoformer.evaluators.packages.unpacking import unpack

_INNER = "hutto_ICWSM_2014"


def convert(folder: Path) -> None:
    """The archive inside the archive to `SOURCE_GroundTruth.txt`, latin-1 lines of id, mean rating (-4 to 4) and text, parted by tabs."""
    inner = folder / f"{_INNER}.tar.gz"
    unpack(inner, {f"{_INNER}/*_GroundTruth.txt": "", f"{_INNER}/_README_.txt": ""}, folder)
    inner.unlink()


register_package(
    Package(
        name="sentiment",
        title="23,703 rated snippets of film reviews, editorials, tweets and product reviews",
        archives=(
            Archive(
                client=Client.SOURCE,
                name="vaderSentiment",
                releases=(
                    Release(version="3.3.2", sha256="5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9"),
                ),
                keep={
                    f"vaderSentiment-3.3.2/additional_resources/{_INNER}.tar.gz": "",
                    "vaderSentiment-3.3.2/LICENSE.txt": "",
                },
            ),
        ),
        size=2_466_783,
        licence="MIT (vaderSentiment); the texts are snippets of Rotten Tomatoes, the New York Times, Twitter and Amazon",
        attribution="C. J. Hutto and E. Gilbert, VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social Media "
        "Text, ICWSM 2014",
        convert=convert,
    )
)
