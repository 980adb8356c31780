#!/bin/sh
# Write wharf_tui/rpc/generated anew from proto/. With --check: only say whether what is committed is what would be written.
set -eu
cd "$(dirname "$0")/.."
python=.venv/bin/python
target=wharf_tui/rpc/generated
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
files=$(find proto -name '*.proto' | sort)
# shellcheck disable=SC2086 # one word a file, on purpose
PATH="$PWD/.venv/bin:$PATH" $python -m grpc_tools.protoc -I proto --python_out="$out" --pyi_out="$out" --grpc_python_out="$out" $files
# The packages of the protocol live below our own: imports among the generated modules say so.
find "$out" -name '*.py' -exec sed -i.bak 's/^from wharf\./from wharf_tui.rpc.generated.wharf./' {} +
find "$out" -name '*.pyi' -exec sed -i.bak 's/^from wharf\./from wharf_tui.rpc.generated.wharf./' {} +
find "$out" -name '*.bak' -delete
find "$out" -type d | while read -r folder; do
  printf '"""Generated from proto/ by tools/generate_rpc.sh; not to be edited."""\n' >"$folder/__init__.py"
done
if [ "${1:-}" = --check ]; then
  if diff -r -x __pycache__ "$out" "$target" >/dev/null; then exit 0; fi
  echo "wharf_tui/rpc/generated is not what proto/ says; run tools/generate_rpc.sh" >&2
  exit 1
fi
rm -rf "$target"
mkdir -p "$target"
cp -R "$out/." "$target/"
