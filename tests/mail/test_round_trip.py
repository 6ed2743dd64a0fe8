"""One story through the application, with both servers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from email.message import EmailMessage
from pathlib import Path

from aiohttp import web

from actions.delivery.imap import Mailbox
from actions.delivery.mailing import SmtpServer
from actions.delivery.office import POST
from bot import keys
from bot.post_office import list_post_jobs
from bot.settings import Settings
from tests.factories import NOW
from tests.mail.servers import PASSWORD, USER, Postbox, deliver
from tests.web.conftest import (  # noqa: F401
    DATA,
    Counter,
    assistant,
    make_counter,
    published,
)


async def test_a_customer_is_written_to_answers_and_is_answered(
    make_counter: Callable[..., Awaitable[Counter]],  # noqa: F811
    server: SmtpServer,
    postbox: Postbox,
    mailbox: Mailbox,
    tmp_path: Path,
) -> None:
    settings = Settings(
        data_dir=DATA,
        state_dir=tmp_path,
        scheduler=False,
        smtp_host=server.host,
        smtp_port=server.port,
        smtp_tls="none",
        imap_host=mailbox.host,
        imap_port=mailbox.port,
        imap_username=USER,
        imap_password=PASSWORD,
        imap_tls="none",
    )
    counter = await make_counter(settings=settings)
    app = counter.client.app
    assert isinstance(app, web.Application)
    office, archive = app[POST], counter.parts.archive
    jobs = list_post_jobs(office, app[keys.METRICS], counter.parts.operator.zone)
    (fetching,) = [job for job in jobs if job.name == "mail"]
    filed = await counter.client.post(
        "/contact",
        data={
            "name": "Kim Berg",
            "email": "kim@example.se",
            "description": "Mitt uttag har inte kommit.",
            "language": "sv",
        },
    )
    assert filed.status == 200
    await office.courier.deliver_due()
    (receipt,) = postbox.letters

    answer = EmailMessage()
    answer["From"] = "Kim <kim@example.se>"
    answer["To"] = receipt.message["Reply-To"]
    answer["In-Reply-To"] = receipt.message["Message-ID"]
    answer["Message-ID"] = "<answer@example.se>"
    quoted = "\n> ".join(receipt.part("plain").splitlines())
    answer.set_content(f"Nu har det kommit!\n\n> {quoted}")
    deliver(mailbox.port, answer.as_bytes())
    await fetching.run(NOW)
    (case,) = (await archive.cases()).cases
    await archive.close(case.reference, "eva", "solution", "Vad bra.")
    await office.courier.deliver_due()

    said = [each.text for each in (await archive.case(case.reference)).transcript]
    outcome = postbox.letters[-1].message
    assert said[-2:] == ["Nu har det kommit!", "Vad bra."]
    assert outcome["In-Reply-To"] == "<answer@example.se>"
    assert "Här är vår lösning." in postbox.letters[-1].part("plain")
    assert await archive.find_faults() == []
