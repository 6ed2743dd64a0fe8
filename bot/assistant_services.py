"""The services of the assistant's actions, out of the app's parts."""

from __future__ import annotations

from aiohttp import web

from actions.phrases import load_phrases
from actions.server import ACTION_SERVER, ActionServer, build_executor
from actions.turns import Services
from actions.wording import load_wording
from bot.keys import Parts
from bot.tokens import internal_token


def build_services(parts: Parts) -> Services:
    """Read the assistant's own data and join it with what the app has opened.

    Raises:
        NotReady: A data file is missing.
    """
    data_dir = parts.settings.data_dir
    return Services(
        knowledge=parts.knowledge,
        classifier=parts.classifier,
        archive=parts.archive,
        operator=parts.operator,
        policy=parts.archive.policy,
        phrases=load_phrases(data_dir),
        wording=load_wording(
            data_dir, parts.operator.default_language, parts.operator.style
        ),
        help_lines=parts.help_lines,
        clock=parts.clock,
        gaps=parts.pages,
        helpfulness=parts.helpfulness,
        page_history=parts.pages,
    )


def open_action_server(app: web.Application, parts: Parts) -> None:
    """Give the routes that Rasa calls their parts, when the application starts."""
    app[ACTION_SERVER] = ActionServer(
        parts.embedder,
        internal_token(parts.settings.state_dir),
        build_executor(build_services(parts)),
    )
