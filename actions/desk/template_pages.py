"""Templates of answers in the console: read, edited, previewed, taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

from actions.delivery.office import POST
from actions.desk.answer_templates import (
    FILLED,
    PURPOSES,
    Fault,
    Template,
    faults_of,
    filled_names,
)
from actions.desk.composing import letter_of
from actions.desk.parts import DESK
from actions.desk.sample_case import sample_case
from actions.desk.template_store import AnswerTemplates, Standing, TemplateVersion
from knowledge.bodies import form_fields, whole_number
from knowledge.chunking import slug
from knowledge.console.differences import Line, differences
from knowledge.console.editor import FRAGMENT
from knowledge.console.parts import CONSOLE, author_of
from knowledge.errors import BadInput, Conflict, NotFound
from knowledge.workplace import (
    STYLES,
    WORKPLACE,
    interface_language,
    render,
    see_other,
)

routes = web.RouteTableDef()

TEMPLATE = "/knowledge/templates/{language}/{id}"


@routes.get("/knowledge/templates")
async def list_templates(request: web.Request) -> web.Response:
    """Every template in one language, with what other languages have and it lacks."""
    place, store = request.app[WORKPLACE], _store(request)
    shown = _language(request, request.query.get("language") or place.languages[0])
    standing = await store.standing(place.languages)
    here = {each.last.id: each for each in standing[shown]}
    elsewhere = {
        each.last.id: each
        for language in place.languages
        for each in standing[language]
        if each.template and each.last.id not in here
    }
    return render(
        request,
        "desk/templates.html",
        {
            "standing": list(here.values()),
            "missing": list(elsewhere.values()),
            "shown_language": shown,
            "offered": [
                (tag, sum(each.template is not None for each in standing[tag]))
                for tag in place.languages
            ],
            "titles": _titles(standing.get(interface_language(request), ())),
            "names": await request.app[CONSOLE].names(),
            "notice": request.query.get("notice"),
        },
    )


@routes.get("/knowledge/templates/new")
async def new_template(request: web.Request) -> web.Response:
    place = request.app[WORKPLACE]
    language = _language(request, request.query.get("language") or place.languages[0])
    empty = Template(id="", purpose="reply", title="", text="")
    return await _editor(request, empty, language)


@routes.get(TEMPLATE)
async def edit_template(request: web.Request) -> web.Response:
    """A template, or an empty one beside another language's; `?version=` an older."""
    id, language = request.match_info["id"], _language(request)
    store = _store(request)
    standing = await store.one(id, language)
    if version := request.query.get("version"):
        number = whole_number(version)
        history = await store.history(id, language)
        found = [each for each in history if each.version == number]
        if not found:
            raise NotFound(f"there is no template {id} ({language}) version {version}")
        return await _editor(request, found[0].template, language, standing)
    if standing is not None:
        return await _editor(request, standing.last, language, standing)
    source = await _source(request, id, language)
    if source is None:
        raise NotFound(f"there is no template {id}")
    begun = Template(id=id, purpose=source.last.purpose, title="", text="")
    return await _editor(request, begun, language)


@routes.post("/knowledge/templates")
async def save_template(request: web.Request) -> web.Response:
    """Save a template, or show it; what is wrong comes back with what was written."""
    fields = dict(await form_fields(request))
    language = _language(request, fields.get("language", ""))
    template, store = _template(fields), _store(request)
    base = whole_number(fields.get("base_version", "0"))
    standing = await store.one(template.id, language) if template.id else None
    if request.headers.get(FRAGMENT):
        return render(
            request, "desk/template_preview.html", _seen(request, template, language)
        )
    faults = faults_of(template.title, template.text)
    if faults or fields.get("step") == "preview":
        return await _editor(
            request,
            template,
            language,
            standing,
            faults=faults,
            status=400 if faults else 200,
        )
    if not template.id:
        template = await _named(store, template, language)
    try:
        saved = await store.save(
            template, language, author=author_of(request), base_version=base
        )
    except Conflict:
        theirs = await store.one(template.id, language)
        return await _editor(
            request, template, language, theirs, theirs=theirs, status=409
        )
    notice = "template_saved" if saved else "template_unchanged"
    return see_other(_address(template.id, language), notice=notice)


@routes.post(f"{TEMPLATE}/{{deed}}")
async def change_template(request: web.Request) -> web.Response:
    """Go back to the shipped words, or offer it no longer."""
    fields, store = await form_fields(request), _store(request)
    id, language = request.match_info["id"], _language(request)
    deeds = {
        "restore": (store.restore, "template_restored"),
        "withdraw": (store.withdraw, "withdrawn"),
    }
    if request.match_info["deed"] not in deeds:
        raise NotFound(f"a template has no form {request.match_info['deed']}")
    change, notice = deeds[request.match_info["deed"]]
    base = whole_number(str(fields.get("base_version", "0")))
    await change(id, language, author=author_of(request), base_version=base)
    return see_other(_address(id, language), notice=notice)


async def _editor(
    request: web.Request,
    template: Template,
    language: str,
    standing: Standing | None = None,
    *,
    faults: list[Fault] | None = None,
    theirs: Standing | None = None,
    status: int = 200,
) -> web.Response:
    store, place = _store(request), request.app[WORKPLACE]
    source = await _source(request, template.id, language) if template.id else None
    history = await store.history(template.id, language) if template.id else []
    request[STYLES] = request.app[POST].letters.styles
    return render(
        request,
        "desk/template.html",
        {
            "template": template,
            "edited_language": language,
            "languages_written": place.languages,
            "standing": standing,
            "base_version": standing.version if standing else 0,
            "source": source,
            "missing": sorted(
                filled_names(source.last.text) - filled_names(template.text)
                if source
                else ()
            ),
            "purposes": PURPOSES,
            "filled": FILLED,
            "history": history,
            "changes": _changes(history, standing.shipped if standing else None),
            "theirs": theirs,
            "faults": faults or (),
            "names": await request.app[CONSOLE].names(),
            "notice": request.query.get("notice"),
            **_seen(request, template, language),
        },
        status=status,
    )


def _changes(
    history: Sequence[TemplateVersion], shipped: Template | None
) -> dict[int, Sequence[Line]]:
    """What each version changed in the one before it, or in the shipped words."""
    words = [each.template.text for each in history] + [shipped.text if shipped else ""]
    return {
        each.version: differences(before, each.template.text)
        for each, before in zip(history, words[1:], strict=True)
    }


def _seen(request: web.Request, template: Template, language: str) -> dict[str, Any]:
    """The letter that an answer from this template would be, to nobody."""
    case = sample_case(language, request.app[WORKPLACE].clock())
    filler = _store(request).filler
    kind, values = letter_of(template.purpose, filler.fill(template.text, case))
    letters = request.app[POST].letters
    return {
        "letter": letters.render_letter(kind, language, case, values),
        "values": filler.values(case),
    }


async def _source(request: web.Request, id: str, language: str) -> Standing | None:
    """The template in the first other language that has it."""
    for other in request.app[WORKPLACE].languages:
        found = await _store(request).one(id, other) if other != language else None
        if found is not None and found.template is not None:
            return found
    return None


async def _named(store: AnswerTemplates, template: Template, language: str) -> Template:
    """With an id of its own, made of its title."""
    wanted = slug(template.title)[:60].strip("-").replace("-", "_") or "template"
    base = wanted if wanted.isascii() else "template"
    id, n = base, 1
    while await store.one(id, language) is not None:
        n += 1
        id = f"{base}_{n}"
    return Template(
        id=id, purpose=template.purpose, title=template.title, text=template.text
    )


def _template(fields: Mapping[str, str]) -> Template:
    purpose = fields.get("purpose", "")
    if purpose not in PURPOSES:
        raise BadInput(f"purpose must be one of {', '.join(PURPOSES)}")
    return Template(
        id=fields.get("id", "").strip(),
        purpose=purpose,
        title=" ".join(fields.get("title", "").split()),
        text=fields.get("text", "").replace("\r\n", "\n").strip(),
    )


def _titles(standing: Sequence[Standing]) -> dict[str, str]:
    return {each.last.id: each.last.title for each in standing}


def _language(request: web.Request, language: str | None = None) -> str:
    """One of the operator's languages; by default that of the address.

    Raises:
        NotFound: The operator does not write in it.
    """
    found = request.match_info["language"] if language is None else language
    if found not in request.app[WORKPLACE].languages:
        raise NotFound(f"no letters are written in {found}")
    return found


def _address(id: str, language: str) -> str:
    return f"/knowledge/templates/{language}/{id}"


def _store(request: web.Request) -> AnswerTemplates:
    return request.app[DESK].templates
