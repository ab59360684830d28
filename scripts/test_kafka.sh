#!/usr/bin/env bash
# Proves the signup story with a real Kafka: a broker, Kafka Connect with an HTTP sink, and the local stack, all on this
# machine. KAFKA_MESSAGES=100 sends fewer than 1,000.
# Kafka is fetched by Maven into .cache/ once (60 MB). Without a JDK (17 or newer) or Maven: nothing is run.
set -euo pipefail
cd "$(dirname "$0")/.."

version=${KAFKA_VERSION:-3.9.1}
cache=.cache/kafka/$version
python=${PYTHON_OF_TESTS:-.venv/bin/python}

skip() { echo "Skipped: $1 (Kafka needs a JDK, 17 or newer, and Maven)." && exit 0; }

command -v java >/dev/null || skip "there is no Java"
command -v javac >/dev/null || skip "this Java is no JDK"
[ "$(javac -version 2>&1 | sed -nE 's/^javac ([0-9]+).*/\1/p')" -ge 17 ] || skip "this JDK is too old"
command -v mvn >/dev/null || skip "there is no Maven"

if [ ! -f "$cache/complete" ]; then
  echo "Fetching Kafka $version (once) …"
  rm -rf "$cache"
  mkdir -p "$cache"
  dependencies=
  for artifact in kafka_2.13 connect-runtime connect-json connect-transforms; do
    dependencies+="<dependency><groupId>org.apache.kafka</groupId><artifactId>$artifact</artifactId><version>$version</version></dependency>"
  done
  cat >"$cache/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>whenflow</groupId>
  <artifactId>kafka</artifactId>
  <version>1</version>
  <dependencies>$dependencies</dependencies>
</project>
POM
  if ! mvn --quiet --batch-mode --file "$cache/pom.xml" dependency:copy-dependencies \
    -DoutputDirectory=lib -DincludeScope=runtime >"$cache/log" 2>&1; then
    cat "$cache/log" >&2
    exit 1
  fi
  touch "$cache/complete"
fi

# The sink is a plugin of Kafka Connect, compiled against the Kafka that was fetched.
plugin=$cache/plugins/http-sink
rm -rf "$plugin"
mkdir -p "$plugin/classes"
javac -nowarn -d "$plugin/classes" -cp "$cache/lib/*" scripts/kafka/HttpSink.java
cp -r scripts/kafka/META-INF "$plugin/classes/"
jar --create --file "$plugin/http-sink.jar" -C "$plugin/classes" .
rm -rf "$plugin/classes"

WHENFLOW_KAFKA=$PWD/$cache WHENFLOW_KAFKA_MESSAGES=${KAFKA_MESSAGES:-1000} \
  "$python" -m pytest --quiet -p no:xdist "$@" tests/kafka
