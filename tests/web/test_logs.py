from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator

import pytest
from aiohttp import FormData, web

from actions.delivery.office import POST
from bot.assistant.components.logs import WordlessFilter
from bot.dialogue.rasa import Turn
from bot.tokens import internal_token
from knowledge.answers import Answer
from knowledge.logs import WordlessFormatter, set_up_logging
from tests.factories import make_draft
from tests.web.conftest import Counter, FakeKnowledge
from tests.web.test_channel import PNG

WORDS = "Mitt hemliga uttag på 300 kronor"


class QuotingKnowledge(FakeKnowledge):
    """Breaks on every question, and quotes it in the error."""

    def answer(self, question: str, *, language: str | None) -> Answer | None:
        raise ValueError(f"cannot answer {question!r}")


@pytest.fixture
def restored_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def call(action: str) -> dict[str, object]:
    return {
        "next_action": action,
        "sender_id": "c1",
        "domain": {},
        "version": "3.6.21",
        "tracker": {
            "sender_id": "c1",
            "slots": {},
            "events": [],
            "latest_message": {"text": WORDS, "metadata": {"language": "sv"}},
            "active_loop": {},
            "paused": False,
            "latest_action_name": "action_listen",
            "latest_input_channel": "rest",
            "followup_action": None,
        },
    }


async def test_an_action_that_raises_leaves_no_word_of_the_customer_in_the_log(
    make_counter: Callable[..., Awaitable[Counter]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    counter = await make_counter(knowledge=QuotingKnowledge())
    token = internal_token(counter.parts.settings.state_dir)

    response = await counter.client.post(
        "/rasa/webhook", params={"token": token}, json=call("action_answer")
    )

    assert response.status == 500
    assert "action_answer: ValueError at" in caplog.text
    assert "hemliga" not in caplog.text
    assert "hemliga" not in await response.text()


async def test_a_turn_that_raises_leaves_no_word_of_the_customer_in_the_log(
    counter: Counter, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(text: str, metadata: object) -> Turn:
        raise RuntimeError(f"cannot hear {text!r}")

    counter.assistant.script = fail
    visit = await counter.open(language="sv")

    response = await visit.post(text=WORDS)

    assert response.status == 500
    assert "RuntimeError at" in caplog.text
    assert "hemliga" not in caplog.text


async def test_the_libraries_log_no_parameters_however_much_is_asked_for(
    counter: Counter, restored_logging: None, caplog: pytest.LogCaptureFixture
) -> None:
    set_up_logging()
    logging.getLogger().addHandler(caplog.handler)
    logging.getLogger().setLevel(logging.DEBUG)
    visit = await counter.open(language="sv")

    await visit.say(WORDS)

    assert "hemliga" not in caplog.text


async def test_nothing_that_people_send_or_are_called_stands_in_the_log(
    counter: Counter, restored_logging: None, caplog: pytest.LogCaptureFixture
) -> None:
    set_up_logging()
    logging.getLogger().addHandler(caplog.handler)
    logging.getLogger().setLevel(logging.DEBUG)
    headers = {"Origin": str(counter.client.make_url("/").origin())}
    app = counter.client.app
    assert isinstance(app, web.Application)
    visit = await counter.open(language="sv")
    case = await counter.parts.archive.file(make_draft(description=WORDS))
    await counter.client.post(
        "/sign-in",
        data={"email": "hemliga@x.example", "password": "hemliga"},
        headers=headers,
    )
    await counter.sign_in("lead")

    for content in (PNG, b"hemliga"):
        form = FormData()
        form.add_field("file", content, filename="hemliga.png")
        await counter.client.post(
            f"{visit.address}/attachments", data=form, headers=visit.headers
        )
    await app[POST].mailroom.receive(
        f"From: hemliga@x.example\r\nSubject: hemliga\r\n\r\n{WORDS}".encode()
    )
    for path, fields in (
        ("/desk/mail/1/attach", {"reference": "hemliga"}),
        ("/desk/mail/1/attach", {"reference": case.reference}),
        (f"/desk/cases/{case.reference}/replies", {"text": WORDS}),
        ("/status", {"reference": case.reference, "email": "hemliga@x.example"}),
    ):
        await counter.client.post(path, data=fields, headers=headers)
    for path in ("/desk?q=hemliga", "/desk/report", "/desk/report/complaints.csv"):
        assert (await counter.client.get(path)).status == 200

    assert "hemliga" not in caplog.text
    assert case.customer.email is not None
    assert case.customer.email not in caplog.text


def test_an_exception_is_formatted_by_its_place() -> None:
    try:
        raise ValueError(WORDS)
    except ValueError as exc:
        record = logging.LogRecord(
            "guichet", logging.ERROR, __file__, 1, "it broke", None, None
        )
        record.exc_info = (type(exc), exc, exc.__traceback__)

    text = WordlessFormatter().format(record)

    assert text.startswith("it broke\nValueError at ")
    assert __file__ in text
    assert "hemliga" not in text


@pytest.mark.parametrize(
    ("logged", "kept"),
    [
        (f'{{"event": "rest.failure", "text": "{WORDS}"}}', "rest.failure"),
        (
            f'{{"event": "rest.failure", "exception": [{{"exc_type": "KeyError", '
            f'"exc_value": "{WORDS}"}}]}}',
            "rest.failure KeyError",
        ),
        (f"Could not save the tracker: {WORDS}", __file__),
    ],
)
def test_what_rasa_logs_of_a_failure_is_reduced_to_what_and_where(
    logged: str, kept: str
) -> None:
    record = logging.LogRecord(
        "rasa.core", logging.ERROR, __file__, 7, logged, None, None
    )

    assert WordlessFilter().filter(record)

    assert kept in record.getMessage()
    assert "hemliga" not in record.getMessage()
