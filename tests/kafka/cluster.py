"""Kafka on loopback: one broker, and one worker of Kafka Connect; what `scripts/test_kafka.sh` fetched."""

import contextlib
import json
import socket
import subprocess
import time
import urllib.request
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from whenflow.local import process

HOST = "127.0.0.1"
PARTITIONS = 3
PATIENCE_SECONDS = 90
BROKER = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller}
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller}
advertised.listeners=PLAINTEXT://{host}:{port}
controller.listener.names=CONTROLLER
log.dirs={home}/data
num.partitions={partitions}
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
"""
# Offsets are committed seldom, so that what was posted before the worker is killed is surely delivered again.
WORKER = """
bootstrap.servers={host}:{port}
listeners=http://{host}:{rest}
key.converter=org.apache.kafka.connect.storage.StringConverter
value.converter=org.apache.kafka.connect.json.JsonConverter
value.converter.schemas.enable=false
offset.storage.file.filename={home}/offsets
offset.flush.interval.ms=600000
plugin.path={plugins}
"""
LOGGING = """
log4j.rootLogger=WARN, stdout
log4j.appender.stdout=org.apache.log4j.ConsoleAppender
log4j.appender.stdout.layout=org.apache.log4j.PatternLayout
log4j.appender.stdout.layout.ConversionPattern=%d %p %c %m%n
"""


@dataclass
class Kafka:
    """A broker that runs, and a worker of Kafka Connect that may.

    Attributes:
        home: Where data, settings and logs are.
        libraries: Kafka, and the plugin of the sink.
    """

    home: Path
    libraries: Path
    port: int
    worker: subprocess.Popen[bytes] | None = None

    def produce(self, topic: str, records: Iterable[tuple[str, Mapping[str, object]]]) -> None:
        """Send records with Kafka's own console producer: a key and a JSON value each."""
        lines = "".join(f"{key}\t{json.dumps(value)}\n" for key, value in records)
        address = ["--bootstrap-server", f"{HOST}:{self.port}", "--topic", topic]
        _java(self, "kafka.tools.ConsoleProducer", *address, "--property", "parse.key=true", text=lines)

    def connect(self, connector: Mapping[str, str]) -> None:
        """Start a worker of Kafka Connect with one connector, which goes on where the last one's offsets are."""
        worker, settings = self.home / "worker.properties", self.home / "connector.properties"
        values = {"host": HOST, "port": self.port, "rest": _free_port(), "home": self.home}
        worker.write_text(WORKER.format(**values, plugins=self.libraries / "plugins"))
        settings.write_text("".join(f"{name}={value}\n" for name, value in connector.items()))
        command = _command(self, "org.apache.kafka.connect.cli.ConnectStandalone", str(worker), str(settings))
        with (self.home / "connect.log").open("ab") as log:
            self.worker = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        _await_http(f"http://{HOST}:{values['rest']}/connectors", self.worker)

    def kill_worker(self) -> None:
        """Kill the worker: it commits nothing more."""
        if self.worker is not None:
            self.worker.kill()
            self.worker.wait()
            self.worker = None

    def posts(self) -> Counter[tuple[str, str, str]]:
        """Return how often the sink has posted each record and got an answer: topic, partition, offset."""
        log = self.home / "connect.log"
        lines = log.read_text(errors="replace").splitlines() if log.exists() else []
        words = (line.split() for line in lines if line.startswith("posted "))
        return Counter((topic, partition, offset) for _, topic, partition, offset, *_ in words)


@contextlib.contextmanager
def running(home: Path, libraries: Path) -> Iterator[Kafka]:
    """Run a broker while the block lasts."""
    kafka = Kafka(home, libraries, _free_port())
    settings = home / "broker.properties"
    values = {"host": HOST, "port": kafka.port, "controller": _free_port(), "home": home, "partitions": PARTITIONS}
    settings.write_text(BROKER.format(**values))
    (home / "log4j.properties").write_text(LOGGING)
    cluster = uuid.uuid4().hex[:22]
    _java(kafka, "kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(settings))
    with (home / "broker.log").open("wb") as log:
        broker = subprocess.Popen(_command(kafka, "kafka.Kafka", str(settings)), stdout=log, stderr=subprocess.STDOUT)
    try:
        _await_port(kafka.port, broker)
        yield kafka
    finally:
        kafka.kill_worker()
        broker.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            broker.wait(20)
        broker.kill()
        broker.wait()


def _command(kafka: Kafka, main: str, *arguments: str) -> list[str]:
    logging = f"-Dlog4j.configuration=file:{kafka.home / 'log4j.properties'}"
    return ["java", "-Xmx512m", logging, "-cp", f"{kafka.libraries / 'lib'}/*", main, *arguments]


def _java(kafka: Kafka, main: str, *arguments: str, text: str = "") -> None:
    done = subprocess.run(_command(kafka, main, *arguments), input=text.encode(), capture_output=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr).decode(errors="replace")[-3000:]


def _free_port() -> int:
    with process.listen(0) as free:
        return int(free.getsockname()[1])


def _await_port(port: int, child: subprocess.Popen[bytes]) -> None:
    def answers() -> bool:
        with contextlib.suppress(OSError), socket.create_connection((HOST, port), timeout=1):
            return True
        return False

    _await(answers, child, "Kafka")


def _await_http(url: str, child: subprocess.Popen[bytes]) -> None:
    def answers() -> bool:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2) as answer:
            return bool(json.load(answer))
        return False

    _await(answers, child, "Kafka Connect")


def _await(answers: Callable[[], bool], child: subprocess.Popen[bytes], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not answers():
        assert child.poll() is None, f"{what} has ended"
        assert time.monotonic() < deadline, f"{what} does not answer"
        time.sleep(0.2)
