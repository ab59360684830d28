#!/usr/bin/env bash
# Writes every lock anew: versions and hashes, and nothing that says where they were downloaded from.
#   lock.sh            takes newer versions only where the .in files ask for them
#   lock.sh --upgrade  takes the newest versions allowed
set -euo pipefail
cd "$(dirname "$0")/.."

venv=.aws-sam/lock-venv
"${PYTHON:-python3}" -m venv $venv
$venv/bin/python -m pip --quiet --disable-pip-version-check install --no-deps --require-hashes -r requirements/lock.txt

compile() {
  UV_PYTHON_DOWNLOADS=never $venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
    --no-header --no-emit-index-url --no-emit-find-links "${@:3}" "$1" --output-file "$2"
}

compile layers/dependencies/requirements.in layers/dependencies/requirements.txt "$@"
for name in local dev lambda-runtime sam lock fuzz; do
  compile requirements/$name.in requirements/$name.txt "$@"
done
if grep -nE '://|^--' requirements/*.txt layers/dependencies/requirements.txt; then
  echo "A lock names a place to download from." >&2
  exit 1
fi
