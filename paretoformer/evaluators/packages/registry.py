"""All packaged data sets by name, found by importing their folder."""

from paretoformer.evaluators.packages.package import Package
from paretoformer.records.registry import Registry

_PACKAGES: Registry[Package] = Registry("data package", "paretoformer.evaluators.packages.sets")


def register_package(package: Package) -> Package:
    """Make a package known by its name.

    Raises:
        ValueError: the name is taken.
    """
    _PACKAGES.add(package.name, package)
    return package


def package_names() -> tuple[str, ...]:
    """Every package's name, sorted."""
    return _PACKAGES.names()


def package(name: str) -> Package:
    """The package of that name, whether it is here or not.

    Raises:
        UserError: there is none; lists the names.
    """
    return _PACKAGES.get(name)
