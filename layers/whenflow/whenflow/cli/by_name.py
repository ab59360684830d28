"""What commands do with things that are given by name: switch them, remove them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from whenflow.cli.client import Api, connect
from whenflow.cli.confirm import confirm
from whenflow.cli.lookup import Kind, find
from whenflow.cli.options import Options
from whenflow.cli.render import print_json, say

Thing = dict[str, Any]


def switch(
    kind: Kind,
    wanted: str,
    setting: Mapping[str, bool],
    words: tuple[str, str],
    options: Options,
    send: Callable[[Api, Thing], object] | None = None,
) -> None:
    """Give a setting of one thing a value; where it has that value, say so and change nothing.

    Args:
        kind: What it is.
        wanted: Its name or id.
        setting: The field and the value.
        words: What to say once it is done, and where it is so already; {name} stands for its name.
        options: Common to all commands.
        send: Does it; a PATCH of the field if left out.
    """
    ((field, value),) = setting.items()
    with connect(options) as api:
        found = find(api, kind, wanted)
        is_so = bool(found.get(field, field == "enabled")) == value
        if not is_so and send:
            send(api, found)
        elif not is_so:
            api.patch(kind.path_of(found), dict(setting))
    if options.json:
        print_json({**found, **setting})
    else:
        say(words[is_so].replace("{name}", kind.name_of(found)))


def remove(
    kind: Kind,
    wanted: Sequence[str],
    options: Options,
    *,
    yes: bool,
    also: str = "",
    check: Callable[[Api, Sequence[Thing]], None] | None = None,
) -> None:
    """Remove things, once somebody has agreed.

    Args:
        kind: What they are.
        wanted: Their names or ids; the same one given twice is one.
        options: Common to all commands.
        yes: Do not ask.
        also: What goes with them, for the question.
        check: Objects, by raising, before anything is asked.
    """
    with connect(options) as api:
        found = list({one["id"]: one for one in (find(api, kind, name) for name in wanted)}.values())
        if check:
            check(api, found)
        confirm(
            f"Remove the {kind.word}{'' if len(found) == 1 else 's'} {', '.join(map(kind.name_of, found))}{also}?", yes
        )
        for one in found:
            api.delete(kind.path_of(one))
            if not options.json:
                say(f"Removed the {kind.word} {kind.name_of(one)} ({one['id']}).")
    if options.json:
        print_json({"removed": [one["id"] for one in found]})
