"""What every config store does."""

from typing import Any

import pytest

from whenflow.errors import Conflict, NotFound, Stale
from whenflow.events import Event
from whenflow.ports import Reference

TEA = {"id": "tea", "name": "Tea", "tags": ["hot", "dry"], "rules": {"minutes": 4, "milk": None, "zoë": 0.5}}
CUPS = {"id": "cups", "name": "Cups"}


def test_a_document_that_is_stored_is_found(config):
    config.create("webhook", "tea", TEA)

    assert config.get("webhook", "tea") == TEA


def test_what_is_not_there_is_not_found(config):
    config.create("webhook", "tea", TEA)

    assert config.get("webhook", "cups") is None
    assert config.get("deployment", "tea") is None


@pytest.mark.parametrize("odd", ["", "x" * 3_000, "☃" * 400])
def test_under_an_id_that_nothing_can_have_there_is_nothing(config, odd):
    assert config.get("webhook", odd) is None


def test_all_documents_of_a_kind_come_ordered_by_id(config):
    config.create("webhook", "tea", TEA)
    config.create("webhook", "cups", CUPS)
    config.create("deployment", "cups", {"id": "another"})

    assert config.all("webhook") == [CUPS, TEA]


def test_a_kind_without_documents_is_empty(config):
    assert config.all("webhook") == []


def test_an_id_can_be_taken_only_once(config):
    config.create("webhook", "tea", TEA)

    with pytest.raises(Conflict):
        config.create("webhook", "tea", CUPS)

    assert config.get("webhook", "tea") == TEA


def test_a_reference_leads_to_the_id(config):
    config.create("webhook", "tea", TEA, [Reference("webhook-slug", "abc")])

    assert config.get("webhook-slug", "abc") == {"id": "tea"}


def test_a_reference_can_be_taken_only_once_and_then_nothing_is_stored(config):
    config.create("webhook", "tea", TEA, [Reference("webhook-slug", "abc")])

    with pytest.raises(Conflict):
        config.create("webhook", "cups", CUPS, [Reference("webhook-slug", "abc")])

    assert config.get("webhook", "cups") is None
    assert config.get("webhook-slug", "abc") == {"id": "tea"}


def test_a_document_is_replaced(config):
    config.create("webhook", "tea", TEA)

    config.replace("webhook", "tea", TEA | {"name": "Green tea"})

    assert config.get("webhook", "tea")["name"] == "Green tea"


def test_what_is_not_there_cannot_be_replaced(config):
    with pytest.raises(NotFound):
        config.replace("webhook", "tea", TEA)

    assert config.get("webhook", "tea") is None


def test_a_document_is_moved_together_with_its_references(config):
    config.create("webhook", "tea", TEA, [Reference("webhook-slug", "abc")])

    config.move("webhook", "tea", "green", TEA | {"name": "Green tea"}, [Reference("webhook-slug", "abc")])

    assert config.get("webhook", "tea") is None
    assert config.get("webhook", "green")["name"] == "Green tea"
    assert config.get("webhook-slug", "abc") == {"id": "green"}


def test_a_document_is_not_moved_to_where_another_is(config, events, told):
    config.create("webhook", "tea", TEA, [Reference("webhook-slug", "abc")])
    config.create("webhook", "cups", CUPS)

    with pytest.raises(Conflict):
        config.move("webhook", "tea", "cups", TEA, [Reference("webhook-slug", "abc")], told)

    assert (config.get("webhook", "tea"), config.get("webhook", "cups")) == (TEA, CUPS)
    assert config.get("webhook-slug", "abc") == {"id": "tea"}
    assert events.get(told.id) is None


def test_what_is_not_there_cannot_be_moved(config):
    with pytest.raises(NotFound):
        config.move("webhook", "tea", "green", TEA)

    assert config.get("webhook", "green") is None


def test_a_move_is_told_with_it_and_is_a_change_of_both_ids(config, events, told):
    config.create("webhook", "tea", TEA)

    config.move("webhook", "tea", "green", TEA, told=told)

    assert events.get(told.id) == told
    changes = config.changes("webhook", 1)
    assert (changes.version, changes.ids) == (3, ["tea", "green"])


def test_a_move_that_finds_the_list_of_changes_full_is_known_like_the_others(config):
    config.create("webhook", "tea", TEA)
    for _ in range(19):
        config.replace("webhook", "tea", TEA)

    config.move("webhook", "tea", "green", TEA)

    changes = config.changes("webhook", 20)
    assert (changes.version, changes.ids) == (22, ["tea", "green"])


def test_a_document_is_removed_together_with_its_references(config):
    config.create("webhook", "tea", TEA, [Reference("webhook-slug", "abc")])

    assert config.delete("webhook", "tea", [Reference("webhook-slug", "abc")]) is True

    assert config.get("webhook", "tea") is None
    assert config.get("webhook-slug", "abc") is None


def test_a_reference_that_is_free_again_can_be_taken(config):
    config.create("webhook", "tea", TEA, [Reference("webhook-slug", "abc")])
    config.delete("webhook", "tea", [Reference("webhook-slug", "abc")])

    config.create("webhook", "cups", CUPS, [Reference("webhook-slug", "abc")])

    assert config.get("webhook-slug", "abc") == {"id": "cups"}


def test_removing_what_is_not_there_says_so_and_removes_nothing(config):
    config.create("webhook", "cups", CUPS, [Reference("webhook-slug", "abc")])

    assert config.delete("webhook", "tea", [Reference("webhook-slug", "abc")]) is False

    assert config.get("webhook-slug", "abc") == {"id": "cups"}


def test_a_kind_nobody_touched_has_version_zero(config):
    assert config.version("automation") == 0


def test_the_version_of_a_kind_rises_with_each_change(config):
    versions = [config.version("automation")]
    config.create("automation", "tea", TEA)
    versions.append(config.version("automation"))
    config.replace("automation", "tea", TEA)
    versions.append(config.version("automation"))
    config.delete("automation", "tea")
    versions.append(config.version("automation"))

    assert versions == sorted(set(versions))


def test_the_version_stays_when_a_change_is_refused(config):
    config.create("automation", "tea", TEA)
    before = config.version("automation")

    with pytest.raises(Conflict):
        config.create("automation", "tea", TEA)
    with pytest.raises(NotFound):
        config.replace("automation", "cups", CUPS)
    config.delete("automation", "cups")

    assert config.version("automation") == before


def changed(config, since):
    changes = config.changes("automation", since)
    return changes.version, changes.ids


def test_what_has_changed_since_a_version_is_known(config):
    assert changed(config, 0) == (0, [])
    config.create("automation", "tea", TEA)
    config.create("automation", "cups", CUPS)
    config.replace("automation", "tea", TEA)
    config.delete("automation", "cups")
    config.create("webhook", "other", CUPS)

    assert changed(config, 4) == (4, [])
    assert changed(config, 3) == (4, ["cups"])
    assert changed(config, 1) == (4, ["cups", "tea"])
    assert changed(config, 2) == (4, ["tea", "cups"])
    assert changed(config, 0) == (4, ["tea", "cups"])


def test_what_was_refused_is_no_change(config):
    config.create("automation", "tea", TEA, [Reference("name", "tea")])
    with pytest.raises(Conflict):
        config.create("automation", "cups", CUPS, [Reference("name", "tea")])
    with pytest.raises(NotFound):
        config.replace("automation", "cups", CUPS)
    config.delete("automation", "cups")

    assert changed(config, 0) == (1, ["tea"])


def test_after_however_many_changes_the_last_one_is_known_and_nothing_wrong_is_said(config):
    made = []
    for number in range(70):
        config.create("automation", f"a{number:02}", TEA)
        made.append(f"a{number:02}")
        assert changed(config, number) == (number + 1, made[-1:])
        for since in range(max(0, number - 30), number):
            assert changed(config, since)[1] in (None, made[since:])

    assert changed(config, 0) == (70, None), "too long ago"


def test_a_version_that_is_not_there_yet_is_no_reason_to_trust(config):
    config.create("automation", "tea", TEA)

    assert changed(config, 5) == (1, None)
    assert changed(config, -1) == (1, None)


def test_the_change_that_finds_the_list_full_is_refused_for_its_own_reasons(config):
    for number in range(20):
        config.create("automation", f"a{number}", TEA)

    with pytest.raises(Conflict):
        config.create("automation", "a0", TEA)
    with pytest.raises(NotFound):
        config.replace("automation", "none", TEA)
    assert config.delete("automation", "none") is False
    config.replace("automation", "a0", CUPS)
    assert changed(config, 20) == (21, ["a0"])


def test_the_versions_of_two_kinds_are_apart(config):
    config.create("webhook", "tea", TEA)

    assert config.version("automation") == 0


def test_changing_what_was_read_changes_nothing_that_is_stored(config):
    config.create("webhook", "tea", TEA)

    config.get("webhook", "tea")["tags"].append("cold")
    config.all("webhook")[0]["name"] = "Coffee"

    assert config.get("webhook", "tea") == TEA


def test_changing_what_was_given_changes_nothing_that_is_stored(config):
    given: dict[str, Any] = {"id": "tea", "tags": ["hot"]}
    config.create("webhook", "tea", given)

    given["tags"].append("cold")

    assert config.get("webhook", "tea") == {"id": "tea", "tags": ["hot"]}


TOLD = {"prefect.resource.id": "whenflow.webhook.tea"}


@pytest.fixture
def told(ids, clock):
    """An event that tells of a change."""
    now = clock.now()
    id_ = ids.event_id(now, TOLD["prefect.resource.id"])
    return Event(id=id_, occurred=now, event="whenflow.webhook.created", resource=TOLD, received=now)


def test_the_event_that_tells_of_a_change_is_stored_with_it(config, events, told):
    config.create("webhook", "tea", TEA, [Reference("webhook-slug", "abc")], told)

    assert config.get("webhook", "tea") == TEA
    assert events.get(told.id) == told


def test_the_end_of_a_document_is_told_with_it(config, events, told):
    config.create("webhook", "tea", TEA)

    assert config.delete("webhook", "tea", told=told) is True

    assert events.get(told.id) == told


def test_a_replacement_is_told_with_it(config, events, told):
    config.create("webhook", "tea", TEA)

    config.replace("webhook", "tea", CUPS, told)

    assert events.get(told.id) == told


def test_what_is_refused_is_not_told(config, events, told):
    config.create("webhook", "tea", TEA)

    with pytest.raises(Conflict):
        config.create("webhook", "tea", CUPS, told=told)
    with pytest.raises(NotFound):
        config.replace("webhook", "cups", CUPS, told)
    assert config.delete("webhook", "cups", told=told) is False

    assert events.get(told.id) is None


def test_the_twenty_first_change_is_told_like_the_others(config, events, clock, ids):
    for number in range(21):
        moment = clock.now()
        id_ = ids.event_id(moment, TOLD["prefect.resource.id"])
        event = Event(id=id_, occurred=moment, event="whenflow.webhook.created", resource=TOLD, received=moment)
        config.create("webhook", str(number), CUPS, told=event)

        assert events.get(id_) == event


# ---- revisions ----


def revision(config):
    return config.read("webhook", "tea").revision


def test_a_document_is_read_with_a_revision_that_is_another_after_each_change(config):
    config.create("webhook", "tea", TEA)
    seen = [revision(config)]
    for _ in range(3):
        config.replace("webhook", "tea", TEA)
        seen.append(revision(config))
    config.delete("webhook", "tea")
    config.create("webhook", "tea", TEA)
    seen.append(revision(config))

    assert config.read("webhook", "tea").document == TEA
    assert len(set(seen)) == len(seen)


def test_the_revision_stays_while_nobody_changes_the_document(config):
    config.create("webhook", "tea", TEA)
    config.create("webhook", "cups", CUPS)
    before = revision(config)

    config.replace("webhook", "cups", TEA)
    with pytest.raises(Conflict):
        config.create("webhook", "tea", CUPS)

    assert revision(config) == before


def test_what_is_not_there_has_no_revision(config):
    assert config.read("webhook", "tea") is None


def test_a_document_is_replaced_over_the_revision_that_was_read(config):
    config.create("webhook", "tea", TEA)

    config.replace("webhook", "tea", CUPS, over=revision(config))

    assert config.get("webhook", "tea") == CUPS


def test_a_document_that_changed_since_it_was_read_is_not_overwritten(config, events, told):
    config.create("webhook", "tea", TEA)
    read = revision(config)
    config.replace("webhook", "tea", CUPS)
    before = config.version("webhook")

    with pytest.raises(Stale):
        config.replace("webhook", "tea", TEA, told, over=read)
    with pytest.raises(Stale):
        config.delete("webhook", "tea", told=told, over=read)
    with pytest.raises(Stale):
        config.move("webhook", "tea", "green", TEA, told=told, over=read)

    assert config.get("webhook", "green") is None
    assert config.get("webhook", "tea") == CUPS
    assert events.get(told.id) is None
    assert config.version("webhook") == before


def test_a_document_is_moved_over_the_revision_that_was_read_and_gets_another(config):
    config.create("webhook", "tea", TEA)
    read = revision(config)

    config.move("webhook", "tea", "green", TEA, over=read)

    moved = config.read("webhook", "green")
    assert moved.document == TEA
    assert moved.revision != read
    assert config.read("webhook", "tea") is None


def test_a_document_that_was_made_anew_since_it_was_read_is_not_overwritten(config):
    config.create("webhook", "tea", TEA)
    read = revision(config)
    config.delete("webhook", "tea")
    config.create("webhook", "tea", TEA)

    with pytest.raises(Stale):
        config.replace("webhook", "tea", CUPS, over=read)


def test_what_is_gone_is_not_there_whatever_was_read(config):
    config.create("webhook", "tea", TEA)
    read = revision(config)
    config.delete("webhook", "tea")

    with pytest.raises(NotFound):
        config.replace("webhook", "tea", TEA, over=read)
    with pytest.raises(NotFound):
        config.move("webhook", "tea", "green", TEA, over=read)
    assert config.delete("webhook", "tea", over=read) is False


def test_a_document_is_removed_over_the_revision_that_was_read(config):
    config.create("webhook", "tea", TEA)

    assert config.delete("webhook", "tea", over=revision(config)) is True


def test_a_change_that_is_told_already_is_not_made_again(config, events, told):
    config.create("webhook", "tea", TEA)
    config.replace("webhook", "tea", CUPS, told)
    config.replace("webhook", "tea", TEA)

    with pytest.raises(Stale):
        config.replace("webhook", "tea", CUPS, told)
    with pytest.raises(Stale):
        config.create("webhook", "other", CUPS, told=told)

    assert config.get("webhook", "tea") == TEA
    assert config.get("webhook", "other") is None


def test_of_many_who_change_one_field_each_nobody_s_change_is_lost(stores):
    from concurrent.futures import ThreadPoolExecutor
    from threading import Lock

    config, one_by_one = stores.config, Lock()  # the fakes and moto are no databases: each call on its own
    config.create("webhook", "tea", {"id": "tea"})

    def locked(call, *arguments, **named):
        with one_by_one:
            return call(*arguments, **named)

    def change(number):
        while True:
            found = locked(config.read, "webhook", "tea")
            try:
                changed = found.document | {str(number): number}
                return locked(config.replace, "webhook", "tea", changed, over=found.revision)
            except Stale:
                continue

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(change, range(24)))

    assert config.get("webhook", "tea") == {"id": "tea", **{str(number): number for number in range(24)}}
