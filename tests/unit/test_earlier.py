"""An earlier case about the same matter, and what nobody is shown by address alone."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from actions.earlier import APPEND, FILE_ANYWAY
from tests.unit.talking import SUNDAY, Drawer, Heard, filled, make_services, tell

SAME = SimpleNamespace(
    reference="G-2026-000001", opened_at=SUNDAY, queue_position=4, status="open"
)


async def at_the_summary(drawer: Drawer, text: str = "no", **slots: Any) -> Heard:
    about = filled(details=None, requested_slot="details", **slots)
    services = make_services(archive=drawer)
    return await tell(text, services=services, intent="deny", **about)


async def test_a_case_of_this_conversation_is_shown_before_the_summary() -> None:
    heard = await at_the_summary(Drawer(same=SAME), filed={"reference": "x"})

    assert "G-2026-000001" in heard.text
    assert "number 4" in heard.text
    assert heard.payloads == [APPEND, FILE_ANYWAY]


async def test_a_case_of_another_conversation_is_not_shown_by_its_address() -> None:
    heard = await at_the_summary(Drawer(same=SAME))

    assert "G-2026-000001" not in heard.text


async def test_a_case_is_shown_to_who_has_its_reference_and_address() -> None:
    heard = await at_the_summary(Drawer(), mentioned="G-2026-000001")

    assert heard.payloads == [APPEND, FILE_ANYWAY]


async def test_a_reference_with_another_address_shows_nothing() -> None:
    heard = await at_the_summary(
        Drawer(), mentioned="G-2026-000001", email="eve@example.com"
    )

    assert APPEND not in heard.payloads
    assert "shall i send it" in heard.text.lower()


async def test_a_wrong_pair_sounds_the_same_whichever_half_is_wrong() -> None:
    answers = [
        await tell(
            text,
            services=make_services(archive=Drawer()),
            **filled(correcting="reference", requested_slot="reference", email=email),
        )
        for text, email in (
            ("G-2026-000009", "sofia@example.se"),
            ("G-2026-000001", "eve@example.com"),
        )
    ]

    assert answers[0].said[0] == answers[1].said[0]


async def test_appending_ends_the_form_and_drops_nothing() -> None:
    drawer = Drawer()
    slots = filled(earlier={"reference": "G-2026-000001"})

    heard = await tell(
        "append",
        services=make_services(archive=drawer),
        intent="affirm",
        **slots,
    )

    assert drawer.appended == [("G-2026-000001", slots["description"])]
    assert heard.slots["requested_slot"] is None
    assert "G-2026-000001" in heard.text


async def test_filing_anyway_goes_on_to_the_summary() -> None:
    drawer = Drawer()

    heard = await tell(
        "file it anyway",
        services=make_services(archive=drawer),
        intent="deny",
        **filled(earlier={"reference": "G-2026-000001"}),
    )

    assert drawer.appended == []
    assert heard.slots["requested_slot"] == "confirmed"
    assert "Shall I send it?" in heard.text
