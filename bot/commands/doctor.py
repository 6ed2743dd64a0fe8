"""What `guichet doctor` looks at: each part, whether it is well, and what mends it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import aiohttp
from sqlalchemy import text

from actions.cases.policies import load_policies, load_policy
from bot.post_office import post_checks
from bot.settings import ROOT, Settings
from knowledge.database import open_engine
from knowledge.errors import GuichetError
from knowledge.operator import load_operator

SMALLEST_FREE_BYTES = 1_000_000_000


@dataclass(frozen=True)
class Finding:
    """What was found of one part; `detail` says what mends it where it fails."""

    what: str
    is_ok: bool
    detail: str


async def examine(settings: Settings) -> list[Finding]:
    """Look at every part without changing any."""
    checks: list[tuple[str, Callable[[Settings], Awaitable[str]]]] = [
        ("operator's files", _operator),
        ("complaint policies", _policies),
        ("rasa environment", _rasa_environment),
        ("embedding model", _model),
        ("index", _index),
        ("database", _database),
        ("disk", _disk),
        ("app", _app),
        ("rasa", _rasa),
        *post_checks(settings),
    ]
    findings = []
    for what, check in checks:
        try:
            findings.append(Finding(what, True, await check(settings)))
        except aiohttp.ClientError:
            findings.append(Finding(what, False, "does not answer; run `guichet up`"))
        except (GuichetError, OSError, subprocess.SubprocessError) as error:
            findings.append(Finding(what, False, str(error) or type(error).__name__))
    return findings


async def _operator(settings: Settings) -> str:
    operator = load_operator(settings.data_dir)
    return f"{operator.name}, {', '.join(operator.languages)}"


async def _policies(settings: Settings) -> str:
    in_use = load_operator(settings.data_dir).policy
    load_policy(settings.data_dir, in_use)
    others = load_policies(settings.data_dir).keys() - {in_use}
    return f"{in_use} in use; {', '.join(sorted(others))} well formed"


async def _rasa_environment(settings: Settings) -> str:
    python = ROOT / "bot" / "assistant" / ".venv" / "bin" / "python"
    if not python.exists():
        raise FileNotFoundError("missing; run `make install`")
    return subprocess.run(
        [python, "--version"], capture_output=True, text=True, check=True
    ).stdout.strip()


async def _model(settings: Settings) -> str:
    from knowledge.embedding import load_embedder

    embedder = load_embedder(
        settings.embedding_model, settings.embedding_backend, settings.state_dir
    )
    return f"{settings.embedding_model}, {embedder.dim} numbers a text"


async def _index(settings: Settings) -> str:
    from knowledge.answers import open_knowledge
    from knowledge.embedding import load_embedder
    from knowledge.publishing import index_folder

    embedder = load_embedder(
        settings.embedding_model, settings.embedding_backend, settings.state_dir
    )
    opened = open_knowledge(index_folder(settings.state_dir), embedder)
    return f"languages {', '.join(opened.languages)}"


async def _database(settings: Settings) -> str:
    engine = open_engine(settings.archive_url)
    try:
        async with engine.connect() as connection:
            revision = await connection.scalar(
                text("SELECT version_num FROM alembic_version")
            )
    except Exception as exc:
        # Whatever the driver raises, the operator needs one sentence.
        raise FileNotFoundError(
            "not prepared or not reachable; run `guichet up`"
        ) from exc
    finally:
        await engine.dispose()
    return f"{engine.dialect.name}, revision {revision}"


async def _disk(settings: Settings) -> str:
    free = shutil.disk_usage(ROOT).free
    if free < SMALLEST_FREE_BYTES:
        raise OSError(f"{free / 1e9:.1f} GB free, at least 1 GB is needed")
    return f"{free / 1e9:.0f} GB free"


async def _app(settings: Settings) -> str:
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{settings.address}/readyz") as response:
            return f"{settings.address} answers {response.status}"


async def _rasa(settings: Settings) -> str:
    async with aiohttp.ClientSession() as session:
        async with session.get(settings.rasa_url) as response:
            return (await response.text()).splitlines()[0]
