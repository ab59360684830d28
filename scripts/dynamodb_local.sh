#!/usr/bin/env bash
# Runs a command beside AWS's own DynamoDB engine: in memory, for this machine only.
#   dynamodb_local.sh COMMAND…   the engine's address is in the command's WHENFLOW_TEST_DYNAMODB
# The engine is DynamoDB Local, fetched by Maven into .cache/ once. Without a JDK (17 or newer) or Maven: nothing is run.
set -euo pipefail
cd "$(dirname "$0")/.."

version=${DYNAMODB_LOCAL_VERSION:-3.1.0}
cache=.cache/dynamodb-local-$version

skip() { echo "Skipped: $1 (DynamoDB Local needs a JDK, 17 or newer, and Maven)." && exit 0; }

command -v java >/dev/null || skip "there is no Java"
java --list-modules 2>/dev/null | grep -q '^jdk\.compiler@' || skip "this Java is no JDK"
[ "$(java --version | sed -nE '1s/^[^ ]+ ([0-9]+).*/\1/p')" -ge 17 ] || skip "this Java is too old"
command -v mvn >/dev/null || skip "there is no Maven"

if [ ! -f "$cache/complete" ]; then
  echo "Fetching DynamoDB Local $version (once, half a minute) …"
  rm -rf "$cache"
  mkdir -p "$cache"
  cat >"$cache/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>whenflow</groupId>
  <artifactId>dynamodb-local</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>software.amazon.dynamodb</groupId>
      <artifactId>DynamoDBLocal</artifactId>
      <version>$version</version>
    </dependency>
  </dependencies>
</project>
POM
  if ! mvn --quiet --batch-mode --file "$cache/pom.xml" dependency:copy-dependencies \
    -DoutputDirectory=lib -DincludeScope=runtime >"$cache/log" 2>&1; then
    cat "$cache/log" >&2
    exit 1
  fi
  touch "$cache/complete"
fi

# It ends with its input, so it cannot outlive this script.
coproc engine { exec java -Djava.library.path="$cache/lib" -cp "$cache/lib/*" scripts/DynamoDbOnLoopback.java 2>"$cache/log"; }
engine_pid=$! input=${engine[1]}
trap 'kill $engine_pid 2>/dev/null || true' EXIT

port=
while read -r word number; do
  if [ "$word" = port ]; then port=$number && break; fi
done <&"${engine[0]}"
if [ -z "$port" ]; then
  cat "$cache/log" >&2
  echo "DynamoDB Local did not start." >&2
  exit 1
fi

status=0
WHENFLOW_TEST_DYNAMODB=http://127.0.0.1:$port "$@" || status=$?
exec {input}>&-
wait $engine_pid || true
exit $status
