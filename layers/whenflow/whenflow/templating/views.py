"""Plain data with the few conveniences that templates are promised."""

from collections.abc import Mapping
from typing import Any

from whenflow.events import RESOURCE_ID, RESOURCE_NAME, RESOURCE_ROLE


class View:
    """Data that answers to more names than its keys. No protocol: templates ask for it at every dot."""

    def look_up(self, name: str) -> Any:
        """Return what `{{ data.name }}` means, or raise KeyError."""
        raise KeyError(name)


class CaseInsensitive(dict[str, str], View):
    """HTTP headers: found whatever the case of their name."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        """Take headers in; names are kept in lower case."""
        super().__init__({name.lower(): value for name, value in headers.items()})

    def __getitem__(self, name: str) -> str:
        """Return a header."""
        return super().__getitem__(name.lower())

    def __contains__(self, name: object) -> bool:
        """Tell whether there is such a header."""
        return isinstance(name, str) and super().__contains__(name.lower())

    def look_up(self, name: str) -> str:
        """Return the header that `{{ headers.name }}` means; `-` may be written `_`."""
        return self[name] if name in self else self[name.replace("_", "-")]


class Dotted(dict[str, str], View):
    """Labels whose dotted names may be walked: `labels.a.b` is the label `a.b`."""

    def __init__(self, labels: Mapping[str, str], prefix: str = "") -> None:
        """View these labels below a prefix."""
        super().__init__(labels)
        self._prefix = prefix

    def look_up(self, name: str) -> Any:
        """Return the label of this name, or the view of all labels below it."""
        full = self._prefix + name
        if full in self:
            return self[full]
        if any(label.startswith(full + ".") for label in self):
            return Dotted(self, full + ".")
        raise KeyError(name)


class ResourceView(dict[str, str], View):
    """A resource as templates see it: its labels, and `.id`, `.name`, `.role`, `.labels`."""

    def look_up(self, name: str) -> Any:
        """Return a label or one of the conveniences."""
        if name in self:
            return self[name]
        label = {"id": RESOURCE_ID, "name": RESOURCE_NAME, "role": RESOURCE_ROLE}.get(name)
        if label:
            return self[label]
        if name == "labels":
            return Dotted(self)
        raise KeyError(name)
