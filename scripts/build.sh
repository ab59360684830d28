#!/usr/bin/env bash
# sam build for one runtime and architecture, or nothing where the last build was of the same files.
#   build.sh <runtime> <architecture> host|lambda
# "host": for the local stack, which runs the functions on this machine. "lambda": for AWS.
set -euo pipefail
cd "$(dirname "$0")/.."

runtime=$1 architecture=$2 build_for=$3
out=${BUILD_DIR:-.aws-sam/build}
key_file=$out.key
files=$(find template.yaml samconfig.toml functions layers statemachines -type f \
  -not -path '*/__pycache__/*' -not -path '*.egg-info/*' | LC_ALL=C sort)
key="$PWD $* $(echo "$files" | tr '\n' '\0' | xargs -0 cksum | cksum)"

# A `sam build` by hand may have put something else there since: then the template is newer than the key.
if [ -f "$out/template.yaml" ] && [ "$(cat "$key_file" 2>/dev/null)" = "$key" ] &&
  [ ! "$out/template.yaml" -nt "$key_file" ]; then
  exit 0
fi

# One build at a time: `make up` and a test may ask at once. macOS has no flock(1).
if [ -z "${WHENFLOW_BUILD_LOCKED:-}" ]; then
  mkdir -p .aws-sam
  export WHENFLOW_BUILD_LOCKED=1
  exec .venv-sam/bin/python -c 'import fcntl, subprocess, sys
lock = open(sys.argv[1], "w")
fcntl.flock(lock, fcntl.LOCK_EX)
sys.exit(subprocess.run(sys.argv[2:]).returncode)' .aws-sam/build.lock scripts/build.sh "$@"
fi

# SAM's cache knows the sources of a layer, but neither how layers.mk builds it nor for whom.
cache=.aws-sam/cache-$(cat <(echo "$build_for") layers/layers.mk layers/build_layer.py | cksum | cut -d' ' -f1)

echo "Building the functions and layers for $runtime on $architecture …"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
rm -f "$key_file"
if ! WHENFLOW_BUILD_FOR=$build_for WHENFLOW_BUILD_PYTHON="$PWD/.venv-sam/bin/python" SAM_CLI_TELEMETRY=0 \
  .venv-sam/bin/sam build --cached --cache-dir "$cache" --build-dir "$out" \
  --parameter-overrides "Runtime=$runtime Architecture=$architecture" >"$log" 2>&1; then
  cat "$log" >&2
  exit 1
fi
grep -h '^warning: ' "$log" | sort -u >&2 || true
echo "$key" >"$key_file"
