"""References to secrets: what they look like, and which text they mean."""

from whenflow.documents import parse_json
from whenflow.errors import NotFound, Rejected

SSM, SECRETS_MANAGER = "ssm:", "secretsmanager:"
KINDS = (SSM, SECRETS_MANAGER)


def is_reference(secret: str) -> bool:
    """Tell whether a secret is only the name of one that the user keeps himself."""
    return secret.startswith(KINDS)


def secret_text(value: str, name: str, key: str) -> str:
    """Return the text that a reference means: the whole secret, or one text of the JSON object that it is.

    Raises:
        NotFound: It is no such object, has no such text, or is empty. Nothing of the secret is told.
    """
    text: object = value
    if key:
        try:
            document = parse_json(value)
        except Rejected:
            raise NotFound(f"The secret {name} is no JSON, so it has no {key}.") from None
        text = document.get(key) if isinstance(document, dict) else None
    if not isinstance(text, str) or not text:
        raise NotFound(f"The secret {name} has no text {key}." if key else f"The secret {name} is empty.")
    return text
