"""Plain data with the few conveniences that templates are promised."""

from collections.abc import Iterator, Mapping
from typing import Any

from whenflow.events import RESOURCE_ID, RESOURCE_NAME, RESOURCE_ROLE


class View:
    """Data that answers to more names than its keys. No protocol: templates ask for it at every dot."""

    def look_up(self, name: str) -> Any:
        """Return what `{{ data.name }}` means, or raise KeyError."""
        raise KeyError(name)


class Word(str, View):
    """One word of a fixed few; `.value` and `.name` are the word again, as in Prefect's templates.

    It compares as the word, and is the word as JSON. As text it has the name of the few before it: `StateType.FAILED`.
    """

    __slots__ = ("few",)
    few: str

    def __new__(cls, word: str, few: str = "") -> "Word":
        """Keep the word, and the name of the few; a word without one is like any text."""
        made = super().__new__(cls, word)
        made.few = few
        return made

    def __str__(self) -> str:
        """Return the word with the name of the few."""
        return f"{self.few}.{super().__str__()}" if self.few else super().__str__()

    def look_up(self, name: str) -> str:
        """Return the word."""
        if name in ("value", "name"):
            return super().__str__()
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


class Pairs(dict[str, str]):
    """Labels; a loop over them gives pairs: `{% for label, value in event.resource %}`."""

    def __iter__(self) -> Iterator[Any]:
        """Yield the pairs."""
        return iter(self.items())


class Dotted(Pairs, View):
    """Labels whose dotted names may be walked: `labels.a.b` is the label `a.b`."""

    def __init__(self, labels: Mapping[str, str], prefix: str = "") -> None:
        """View these labels below a prefix."""
        super().__init__(labels.items())
        self._prefix = prefix

    def look_up(self, name: str) -> Any:
        """Return the label of this name, or the view of all labels below it."""
        full = self._prefix + name
        is_branch = any(label.startswith(full + ".") for label in self.keys())
        if full in self:
            return Branch(self[full], Dotted(self, full + ".")) if is_branch else self[full]
        if is_branch:
            return Dotted(self, full + ".")
        raise KeyError(name)


class Branch(str, View):
    """The value of a label that has others below it: with labels `a` and `a.b`, both are found by dots."""

    __slots__ = ("below",)
    below: Dotted

    def __new__(cls, value: str, below: Dotted) -> "Branch":
        """Keep the value and the labels below."""
        made = super().__new__(cls, value)
        made.below = below
        return made

    def look_up(self, name: str) -> Any:
        """Return a label below."""
        return self.below.look_up(name)


class Group(tuple[Any, list[Any]], View):
    """What `groupby` gives: a pair, whose parts are also called `grouper` and `list`."""

    __slots__ = ()

    def look_up(self, name: str) -> Any:
        """Return one of the parts."""
        if name in ("grouper", "list"):
            return self[("grouper", "list").index(name)]
        raise KeyError(name)


class ResourceView(Pairs, View):
    """A resource as templates see it: its labels, and `.id`, `.name`, `.role`, `.labels`."""

    def __init__(self, labels: Mapping[str, str]) -> None:
        """View these labels."""
        super().__init__(labels.items())

    def look_up(self, name: str) -> Any:
        """Return one of the conveniences, or a label; a resource without a name has the name None."""
        match name:
            case "id":
                return self[RESOURCE_ID]
            case "name":
                return self.get(RESOURCE_NAME)
            case "role" if RESOURCE_ROLE in self:
                return self[RESOURCE_ROLE]
            case "labels":
                return Dotted(self)
        return self[name]
