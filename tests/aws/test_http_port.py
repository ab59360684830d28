"""The guarded HTTP sender, against servers that mean no good."""

import datetime
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from whenflow.aws.http_port import MAX_BODY_BYTES, GuardedHttp
from whenflow.errors import Rejected, Transient
from whenflow.ports import HttpRequest

SECRET = "canary-in-the-path"


def get(url: str, **changes) -> HttpRequest:
    return HttpRequest("GET", url, {}, **{"allow_private": True, **changes})


@contextmanager
def server(talk: Callable[[socket.socket], None], context: ssl.SSLContext | None = None) -> Iterator[int]:
    """Serve connections on loopback one after the other; gives the port."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(5)

    def serve() -> None:
        while True:
            try:
                accepted, _ = listening.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(accepted, server_side=True) if context else accepted as connection:
                    connection.recv(65536)
                    talk(connection)
            except OSError:
                pass

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(5)


def test_what_is_sent_arrives_as_it_is(httpserver):
    httpserver.expect_request("/orders", method="PUT").respond_with_data("ok")

    GuardedHttp().send(
        HttpRequest("PUT", httpserver.url_for("/orders?a=1&b=%20x"), {"X-Shop": "7"}, b"\x00body", allow_private=True)
    )

    (request, _) = httpserver.log[0]
    assert request.get_data() == b"\x00body"
    assert request.headers["x-shop"] == "7"
    assert request.query_string == b"a=1&b=%20x"
    assert request.host == f"{httpserver.host}:{httpserver.port}"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://shop.example/", "must begin with https"),
        ("ftp://shop.example/", "must begin with https"),
        ("file:///etc/passwd", "must begin with https"),
        ("https://ann:pass@shop.example/", "credentials"),
        ("https://shop.example:22/", "Port 22"),
        ("https://shop.example:9001/", "Port 9001"),
        ("https://shop.example\\@127.0.0.1/", "credentials"),
        ("https://[::1", "The URL is none"),
        ("https://shop.example:x/", "The URL is none"),
        ("https://ｓhop.example/", "ASCII"),
        ("https:///path", "must begin with https"),
    ],
)
def test_a_url_that_may_not_be_called_is_refused_before_anything_is_looked_up(url, reason):
    def resolve(host: str, port: int) -> list[str]:
        raise AssertionError("nothing is looked up")

    with pytest.raises(Rejected, match=reason):
        GuardedHttp(resolve).send(get(url, allow_private=False))


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["93.184.216.34", "10.0.0.1"], ["::ffff:127.0.0.1"]])
def test_a_name_of_which_any_address_is_private_is_refused(addresses):
    with pytest.raises(Rejected, match="shop.example may not be called"):
        GuardedHttp(lambda *_: addresses).send(get(f"https://shop.example/{SECRET}", allow_private=False))


@pytest.mark.parametrize(
    "host", ["127.1", "2130706433", "0x7f.1", "localhost", "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]"]
)
def test_this_machine_is_refused_in_every_spelling(host):
    with pytest.raises((Rejected, Transient)) as refused:
        GuardedHttp().send(get(f"https://{host}/", allow_private=False))

    assert "may not be called" in str(refused.value) or "has no address" in str(refused.value)


def test_a_name_is_resolved_once_and_the_address_that_was_checked_is_called(httpserver):
    """A resolver that answers otherwise the second time (DNS rebinding) is not asked a second time."""
    httpserver.expect_request("/").respond_with_data("ok")
    answers = iter([["127.0.0.1"]])

    answer = GuardedHttp(lambda *_: next(answers)).send(get(f"http://shop.example:{httpserver.port}/"))

    assert answer.status == 200
    assert httpserver.log[0][0].host == f"shop.example:{httpserver.port}"


def test_a_redirect_is_an_answer_and_is_not_followed(httpserver):
    httpserver.expect_request("/").respond_with_data("", status=302, headers={"location": "http://169.254.169.254/"})

    answer = GuardedHttp().send(get(httpserver.url_for("/")))

    assert answer.status == 302
    assert len(httpserver.log) == 1


def test_of_a_huge_body_only_the_beginning_is_read():
    def talk(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(1000):
            connection.sendall(b"x" * 65536)

    with server(talk) as port:
        answer = GuardedHttp().send(get(f"http://127.0.0.1:{port}/"))

    assert len(answer.body) == MAX_BODY_BYTES


@pytest.mark.parametrize("opening", [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nx: "])
def test_a_server_that_sends_a_byte_now_and_then_is_given_up(opening):
    def talk(connection: socket.socket) -> None:
        connection.sendall(opening)
        for _ in range(200):
            connection.sendall(b"x")
            time.sleep(0.05)

    with server(talk) as port:
        began = time.monotonic()
        with pytest.raises(Transient):
            GuardedHttp(read_seconds=0.4).send(get(f"http://127.0.0.1:{port}/{SECRET}"))

    assert time.monotonic() - began < 3


@pytest.mark.parametrize("said", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"])
def test_a_server_that_breaks_off_or_talks_nonsense_does_no_harm(said):
    with server(lambda connection: connection.sendall(said)) as port:
        try:
            answer = GuardedHttp(read_seconds=2).send(get(f"http://127.0.0.1:{port}/{SECRET}"))
        except Transient as error:
            assert SECRET not in str(error)
        else:
            assert answer.body == b"short"


def test_a_body_that_says_it_is_compressed_is_not_unpacked(httpserver):
    import gzip

    bomb = gzip.compress(b"x" * 1_000_000)
    httpserver.expect_request("/").respond_with_data(bomb, headers={"content-encoding": "gzip"})

    assert len(GuardedHttp().send(get(httpserver.url_for("/"))).body) < 2_000


@pytest.mark.parametrize("value", ["a\r\nx-injected: 1", "a\nb", "ü"])
def test_a_header_that_would_inject_another_is_refused(httpserver, value):
    with pytest.raises(Rejected, match="x-shop"):
        GuardedHttp().send(HttpRequest("GET", httpserver.url_for("/"), {"x-shop": value}, allow_private=True))


def test_a_path_that_would_inject_a_header_arrives_as_a_path(httpserver):
    httpserver.expect_request("/").respond_with_data("ok")

    GuardedHttp().send(get(httpserver.url_for("/") + "a b\u00fc HTTP/1.1\r\nx-injected: 1"))

    assert "x-injected" not in httpserver.log[0][0].headers


def test_only_hosts_that_are_allowed_are_called(httpserver):
    httpserver.expect_request("/").respond_with_data("ok")
    guarded = GuardedHttp(lambda *_: ["127.0.0.1"], allowed_hosts=["shop.example", ".eu.example"])

    for host in ("shop.example", "a.eu.example"):
        assert guarded.send(get(f"http://{host}:{httpserver.port}/")).status == 200
    for host in ("evil-shop.example", "eu.example.evil", "a.shop.example"):
        with pytest.raises(Rejected, match="none of the hosts"):
            guarded.send(get(f"http://{host}:{httpserver.port}/"))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for shop.example, with its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "shop.example")])
    now = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName(
        [x509.DNSName("shop.example"), x509.IPAddress(ipaddress.ip_address("10.9.9.9"))]
    )
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "shop.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture
def at_shop(certificate: Path) -> Iterator[int]:
    """A server that says it is shop.example; its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    asked: list[str | None] = []
    context.sni_callback = lambda _socket, name, _context: asked.append(name)
    ok = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    with server(lambda connection: connection.sendall(ok), context) as port:
        yield port
    assert set(asked) <= {"shop.example", "other.example"}


def test_the_name_of_the_url_is_asked_for_and_checked_though_the_address_is_called(certificate, at_shop):
    guarded = GuardedHttp(lambda *_: ["127.0.0.1"], ssl.create_default_context(cafile=certificate))

    assert guarded.send(get(f"https://shop.example:{at_shop}/")).body == b"ok"


def test_a_certificate_for_another_name_is_refused(certificate, at_shop):
    guarded = GuardedHttp(lambda *_: ["127.0.0.1"], ssl.create_default_context(cafile=certificate))

    with pytest.raises(Rejected, match="other.example"):
        guarded.send(get(f"https://other.example:{at_shop}/{SECRET}"))


def test_a_certificate_that_nobody_vouches_for_is_refused_unless_the_target_says_not_to_look(at_shop):
    guarded = GuardedHttp(lambda *_: ["127.0.0.1"])

    with pytest.raises(Rejected, match="CERTIFICATE_VERIFY_FAILED"):
        guarded.send(get(f"https://shop.example:{at_shop}/"))
    assert guarded.send(get(f"https://shop.example:{at_shop}/", verify=False)).body == b"ok"


@pytest.mark.parametrize("error", [OSError("no"), socket.gaierror(-2, "unknown")])
def test_a_name_without_an_address_may_be_tried_again(error):
    def resolve(host: str, port: int) -> list[str]:
        raise error

    with pytest.raises(Transient, match="shop.example has no address"):
        GuardedHttp(resolve).send(get(f"https://shop.example/{SECRET}"))
