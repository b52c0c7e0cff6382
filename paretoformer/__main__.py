"""`python -m paretoformer` is the `paretoformer` command."""

import sys

from paretoformer.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
