"""The API key in a request: a bearer token, or the password of HTTP basic, as `PREFECT_API_AUTH_STRING` has it."""

import base64
import binascii

BEARER, BASIC = "bearer", "basic"


def key_in(header: str) -> str:
    """Return the API key in an `Authorization` header, or nothing where there is none.

    Args:
        header: `Bearer <key>`, or `Basic` with the key as the password of any user, or alone.
    """
    scheme, _, value = header.partition(" ")
    value = value.strip()
    if scheme.lower() == BEARER:
        return value
    return password_in(_decoded(value)) if scheme.lower() == BASIC else ""


def password_in(text: str) -> str:
    """Return what stands behind the user's name, or all of it where no user is named."""
    user, colon, password = text.partition(":")
    return password if colon else user


def _decoded(value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).decode()
    except (binascii.Error, ValueError):
        return ""
