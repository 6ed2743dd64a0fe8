"""What Rasa calls in the app: the actions and the embeddings."""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web
from rasa_sdk import Action
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionExecutionRejection, ActionNotFoundException

from actions import answer, crisis, filing, status, talk
from actions.form import ValidateCaseForm
from actions.turns import Services
from knowledge.bodies import json_object
from knowledge.embedding import Embedder
from knowledge.errors import BadInput, NotSignedIn, Unavailable
from knowledge.logs import place_of

logger = logging.getLogger(__name__)

WEBHOOK_PATH = "/rasa/webhook"
EMBEDDINGS_PATH = "/rasa/embeddings"
_MOST_TEXTS = 256

routes = web.RouteTableDef()


def build_executor(services: Services) -> ActionExecutor:
    """Every action of the domain, with the services that it works with."""
    executor = ActionExecutor()
    for action in _actions(services):
        executor.register_action(action)
    return executor


def _actions(services: Services) -> Sequence[Action]:
    plain = (
        filing.OpenCase,
        filing.FileCase,
        filing.CancelCase,
        filing.RestartCase,
        answer.AnswerQuestion,
        status.TellCaseStatus,
        talk.SmallTalk,
        talk.HandOver,
        talk.ExplainComplaining,
        talk.ChangeLanguage,
        talk.ExplainWhyNeeded,
        talk.Accept,
        talk.Decline,
        talk.Correct,
        talk.Inform,
        talk.Fallback,
        crisis.HelpInCrisis,
    )
    return (
        ValidateCaseForm(services),
        *(action(services) for action in plain),
    )


@dataclass(frozen=True)
class ActionServer:
    """What the two routes work with; `token` is the secret shared with Rasa."""

    embedder: Embedder
    token: str
    executor: ActionExecutor | None = None


ACTION_SERVER = web.AppKey("action_server", ActionServer)


@routes.post(WEBHOOK_PATH)
async def run_action(request: web.Request) -> web.Response:
    """Run one action of a call from Rasa; the token stands in the query.

    An action that raises becomes a 500 without its text: the customer is then given
    the contact form. The error is logged by the action's name and its place alone.
    """
    server = request.app[ACTION_SERVER]
    _require(request.query.get("token", ""), server.token)
    call = await json_object(request)
    if server.executor is None:
        raise Unavailable("this endpoint embeds, and runs no actions")
    try:
        result = await server.executor.run(call)
    except ActionExecutionRejection as exc:
        body = {"error": "rejected", "action_name": exc.action_name}
        return web.json_response(body, status=400)
    except ActionNotFoundException as exc:
        body = {"error": "unknown action", "action_name": exc.action_name}
        return web.json_response(body, status=404)
    except Exception as exc:
        # The traceback's last line may quote a customer, so only the place is logged.
        logger.error("action %s: %s", call.get("next_action"), place_of(exc))
        return web.json_response({"error": "action failed"}, status=500)
    return web.json_response(result.model_dump() if result else {})


@routes.post(EMBEDDINGS_PATH)
async def embed(request: web.Request) -> web.Response:
    """Embed texts as questions: `{"texts": […]}` gives `{"embeddings": [[…]]}`."""
    server = request.app[ACTION_SERVER]
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    _require(given, server.token)
    texts = (await json_object(request)).get("texts")
    if not isinstance(texts, list) or not all(isinstance(t, str) for t in texts):
        raise BadInput("texts must be a list of strings")
    if len(texts) > _MOST_TEXTS:
        raise BadInput(f"at most {_MOST_TEXTS} texts at once, got {len(texts)}")
    if not texts:
        return web.json_response({"embeddings": []})
    rows = await asyncio.to_thread(server.embedder.embed_queries, texts)
    return web.json_response({"embeddings": [row.tolist() for row in rows]})


def _require(given: str, token: str) -> None:
    # Bytes that are no text come as lone surrogates.
    if not hmac.compare_digest(given.encode("utf-8", "replace"), token.encode()):
        raise NotSignedIn("the internal token is missing or wrong")
