#!/bin/sh
# Write requirements/dev.txt anew: every dependency of the project and its checks, pinned, with hashes, for all
# platforms and Pythons. Needs `uv` (pip install uv). Run it after a change of the dependencies in pyproject.toml.
set -eu
cd "$(dirname "$0")/.."
uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes \
  --no-header --no-annotate --quiet --output-file requirements/dev.txt "$@"
