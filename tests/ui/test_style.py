"""The style sheet: every text can be read by those who see little contrast."""

import re

import pytest

from whenflow.ui.rendering import HERE

STYLE = (HERE / "static" / "style.css").read_text()
STATES = ("completed", "failed", "crashed", "running", "pending", "scheduled", "cancelled")
TEXTS = [("text", on) for on in ("page", "surface", "sunken", "fresh")]
TEXTS += [("muted", on) for on in ("page", "surface", "sunken")]
TEXTS += [(name, on) for name in ("accent", "accent-hover") for on in ("page", "surface", "sunken")]
TEXTS += [("on-accent", "accent"), ("on-accent", "accent-hover")]
TEXTS += [(state, f"{state}-on") for state in STATES] + [(state, "surface") for state in STATES]


def colours(dark):
    light_text, dark_text = STYLE.split("@media (prefers-color-scheme: dark)", 1)
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", light_text))
    return found | dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", dark_text)) if dark else found


def luminance(colour):
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "on"), TEXTS)
def test_text_stands_out_from_what_it_stands_on(dark, text, on):
    known = colours(dark)
    low, high = sorted((luminance(known[text]), luminance(known[on])))

    assert (high + 0.05) / (low + 0.05) >= 4.5


def test_dark_has_every_colour_that_light_has():
    light, dark = STYLE.split("@media (prefers-color-scheme: dark)", 1)
    names = {name for name, _ in re.findall(r"--([\w-]+): (#[0-9a-f]{6});", light)}

    assert names == {name for name, _ in re.findall(r"--([\w-]+): (#[0-9a-f]{6});", dark)}


def test_focus_can_be_seen():
    assert ":focus-visible { outline: 2px solid" in STYLE
