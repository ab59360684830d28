"""Calls to servers outside, guarded against being turned inwards (SECURITY: outgoing calls).

The name is resolved once, every address that comes of it is checked, and the connection goes to the address that was
checked, with the name for SNI and certificate: a resolver that answers otherwise the second time gains nothing.
No redirect is followed, no proxy of the environment is used, nothing is tried twice.
"""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from functools import lru_cache
from http.client import HTTPException
from urllib.parse import SplitResult, quote, urlsplit

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, ReadTimeoutError

from whenflow.aws.addresses import check_address
from whenflow.errors import Rejected, Transient
from whenflow.ports import HttpAnswer, HttpRequest

PORTS = frozenset({80, 443, 8443})
CONNECT_SECONDS = 10.0
READ_SECONDS = 15.0
MAX_BODY_BYTES = 64 * 1024
PIECE_BYTES = 8 * 1024
KEPT_IN_URLS = "/?&=%:@!$'()*+,;-._~[]"
Resolve = Callable[[str, int], Sequence[str]]


def resolved(host: str, port: int) -> Sequence[str]:
    """Return the addresses of a host, in the order in which the system would try them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


class GuardedHttp:
    """The HTTP sender."""

    def __init__(
        self,
        resolve: Resolve = resolved,
        trust: ssl.SSLContext | None = None,
        connect_seconds: float = CONNECT_SECONDS,
        read_seconds: float = READ_SECONDS,
        allowed_hosts: Sequence[str] = (),
    ) -> None:
        """Resolve names with `resolve`, and trust what `trust` does.

        Args:
            resolve: Returns the addresses of a host and port; raises OSError.
            trust: By default what the system trusts.
            connect_seconds: For the connection, and for its encryption.
            read_seconds: For all of the answer, from the first byte to the last.
            allowed_hosts: If there are any, only these, and those below the ones that begin with a dot.
        """
        self._resolve = resolve
        self._trust = trust
        self._connect_seconds = connect_seconds
        self._read_seconds = read_seconds
        self._allowed_hosts = tuple(host.strip().lower() for host in allowed_hosts if host.strip())

    def send(self, request: HttpRequest) -> HttpAnswer:
        """Send a request and return the answer, whatever its status.

        Raises:
            Rejected: The URL is not one that may be called, or nobody vouches for the server.
            Transient: The server cannot be reached, breaks off or takes too long.
        """
        url, port = self._checked_url(request)
        host = str(url.hostname)
        address = self._address(host, port, request.allow_private)
        connection = self._connection(url.scheme, host, address, port, request.verify)
        try:
            connection.connect()
            connection.sock.settimeout(self._read_seconds)
            with _Deadline(connection.sock, self._read_seconds) as deadline:
                answer = _exchange(connection, request, url)
        except ssl.SSLCertVerificationError as error:
            raise Rejected(f"{host} is not who it should be: {_reason(error)}.") from None
        except (HTTPError, HTTPException, OSError) as error:
            raise Transient(f"{host} cannot be reached, or broke off: {_reason(error)}.") from None
        finally:
            connection.close()
        if deadline.is_over:
            raise Transient(f"{host} took longer than {self._read_seconds:g} seconds to answer.")
        return answer

    def _checked_url(self, request: HttpRequest) -> tuple[SplitResult, int]:
        try:
            url = urlsplit(request.url)
            port = url.port or (443 if url.scheme == "https" else 80)
        except ValueError:
            raise Rejected("The URL is none.") from None
        host = url.hostname
        if url.scheme not in {"http", "https"} or not host:
            raise Rejected("The URL must begin with https:// and a host.")
        if url.username is not None or url.password is not None or "\\" in url.netloc:
            raise Rejected(f"The URL to {host} must hold no credentials.")
        if not host.isascii() or any(character <= " " for character in host):
            raise Rejected("The URL's host must be ASCII; write an international name as xn--….")
        if url.scheme == "http" and not request.allow_private:
            raise Rejected(f"The URL to {host} must begin with https://.")
        if port not in PORTS and not request.allow_private:
            raise Rejected(f"Port {port} of {host} may not be called; only 443, 80 and 8443 may.")
        if self._allowed_hosts and not any(_is_below(host, allowed) for allowed in self._allowed_hosts):
            raise Rejected(f"{host} is none of the hosts that may be called.")
        return url, port

    def _address(self, host: str, port: int, allow_private: bool) -> str:
        """Return the address to connect to; every address of the host must be one that may be called."""
        try:
            addresses = self._resolve(host, port)
        except (OSError, UnicodeError):
            raise Transient(f"{host} has no address.") from None
        if not addresses:
            raise Transient(f"{host} has no address.")
        for address in addresses:
            try:
                check_address(address, allow_private=allow_private)
            except Rejected as error:
                raise Rejected(f"{host} may not be called: {error.reason}.") from None
        return addresses[0]

    def _connection(self, scheme: str, host: str, address: str, port: int, verify: bool) -> HTTPConnection:
        if scheme == "http":
            return HTTPConnection(address, port, timeout=self._connect_seconds)
        context = (self._trust or _trusting()) if verify else _trusting_anyone()
        return HTTPSConnection(
            address,
            port,
            timeout=self._connect_seconds,
            ssl_context=context,
            cert_reqs=ssl.CERT_REQUIRED if verify else ssl.CERT_NONE,
            server_hostname=host,
            assert_hostname=None if verify else False,  # None has the context itself check it, against the name
        )


class _Deadline:
    """Breaks a connection off when its time is over: a server that sends a byte now and then would hold it for ever."""

    def __init__(self, sock: socket.socket, seconds: float) -> None:
        self._sock = sock
        self._timer = threading.Timer(seconds, self._break_off)
        self._timer.daemon = True
        self.is_over = False

    def _break_off(self) -> None:
        self.is_over = True
        with contextlib.suppress(OSError):  # it is closed already
            self._sock.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> "_Deadline":
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()


def _exchange(connection: HTTPConnection, request: HttpRequest, url: SplitResult) -> HttpAnswer:
    """Send the request and read the beginning of the answer."""
    connection.request(
        request.method,
        _target(url),
        body=request.body,
        headers=_headers(request, url),
        preload_content=False,
        decode_content=False,
        enforce_content_length=False,
    )
    answer = connection.getresponse()
    pieces, size = [], 0
    while size < MAX_BODY_BYTES and (piece := answer.read(min(PIECE_BYTES, MAX_BODY_BYTES - size))):
        pieces.append(piece)
        size += len(piece)
    answer.close()
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return HttpAnswer(answer.status, headers, b"".join(pieces))


def _headers(request: HttpRequest, url: SplitResult) -> dict[str, str]:
    """Return the headers to send; the host is always the URL's own.

    Raises:
        Rejected: A header cannot be sent as it is.
    """
    headers = {name.lower(): value for name, value in request.headers.items()}
    for name, value in headers.items():
        if not value.isascii() or any(character < " " or character == "\x7f" for character in value):
            raise Rejected(f"The header '{name}' holds characters that cannot be sent.")
    return headers | {"host": url.netloc, "accept-encoding": "identity", "connection": "close"}


def _target(url: SplitResult) -> str:
    path = quote(url.path or "/", safe=KEPT_IN_URLS)
    return path + (f"?{quote(url.query, safe=KEPT_IN_URLS)}" if url.query else "")


def _is_below(host: str, allowed: str) -> bool:
    return host.endswith(allowed) if allowed.startswith(".") else host == allowed


def _reason(error: Exception) -> str:
    """Name an error; its own words may hold the URL, and that may be a secret."""
    if isinstance(error, ssl.SSLError):
        return error.reason or "the encryption failed"
    if isinstance(error, TimeoutError | ConnectTimeoutError | ReadTimeoutError):
        return "it took too long"
    return type(error).__name__


@lru_cache(maxsize=1)
def _trusting() -> ssl.SSLContext:
    return ssl.create_default_context()


@lru_cache(maxsize=1)
def _trusting_anyone() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context
