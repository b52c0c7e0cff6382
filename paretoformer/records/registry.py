"""Named things of one kind, found by importing the folder that they stand in."""

import importlib
import pkgutil
from importlib.metadata import entry_points
from typing import Generic, TypeVar

from paretoformer.records.errors import UserError, unknown

T = TypeVar("T")


class Registry(Generic[T]):
    """What tests, the command line, spaces and documents iterate over: a new file in the folder is found by itself.

    Args:
        kind: the word for one of them, for errors.
        package: the folder as a package name; its modules register what they define when they are imported.
        plural: the word for several.
        plugins: the group of entry points by which other installed packages offer modules that register more.
    """

    def __init__(self, kind: str, package: str, *, plural: str | None = None, plugins: str | None = None) -> None:
        self._kind, self._package, self._plural, self._plugins = kind, package, plural, plugins
        self._things: dict[str, T] = {}
        self._loaded = False
        self._served: set[str] = set()  # plugins that registered something; a module does so only once

    def add(self, name: str, thing: T) -> None:
        """Make `thing` known by `name`.

        Raises:
            ValueError: the name is taken.
        """
        if name in self._things:
            raise ValueError(f"{self._kind} {name} is registered twice: {self._things[name]} and {thing}")
        self._things[name] = thing

    def names(self) -> tuple[str, ...]:
        """Every name, sorted."""
        self._load()
        return tuple(sorted(self._things))

    def all(self) -> tuple[T, ...]:
        """Everything, by name."""
        return tuple(self._things[name] for name in self.names())

    def get(self, name: str) -> T:
        """The one of that name.

        Raises:
            UserError: there is none; lists the names.
        """
        if name not in self.names():
            raise unknown(self._kind, name, self._things, plural=self._plural)
        return self._things[name]

    def _load(self) -> None:
        if self._loaded:
            return
        package = importlib.import_module(self._package)
        for module in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"{self._package}.{module.name}")
        self._loaded = True
        for plugin in entry_points(group=self._plugins) if self._plugins else ():
            before = dict(self._things)
            try:
                plugin.load()
            except Exception as error:
                self._things, self._loaded = before, False
                raise UserError(
                    f"The plugin '{plugin.name}' ({plugin.value}) of {self._plugins} cannot be loaded: "
                    f"{type(error).__name__}: {error}; mend or uninstall it."
                ) from error
            if self._things != before or plugin.name in before:
                self._served.add(plugin.name)
            elif plugin.name not in self._served:
                self._things, self._loaded = before, False
                raise UserError(
                    f"The plugin '{plugin.name}' ({plugin.value}) of {self._plugins} registers no {self._kind}; "
                    "mend or uninstall it."
                )
