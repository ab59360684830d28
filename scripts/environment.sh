#!/usr/bin/env bash
# Makes a virtual environment ready, or finds at once that it is:
#   environment.sh local   .venv      what `make up` and `make demo` need
#   environment.sh dev     .venv      that, and what tests and checks need
#   environment.sh sam     .venv-sam  the SAM CLI, alone, for its own dependencies would hold the others back
#   environment.sh prefect-client     .cache/prefect-client  Prefect's own client, to be tried against the API
#   environment.sh schemathesis       .cache/schemathesis    what tries the API against its own description
set -euo pipefail
cd "$(dirname "$0")/.."

name=$1
python=${PYTHON:-python3}
case $name in
  local) venv=.venv lock=requirements/local.txt what="the local tools (once, half a minute)" ;;
  dev) venv=.venv lock=requirements/dev.txt what="the tools for tests and checks (once, half a minute)" ;;
  sam) venv=.venv-sam lock=requirements/sam.txt what="the SAM CLI (once, half a minute)" ;;
  prefect-client) venv=.cache/prefect-client lock=requirements/prefect-client.txt what="Prefect's own client (once, a minute)" ;;
  schemathesis) venv=.cache/schemathesis lock=requirements/schemathesis.txt what="schemathesis (once, half a minute)" ;;
  *) echo "usage: $0 local|dev|sam|prefect-client|schemathesis" >&2 && exit 2 ;;
esac
stamp=$venv/.installed-$name
# An environment knows its folder by heart: where the checkout was moved, it is made anew. What pyproject.toml says of
# linters and tests changes nothing in it.
wanted="$PWD $(cat "$lock" <([ $venv = .venv ] && sed '/^\[tool\.pytest/,$d' pyproject.toml) | cksum)"

works() { [ -x $venv/bin/python ] && $venv/bin/python -c '' 2>/dev/null; }

if works && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
  exit 0
fi

if ! command -v "$python" >/dev/null; then
  echo "Whenflow needs Python 3.11 or newer, and there is no '$python'. Name yours: make PYTHON=python3.13 …" >&2
  exit 1
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  echo "Whenflow needs Python 3.11 or newer; '$python' is $("$python" -V 2>&1). Name another: make PYTHON=python3.13 …" >&2
  exit 1
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
  echo "'$python' cannot make virtual environments. On Debian and Ubuntu: apt install python3-venv" >&2
  exit 1
fi

echo "Installing $what …"
if ! works || ! grep -qsF "$PWD " $venv/.installed-*; then
  rm -rf $venv
  "$python" -m venv $venv
fi
rm -f "$stamp"
# --no-deps: a lock is complete.
pip=($venv/bin/python -m pip --quiet --disable-pip-version-check install --no-deps)
# Compiled on import where that is soon enough; but the functions of the local stack are to start fast the first time.
[ "$name" = local ] || pip+=(--no-compile)
"${pip[@]}" --require-hashes --requirement "$lock"
if [ $venv = .venv ]; then
  # the checkout itself, so that `import whenflow` and .venv/bin/whenflow work; nothing is downloaded for it
  "${pip[@]}" --no-build-isolation --no-index --editable .
fi
echo "$wanted" >"$stamp"
