"""The use cases of setting webhooks up: create, replace, switch, rotate, delete."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, StrictStr, ValidationError

from whenflow.errors import Fault, NotFound, Rejected
from whenflow.events.validation import faults_of
from whenflow.ports import Clock, ConfigStore, Ids, Reference, Secrets, Stored, check_seen, over_latest
from whenflow.webhooks.auth import Scheme
from whenflow.webhooks.model import (
    KIND,
    READ_ONLY,
    SLUG_KIND,
    SecretRefs,
    Webhook,
    WebhookInput,
    slug_hash,
    webhook_from_document,
    webhook_from_stored,
)
from whenflow.webhooks.secrets import is_reference

DEFAULT_GRACE_SECONDS = 24 * 3600
MAX_GRACE_SECONDS = 30 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Told:
    """A webhook, with what can be seen only now.

    Attributes:
        slug: Its slug, where it is new.
        secret: Its secret, where Whenflow made it.
    """

    webhook: Webhook
    slug: str | None = None
    secret: str | None = None


class _Changes(BaseModel):
    """What can be changed alone."""

    model_config = ConfigDict(extra="forbid")

    enabled: bool | None = None
    name: StrictStr | None = Field(default=None, min_length=1, max_length=255)
    description: StrictStr | None = Field(default=None, max_length=10_000)


class _NewSecret(BaseModel):
    """The request to rotate a secret.

    Attributes:
        secret: The new one, or a reference; made here if left out.
        grace_seconds: How long the present one is good besides.
    """

    model_config = ConfigDict(extra="forbid")

    secret: StrictStr | None = None
    grace_seconds: int = Field(default=DEFAULT_GRACE_SECONDS, ge=0, le=MAX_GRACE_SECONDS)


class WebhookRegistry:
    """The webhooks, as the API sets them up."""

    def __init__(self, config: ConfigStore, secrets: Secrets, clock: Clock, ids: Ids) -> None:
        """Work on these stores, with this clock and these ids."""
        self._config = config
        self._secrets = secrets
        self._clock = clock
        self._ids = ids

    def get(self, webhook_id: str) -> Webhook:
        """Return a webhook.

        Raises:
            NotFound: There is none of this id.
        """
        return webhook_from_stored(self.read(webhook_id).document)

    def read(self, webhook_id: str) -> Stored:
        """Return a webhook as it is stored, with its revision.

        Raises:
            NotFound: There is none of this id.
        """
        found = self._config.read(KIND, webhook_id)
        if found is None:
            raise NotFound(f"There is no webhook {webhook_id}.")
        return found

    def find(self, names: list[str] | None = None) -> list[Webhook]:
        """Return the webhooks of these names, or all of them, newest first."""
        found = [webhook_from_stored(stored) for stored in self._config.all(KIND)]
        wanted = [webhook for webhook in found if names is None or webhook.name in names]
        return sorted(wanted, key=lambda one: (one.created, one.id), reverse=True)

    def create(self, document: object) -> Told:
        """Set a webhook up.

        Raises:
            Rejected: With every fault and its place.
        """
        given = webhook_from_document(document)
        slug, now, id_ = self._ids.secret(), self._clock.now(), self._ids.new()
        made = None
        secret = _secret_of(given.auth)
        if given.auth.has_secret and secret is None:
            secret = made = self._make(given.auth)
        webhook = Webhook(
            **_settings(given),
            id=id_,
            created=now,
            updated=now,
            slug_hash=slug_hash(slug),
            secrets=self._kept(id_, secret) if secret else None,
        )
        self._config.create(KIND, id_, webhook.as_stored(), [Reference(SLUG_KIND, webhook.slug_hash)])
        return Told(webhook, slug, made)

    def replace(self, webhook_id: str, document: Mapping[str, Any], *, over: str | None = None) -> Told:
        """Give a webhook other settings. Its secret stays, unless another is given or the scheme changes.

        Args:
            webhook_id: Its id.
            document: All of its settings.
            over: The revision that the caller has seen; None for any.

        Raises:
            NotFound: There is none of this id.
            Rejected: With every fault and its place.
            Stale: It is no longer of that revision.
        """
        check_seen(self.read(webhook_id), over, f"{KIND} {webhook_id}")
        given = webhook_from_document({name: value for name, value in document.items() if name not in READ_ONLY})
        secret, made = _secret_of(given.auth), None
        kept = self._kept(webhook_id, secret) if secret is not None else None

        def settings(present: Webhook) -> dict[str, Any]:
            nonlocal made, kept
            stays = present.secrets if given.auth.type == present.auth.type else None
            if given.auth.has_secret and not kept and not stays:
                made = self._make(given.auth)
                kept = self._kept(webhook_id, made)
            return _settings(given) | {"secrets": kept or stays}

        before, changed = self._save(webhook_id, settings, over)
        self._forget(before.secrets, but=changed.secrets)
        return Told(changed, secret=made)

    def change(self, webhook_id: str, document: object, *, over: str | None = None) -> None:
        """Switch a webhook on or off, or give it another name or description.

        Raises:
            NotFound: There is none of this id.
            Rejected: With every fault and its place.
            Stale: It is no longer of the revision `over`.
        """
        try:
            changes = _Changes.model_validate(document)
        except ValidationError as error:
            raise Rejected("This is not a valid change.", faults_of(error)) from None
        update = changes.model_dump(exclude_none=True)
        if not update:
            reason = "Name at least one of enabled, name, description."
            raise Rejected(reason, [Fault(("enabled",), reason, "missing")])
        self._save(webhook_id, lambda _present: update, over)

    def rotate(self, webhook_id: str) -> Told:
        """Give a webhook a new slug; the old one stops at once.

        In this order nothing is lost when it dies half-way: the old slug goes on until the new one works.

        Raises:
            NotFound: There is none of this id.
        """
        self.get(webhook_id)
        slug = self._ids.secret()
        self._config.create(SLUG_KIND, slug_hash(slug), {"id": webhook_id})
        before, changed = self._save(webhook_id, lambda _present: {"slug_hash": slug_hash(slug)})
        self._config.delete(SLUG_KIND, before.slug_hash)
        return Told(changed, slug)

    def rotate_secret(self, webhook_id: str, document: object) -> Told:
        """Give a webhook a new secret; for a while the present one is good as well.

        Raises:
            NotFound: There is none of this id.
            Rejected: With every fault and its place; also where the webhook has no secret.
        """
        present = self.get(webhook_id)
        try:
            wanted = _NewSecret.model_validate(document)
        except ValidationError as error:
            raise Rejected("This is not a valid request for a new secret.", faults_of(error)) from None
        if present.secrets is None:
            reason = "This webhook asks nobody for a secret; give it another auth first."
            raise Rejected(reason, [Fault(("auth",), reason)])
        made = None if wanted.secret is not None else self._make(present.auth, ("secret",))
        secret = wanted.secret if wanted.secret is not None else made
        new = self._kept(webhook_id, _checked(present.auth, str(secret))).current
        until = self._clock.now() + timedelta(seconds=wanted.grace_seconds)

        def rotated(now: Webhook) -> dict[str, Any]:
            if now.secrets is None or not wanted.grace_seconds:
                return {"secrets": SecretRefs(current=new)}
            return {"secrets": SecretRefs(current=new, previous=now.secrets.current, previous_until=until)}

        before, changed = self._save(webhook_id, rotated)
        self._forget(before.secrets, but=changed.secrets)
        return Told(changed, secret=made)

    def delete(self, webhook_id: str, *, over: str | None = None) -> None:
        """Remove a webhook, its address and its secrets.

        Raises:
            NotFound: There is none of this id.
            Stale: It is no longer of the revision `over`.
        """

        def removed(found: Stored) -> None:
            webhook = webhook_from_stored(found.document)
            self._config.delete(KIND, webhook.id, [Reference(SLUG_KIND, webhook.slug_hash)], over=found.revision)
            self._forget(webhook.secrets)

        over_latest(self._config, KIND, webhook_id, removed, over=over)

    def _save(
        self, webhook_id: str, update: Callable[[Webhook], Mapping[str, Any]], over: str | None = None
    ) -> tuple[Webhook, Webhook]:
        """Change fields of what is stored by now, so that what somebody else changed meanwhile stays changed.

        Returns:
            The webhook before and after.
        """

        def saved(found: Stored) -> tuple[Webhook, Webhook]:
            before = webhook_from_stored(found.document)
            after = before.model_copy(update={**update(before), "updated": self._clock.now()})
            self._config.replace(KIND, after.id, after.as_stored(), over=found.revision)
            return before, after

        return over_latest(self._config, KIND, webhook_id, saved, over=over)

    def _make(self, auth: Scheme, place: tuple[str, ...] = ("auth", "secret")) -> str:
        secret = auth.new_secret(self._ids)
        if secret is None:
            reason = f"The sender makes the secret of {auth.type}: give it here, or a reference to it."
            raise Rejected("This is not a valid webhook.", [Fault(place, reason, "missing")])
        return secret

    def _kept(self, webhook_id: str, secret: str) -> SecretRefs:
        """Keep a secret under a name of its own; where it is a reference, it is kept already."""
        if is_reference(secret):
            return SecretRefs(current=secret)
        return SecretRefs(current=self._secrets.put(f"webhooks/{webhook_id}/{self._ids.new()}", secret))

    def _forget(self, refs: SecretRefs | None, but: SecretRefs | None = None) -> None:
        """Forget secrets that are needed no more; those that the user keeps himself are not ours to delete."""
        staying = {but.current, but.previous} if but else set()
        for reference in (refs.current, refs.previous) if refs else ():
            if reference and reference not in staying:
                self._secrets.delete(reference)


def _settings(given: WebhookInput) -> dict[str, Any]:
    return {name: getattr(given, name) for name in WebhookInput.model_fields} | {"auth": given.auth.without_secret()}


def _secret_of(auth: Scheme) -> str | None:
    secret: str | None = getattr(auth, "secret", None)
    return secret


def _checked(auth: Scheme, secret: str) -> str:
    """Return a secret that suits a scheme.

    Raises:
        Rejected: It does not.
    """
    try:
        type(auth).model_validate(auth.model_dump() | {"secret": secret})
    except ValidationError as error:
        raise Rejected("This is not a valid secret.", faults_of(error)) from None
    return secret
