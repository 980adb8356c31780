#!/bin/sh
# Make .venv with everything in requirements/dev.txt, and the project itself in it. The system's Python is left alone.
# Works with Python's own venv, with a system without ensurepip (plain Debian), or with uv or virtualenv where they are.
set -eu
cd "$(dirname "$0")/.."
stamp=.venv/.installed
if [ -f "$stamp" ] && [ -x .venv/bin/python ] && ! [ requirements/dev.txt -nt "$stamp" ] && ! [ pyproject.toml -nt "$stamp" ]; then
  exit 0
fi

find_python() {
  for candidate in "${PYTHON:-}" python3.11 python3.12 python3.13 python3.14 python3; do
    [ -n "$candidate" ] && command -v "$candidate" >/dev/null 2>&1 || continue
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$candidate"
      return 0
    fi
  done
  echo "bootstrap: no Python 3.11 or newer was found; install one, or name it: make PYTHON=/path/to/python3" >&2
  return 1
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null 2>&1; then sudo "$@"; else return 1; fi
}

make_venv() {
  if "$python" -c 'import ensurepip, venv' 2>/dev/null && "$python" -m venv --clear .venv; then return 0; fi
  if command -v uv >/dev/null 2>&1 && uv venv --quiet --seed --python "$python" .venv; then return 0; fi
  if "$python" -c 'import virtualenv' 2>/dev/null && "$python" -m virtualenv --quiet .venv; then return 0; fi
  if "$python" -m pip --version >/dev/null 2>&1 && "$python" -m venv --clear --without-pip .venv &&
    "$python" -m pip --python .venv/bin/python install --quiet pip; then return 0; fi
  if command -v apt-get >/dev/null 2>&1; then
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    echo "bootstrap: Debian keeps Python's own venv in a package; installing python$version-venv" >&2
    as_root apt-get update -qq >/dev/null 2>&1 || true
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
      "python$version-venv" ca-certificates >/dev/null 2>&1 || true
    if "$python" -m venv --clear .venv; then return 0; fi
  fi
  echo "bootstrap: cannot make a virtual environment; install Python's venv (Debian: apt install python3-venv), then run this again" >&2
  return 1
}

python=$(find_python)
echo "bootstrap: setting up .venv (once)" >&2
make_venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
touch "$stamp"
