#!/usr/bin/env bash
# sam local invoke: a built function in a container like Lambda's.
#   sam_local.sh <logical id> <event file>     e.g. WebhookFunction events/webhook_signup.json
#   sam_local.sh down                          stops the Docker engine that this script started
#
# Where a Docker engine answers, SAM uses it and pulls Lambda's image. Where none does, this script needs root on Debian or
# Ubuntu: it installs Debian's engine, runs it with all its data in .sam-local/, and makes the image itself, from Debian's
# Python and Lambda's runtime client, under the name that SAM looks for. No image registry is needed then.
set -euo pipefail
cd "$(dirname "$0")/.."

home=$PWD/.sam-local
runtime=python3.13 suite=trixie # the Debian release that has exactly this Python
case $(uname -m) in arm64 | aarch64) architecture=arm64 machine=aarch64 ;; *) architecture=x86_64 machine=x86_64 ;; esac
image=public.ecr.aws/lambda/python:${runtime#python}-$architecture
export SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=${AWS_DEFAULT_REGION:-us-east-1}

use_own_engine() {
  export DOCKER_HOST=unix://$home/docker.sock DOCKER_CONFIG=$home/config DOCKER_BUILDKIT=0
}

install_engine() {
  command -v dockerd >/dev/null && command -v debootstrap >/dev/null && return
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "make sam-local needs a Docker engine. Start yours, or run this as root on Debian or Ubuntu." >&2
    exit 1
  fi
  echo "Installing a Docker engine (once, about half a minute) …"
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends docker.io debootstrap >/dev/null
}

start_engine() {
  docker info >/dev/null 2>&1 && return
  echo "Starting a Docker engine of our own …"
  mkdir -p "$home"
  # No firewall rules: SAM publishes a port on 127.0.0.1, which Docker's own proxy serves without any.
  dockerd --host "$DOCKER_HOST" --data-root "$home/data" --exec-root "$home/exec" --pidfile "$home/dockerd.pid" \
    --iptables=false --ip6tables=false --ip-masq=false --ip-forward=false --bip 172.31.250.1/24 \
    >"$home/dockerd.log" 2>&1 &
  for _ in $(seq 80); do
    docker info >/dev/null 2>&1 && return
    sleep 0.25
  done
  tail -5 "$home/dockerd.log" >&2
  exit 1
}

make_image() {
  docker image inspect "$image" >/dev/null 2>&1 && return
  echo "Making the image (once, about half a minute) …"
  local root=$home/root
  rm -rf "$root"
  debootstrap --variant=minbase --include=python3,ca-certificates "$suite" "$root" >"$home/debootstrap.log" 2>&1
  rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/* "$root"/usr/share/{doc,locale,man}
  mkdir -p "$root"/var/{runtime,task,rapid} "$root"/opt
  .venv-sam/bin/python -m pip --quiet --disable-pip-version-check install --root-user-action=ignore --no-deps \
    --require-hashes --only-binary=:all: --implementation cp --python-version "${runtime#python}" \
    --platform "manylinux2014_$machine" --platform "manylinux_2_28_$machine" \
    --requirement requirements/lambda-runtime.txt --target "$root/var/runtime"
  # what Lambda's image has at this place, in its own words
  cat >"$root/var/runtime/bootstrap" <<BOOTSTRAP
#!/bin/sh
export AWS_EXECUTION_ENV=AWS_Lambda_$runtime LAMBDA_RUNTIME_DIR=/var/runtime LAMBDA_TASK_ROOT=/var/task
export PYTHONPATH=/var/task:/opt/python/lib/$runtime/site-packages:/opt/python:/var/runtime
exec /usr/bin/$runtime -m awslambdaric "\${1:-\$_HANDLER}"
BOOTSTRAP
  chmod +x "$root/var/runtime/bootstrap"
  tar -C "$root" -c . | docker import --change 'WORKDIR /var/task' \
    --change 'ENV LANG=C.UTF-8 PATH=/usr/local/bin:/usr/bin:/bin' - "$image" >/dev/null
  rm -rf "$root"
}

stop_engine() {
  [ -f "$home/dockerd.pid" ] || return 0
  local pid
  pid=$(cat "$home/dockerd.pid")
  kill "$pid" 2>/dev/null || true
  for _ in $(seq 40); do
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.25
  done
  umount "$home"/exec/netns/* 2>/dev/null || true
  ip link del docker0 2>/dev/null || true
}

invoke() {
  BUILD_DIR=.aws-sam/container/build scripts/build.sh $runtime $architecture lambda
  .venv-sam/bin/sam local invoke "$1" --event "$2" --template .aws-sam/container/build/template.yaml \
    --parameter-overrides "Runtime=$runtime Architecture=$architecture" "${@:3}"
}

case $# in
  1) [ "$1" = down ] && stop_engine && exit ;;
  2)
    if docker info >/dev/null 2>&1; then
      invoke "$@"
    else
      use_own_engine
      install_engine
      start_engine
      make_image
      invoke "$@" --skip-pull-image
    fi
    exit
    ;;
esac
sed -n 2,4p "$0" >&2
exit 2
