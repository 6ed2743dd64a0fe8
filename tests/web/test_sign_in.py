from __future__ import annotations

import asyncio
from typing import Any

import pyotp
import pytest

from bot.app import build_app
from bot.settings import Settings
from bot.staff.attempts import FAILURES_ALLOWED, FAILURES_ALLOWED_ANYWHERE, Attempts
from bot.staff.hashing import Hashing
from bot.staff.places import DEVICE_LENGTH, Place, device_for, device_from
from bot.staff.sessions import Sessions
from knowledge.errors import BadInput, NotSignedIn, TooManyRequests
from tests.factories import NOW
from tests.web.conftest import DATA, Counter

EMAIL = "kim@ruterdam.example"
SECRET = 2 * "JBSWY3DPEHPK3PXP"


def code(counter: Counter) -> str:
    return pyotp.TOTP(SECRET).at(int(counter.clock().timestamp()))


async def post(counter: Counter, path: str, **fields: str) -> Any:
    origin = str(counter.client.make_url("/").origin())
    return await counter.client.post(
        path, data=fields, headers={"Origin": origin}, allow_redirects=False
    )


@pytest.fixture
async def password(counter: Counter) -> str:
    """Kim, an agent, with a second factor; gives Kim's password."""
    accounts = counter.parts.accounts
    password = await accounts.add(EMAIL, name="Kim", role="agent")
    [kim] = await accounts.everybody()
    await counter.parts.second_factor.turn_on(kim.id, SECRET, code(counter))
    counter.clock.advance(minutes=2)
    return password


async def test_the_password_alone_opens_nothing(counter: Counter, password: str):
    response = await post(counter, "/sign-in", email=EMAIL, password=password)

    assert response.headers["Location"].startswith("/sign-in/code")
    assert (await counter.client.get("/api/v1/desk/cases")).status == 401


async def test_password_and_code_open_the_desk(counter: Counter, password: str):
    await post(counter, "/sign-in", email=EMAIL, password=password)

    response = await post(counter, "/sign-in/code", code=code(counter))

    assert response.headers["Location"] == "/desk"
    assert (await counter.client.get("/api/v1/desk/cases")).status == 200


async def test_a_code_is_good_once(counter: Counter, password: str):
    await post(counter, "/sign-in", email=EMAIL, password=password)
    await post(counter, "/sign-in/code", code=code(counter))
    await post(counter, "/sign-in", email=EMAIL, password=password)

    again = await post(counter, "/sign-in/code", code=code(counter))

    assert again.status == 401


async def test_wrong_codes_lock_as_wrong_passwords_do(counter: Counter, password: str):
    await post(counter, "/sign-in", email=EMAIL, password=password)
    for _ in range(8):
        assert (await post(counter, "/sign-in/code", code="000000")).status == 401

    refused = await post(counter, "/sign-in/code", code=code(counter))

    assert refused.status == 429


async def test_a_recovery_code_is_good_once(counter: Counter, password: str):
    [kim] = await counter.parts.accounts.everybody()
    codes = await counter.parts.second_factor.turn_on(kim.id, SECRET, code(counter))
    await post(counter, "/sign-in", email=EMAIL, password=password)

    first = await post(counter, "/sign-in/code", code=f"{codes[0][:5]}-{codes[0][5:]}")
    await post(counter, "/sign-in", email=EMAIL, password=password)
    second = await post(counter, "/sign-in/code", code=codes[0])

    assert first.headers["Location"] == "/desk"
    assert second.status == 401


async def test_the_second_factor_is_set_up_with_a_code_of_the_app(counter: Counter):
    await counter.sign_in()
    shown = await (await post(counter, "/account/second-factor/set-up")).text()
    assert "data:image/svg+xml" in shown

    wrong = await post(counter, "/account/second-factor", secret=SECRET, code="000000")
    right = await post(
        counter, "/account/second-factor", secret=SECRET, code=code(counter)
    )

    assert wrong.status == 400
    assert (await right.text()).count("<li><code>") == 10


async def test_a_made_up_secret_is_refused(counter: Counter):
    await counter.sign_in()

    response = await post(counter, "/account/second-factor", secret="!", code="000000")

    assert response.status == 400


async def test_turning_it_off_asks_for_a_code(counter: Counter):
    await counter.sign_in()
    await post(counter, "/account/second-factor", secret=SECRET, code=code(counter))
    counter.clock.advance(minutes=2)

    wrong = await post(counter, "/account/second-factor/off", code="000000")
    right = await post(counter, "/account/second-factor/off", code=code(counter))

    assert (wrong.status, right.status) == (400, 303)


@pytest.fixture
async def strict(make_counter, tmp_path) -> Counter:
    """A counter where leads cannot work without a second factor."""
    settings = Settings(
        data_dir=DATA,
        state_dir=tmp_path,
        scheduler=False,
        second_factor_required="lead, administrator",
    )
    counter: Counter = await make_counter(settings=settings)
    return counter


async def test_who_must_have_a_second_factor_sets_it_up_first(strict: Counter):
    await strict.sign_in("lead")

    kept_out = await strict.client.get("/desk", allow_redirects=False)
    by_api = await strict.client.get("/api/v1/desk/cases")
    shown = await (await strict.client.get("/account")).text()
    codes = await post(
        strict, "/account/second-factor", secret=SECRET, code=code(strict)
    )

    assert kept_out.headers["Location"] == "/account"
    assert by_api.status == 403
    assert "Your role needs a second factor." in shown
    assert 'href="/desk">Go on</a>' in await codes.text()
    assert (await strict.client.get("/desk")).status == 200


async def test_a_second_factor_that_is_required_stays_on(strict: Counter):
    await strict.sign_in("lead")
    await post(strict, "/account/second-factor", secret=SECRET, code=code(strict))
    strict.clock.advance(minutes=2)

    response = await post(strict, "/account/second-factor/off", code=code(strict))

    assert response.status == 403
    assert "stays on" in await (await strict.client.get("/account")).text()


async def test_other_roles_work_without_one(strict: Counter):
    await strict.sign_in("agent")

    assert (await strict.client.get("/desk")).status == 200


async def test_the_companys_own_sign_in_counts_as_one(strict: Counter):
    await strict.parts.accounts.add(EMAIL, name="Kim", role="lead")
    [kim] = await strict.parts.accounts.everybody()
    opened = await strict.parts.sessions.open(kim, is_proved=True)

    strict.client.session.cookie_jar.update_cookies({"guichet_session": opened.token})

    assert (await strict.client.get("/desk")).status == 200


async def test_administrators_see_who_lacks_one(strict: Counter):
    await strict.sign_in("administrator")
    await post(strict, "/account/second-factor", secret=SECRET, code=code(strict))
    await strict.parts.accounts.add(EMAIL, name="Kim", role="lead")

    page = await (await strict.client.get("/people")).text()

    assert page.count("Required</span>") == 2
    assert page.count('<span class="tag soon">Required') == 1


def test_a_role_that_there_is_not_cannot_be_required():
    with pytest.raises(BadInput, match="got boss"):
        build_app(Settings(second_factor_required="boss"))


async def test_changing_the_password_ends_every_session(counter: Counter):
    accounts = counter.parts.accounts
    password = await accounts.add(EMAIL, name="Kim", role="agent")
    await post(counter, "/sign-in", email=EMAIL, password=password)

    await post(counter, "/account/password", old=password, new="correct horse staple")

    assert (await counter.client.get("/api/v1/desk/cases")).status == 401
    again = await post(
        counter, "/sign-in", email=EMAIL, password="correct horse staple"
    )
    assert again.status == 303


async def test_failures_are_remembered_by_every_replica(
    counter: Counter, password: str
):
    for _ in range(8):
        await post(counter, "/sign-in", email=EMAIL, password="wrong")
    replica = Sessions(
        counter.parts.engine,
        counter.clock,
        Hashing(counter.parts.executor),
        counter.parts.second_factor,
    )

    with pytest.raises(TooManyRequests, match="too many failures"):
        await replica.sign_in(EMAIL, password)


async def test_who_fails_elsewhere_does_not_lock_the_owner_out(counter: Counter):
    password = await counter.parts.accounts.add(EMAIL, name="Kim", role="agent")
    sessions = counter.parts.sessions
    for _ in range(FAILURES_ALLOWED):
        with pytest.raises(NotSignedIn):
            await sessions.sign_in(EMAIL, "wrong", Place("6.6.6.6"))

    with pytest.raises(TooManyRequests):
        await sessions.sign_in(EMAIL, password, Place("6.6.6.6"))
    opened = await sessions.sign_in(EMAIL, password, Place("9.9.9.9"))

    assert await sessions.of(opened.token) is not None


async def test_failures_from_very_many_places_lock_everywhere(counter: Counter):
    attempts = Attempts(counter.parts.engine, counter.clock)
    for number in range(FAILURES_ALLOWED_ANYWHERE):
        await attempts.begin(EMAIL, Place(f"6.6.6.{number}"))

    with pytest.raises(TooManyRequests):
        await attempts.begin(EMAIL, Place("9.9.9.9"))


async def test_a_browser_used_before_is_let_in_where_others_failed(counter: Counter):
    password = await counter.parts.accounts.add(EMAIL, name="Kim", role="agent")
    await post(counter, "/sign-in", email=EMAIL, password=password)
    sessions = counter.parts.sessions
    for _ in range(FAILURES_ALLOWED):
        with pytest.raises(NotSignedIn):
            await sessions.sign_in(EMAIL, "wrong")

    with pytest.raises(TooManyRequests):
        await sessions.sign_in(EMAIL, password)
    entered = await post(counter, "/sign-in", email=EMAIL, password=password)

    assert entered.status == 303


async def test_failures_from_everywhere_lock_no_browser_used_before(counter: Counter):
    attempts = Attempts(counter.parts.engine, counter.clock)
    for number in range(FAILURES_ALLOWED_ANYWHERE):
        await attempts.begin(EMAIL, Place(f"6.6.6.{number}"))

    await attempts.begin(EMAIL, Place("6.6.6.1", device_for(EMAIL)))


async def test_a_browser_used_before_may_fail_as_often_as_any(counter: Counter):
    attempts = Attempts(counter.parts.engine, counter.clock)
    known = Place("9.9.9.9", device_for(EMAIL))
    for _ in range(FAILURES_ALLOWED):
        await attempts.begin(EMAIL, known)

    with pytest.raises(TooManyRequests):
        await attempts.begin(EMAIL, known)


async def test_a_browser_of_another_person_is_none_used_before(counter: Counter):
    attempts = Attempts(counter.parts.engine, counter.clock)
    theirs = Place("6.6.6.6", device_for("bo@ruterdam.example"))
    for _ in range(FAILURES_ALLOWED):
        await attempts.begin(EMAIL, Place("6.6.6.6"))

    with pytest.raises(TooManyRequests):
        await attempts.begin(EMAIL, theirs)


def test_the_cookie_of_a_browser_is_ours_alone_and_grows_old():
    device = device_for(EMAIL)
    cookie = device.sealed("a key", NOW)

    assert device_from(cookie, "a key", NOW) == device
    assert device_from(cookie, "another key", NOW) is None
    assert device_from(cookie, "a key", NOW + DEVICE_LENGTH) is None
    assert device_from("made up", "a key", NOW) is None


async def test_guesses_made_at_once_are_no_more_than_one_after_another(
    counter: Counter, password: str
):
    guesses = [
        counter.parts.sessions.sign_in(EMAIL, "wrong")
        for _ in range(2 * FAILURES_ALLOWED)
    ]

    results = await asyncio.gather(*guesses, return_exceptions=True)

    n_tried = sum(isinstance(each, NotSignedIn) for each in results)
    assert n_tried <= FAILURES_ALLOWED


async def test_only_an_administrator_manages_people(counter: Counter):
    await counter.sign_in("lead")
    assert (await counter.client.get("/people")).status == 403

    await counter.sign_in("administrator")
    assert (await counter.client.get("/people")).status == 200


async def test_an_administrator_adds_somebody_and_sees_the_password_once(
    counter: Counter,
):
    await counter.sign_in("administrator")

    page = await post(
        counter, "/people", email="Ada@x.example", name="<b>Ada", role="lead"
    )

    text = await page.text()
    assert "&lt;b&gt;Ada" in text
    added = [p for p in await counter.parts.accounts.everybody() if p.role == "lead"]
    assert [p.email for p in added] == ["ada@x.example"]
    assert "ada@x.example can" not in await (await counter.client.get("/people")).text()


async def test_a_closed_account_is_out_at_once(counter: Counter):
    accounts = counter.parts.accounts
    password = await accounts.add(EMAIL, name="Kim", role="agent")
    opened = await counter.parts.sessions.sign_in(EMAIL, password)
    await counter.sign_in("administrator")
    [kim] = [p for p in await accounts.everybody() if p.email == EMAIL]

    await post(counter, f"/people/{kim.id}", change="close")

    assert await counter.parts.sessions.of(opened.token) is None


async def test_nobody_closes_their_own_account(counter: Counter):
    await counter.sign_in("administrator")
    [me] = await counter.parts.accounts.everybody()

    response = await post(counter, f"/people/{me.id}", change="close")

    assert response.status == 400
