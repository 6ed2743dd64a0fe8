"""Whatever happens to cases, they are taken in the order of receipt."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actions.cases.archive import Archive
from actions.cases.complaint import Policy
from knowledge.database import open_engine
from tests.factories import NOW, STOCKHOLM, FakeClock, make_draft

# What may be done to any case between its filing and its turn.
ACTS = (
    "append",
    "note",
    "give_back",
    "interim",
    "reopen",
    "classify",
    "duplicate",
    "hold",
    "wait",
)


async def act(archive: Archive, reference: str, what: str) -> None:
    match what:
        case "append":
            await archive.append_to_case(reference, "Alors ?")
        case "note":
            await archive.add_note(reference, "eva", "Hm")
        case "give_back":
            await archive.assign(reference, "eva", "eva")
            await archive.assign(reference, "eva", None)
        case "interim":
            await archive.send_interim_update(reference, "eva", "Pas encore.")
        case "reopen":
            await archive.close(reference, "eva", "clarification")
            await archive.append_to_case(reference, "Non.")
        case "duplicate":
            # Filed again by the same person in the same words; then closed unseen.
            filed = await archive.case(reference)
            draft = make_draft(customer=filed.customer, description=filed.description)
            again = await archive.file(draft)
            assert again.duplicate_of is not None
            await archive.close(again.reference, "eva", "clarification")
        case "hold":
            await archive.hold(reference, "eva", "Domstol")
            await archive.release(reference, "eva", "Dom föll")
        case "wait":
            await archive.clocks.pause(
                reference, "eva", "waiting_for_customer", "Kontoutdrag"
            )
            await archive.append_to_case(reference, "Voici.")
        case "classify":
            await archive.correct_classification(
                reference, "eva", is_complaint=False, ground=None, category="other"
            )


async def live(
    url: str,
    policy: Policy,
    minutes: list[int],
    acts: list[tuple[int, str]],
) -> tuple[list[datetime], list[datetime]]:
    """File, do everything, and take all; what was received, and what was taken."""
    clock, engine = FakeClock(NOW), open_engine(url)
    archive = Archive(engine, policy, STOCKHOLM, clock)
    references = []
    for n, minute in enumerate(minutes):
        received_at = NOW - timedelta(minutes=minute, seconds=n)
        case = await archive.file(make_draft(received_at=received_at))
        references.append(case.reference)
        clock.advance(seconds=1)
    for n, what in acts:
        await act(archive, references[n % len(references)], what)
        clock.advance(seconds=1)
    listed = [case.received_at for case in (await archive.cases("open")).cases]
    taken = []
    while case_taken := await archive.take_next("eva"):
        taken.append(case_taken.received_at)
        # What the dossier shows of its place is sealed with its history.
        places = [
            each.details["queue_position"]
            for each in case_taken.history
            if each.kind in ("filed", "taken")
        ]
        assert places[-1] == case_taken.queue_position == len(taken)
    assert await archive.find_faults() == []
    await engine.dispose()
    return listed, taken


@given(
    minutes=st.lists(st.integers(0, 3), min_size=1, max_size=5),
    acts=st.lists(st.tuples(st.integers(0, 4), st.sampled_from(ACTS)), max_size=6),
)
@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_cases_are_listed_and_taken_in_the_order_of_receipt(
    policy: Policy,
    sqlite_template: Path,
    minutes: list[int],
    acts: list[tuple[int, str]],
):
    with tempfile.TemporaryDirectory() as folder:
        copy = shutil.copy(sqlite_template, Path(folder) / "archive.sqlite3")
        listed, taken = asyncio.run(live(f"sqlite:///{copy}", policy, minutes, acts))

    assert listed == taken == sorted(taken)
    assert len(taken) == len(minutes)
