"""What a browser sends for a page of another site is refused, whatever it asks for."""

import urllib.error
import urllib.request

import pytest
from tests.local.emulator.cloud import Cloud

from whenflow.local import process
from whenflow.local.emulator.origins import is_from_elsewhere


def status(cloud: Cloud, path: str, method: str = "GET", **headers: str) -> int:
    request = urllib.request.Request(process.endpoint(cloud.port) + path, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/_ministack/reset"), ("GET", "/_ministack/health"), ("GET", "/ui")]
)
def test_a_page_of_another_site_is_refused(cloud: Cloud, method: str, path: str) -> None:
    assert status(cloud, path, method, Origin="https://evil.example") == 403


def test_programs_and_our_own_pages_are_not(cloud: Cloud) -> None:
    assert status(cloud, "/_ministack/health") == 200
    assert status(cloud, "/_ministack/health", Origin=process.endpoint(cloud.port)) == 200


@pytest.mark.parametrize(
    ("origin", "elsewhere"),
    [
        (b"http://127.0.0.1:4566", False),
        (b"http://localhost:4566", False),
        (b"http://[::1]:4566", False),
        (b"http://127.0.0.1.evil.example", True),
        (b"https://evil.example", True),
        (b"null", True),
        (b"", True),
        (b"http://[", True),
    ],
)
def test_where_a_request_comes_from(origin: bytes, elsewhere: bool) -> None:
    assert is_from_elsewhere({"headers": [(b"Origin", origin)]}) is elsewhere
