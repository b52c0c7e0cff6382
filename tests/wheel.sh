#!/bin/sh
# Runs the smoke tests against the built wheel, away from the source tree: code, presets, spaces and migrations must be inside.
set -eu
root=$(pwd)
packages() { "$1/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))'; }
packages "$root/.venv" >"$(packages "$root/.venv-wheel")/dependencies.pth"
.venv-wheel/bin/python -m pip install --quiet --no-deps --force-reinstall dist/paretoformer-*.whl
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cp -r tests pyproject.toml "$scratch"
cd "$scratch"
"$root/.venv-wheel/bin/python" -c "import paretoformer, pathlib; assert '.venv-wheel' in paretoformer.__file__, paretoformer.__file__"
smoke=$(grep -rl --include='test_*.py' 'pytest\.mark\.smoke' tests)
# shellcheck disable=SC2086
"$root/.venv-wheel/bin/python" -m pytest -p no:cacheprovider -m smoke $smoke
