"""Training the assistant: its data put together, its model kept by content hash."""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import yaml
from aiohttp import web

from actions.server import (
    ACTION_SERVER,
    EMBEDDINGS_PATH,
    WEBHOOK_PATH,
    ActionServer,
    routes,
)
from bot.settings import ROOT, Settings
from bot.tokens import internal_token
from knowledge.embedding import Embedder
from knowledge.errors import NotReady
from knowledge.operator import Operator

ASSISTANT = ROOT / "bot" / "assistant"
RASA = ASSISTANT / ".venv" / "bin" / "rasa"
RASA_PYTHON = RASA.with_name("python")
TRAIN_SECONDS = 900


async def train_assistant(
    settings: Settings, embedder: Embedder, operator: Operator
) -> Path:
    """Train the assistant unless the same model is there already.

    Returns:
        The model, named by the hash of everything that it was made from.

    Raises:
        NotReady: Rasa is not installed, or training failed; says what to do.
    """
    if not RASA.exists():
        raise NotReady(f"{RASA} is missing: run `make install`")
    folder = settings.state_dir / "rasa"
    training = assemble(settings.data_dir, folder / "training")
    digest = content_hash(training, embedder.fingerprint)
    model = folder / "models" / f"{digest}.tar.gz"
    if not model.exists():
        await asyncio.to_thread(_train, training, model, embedder)
    return model


def _train(training: Path, model: Path, embedder: Embedder) -> None:
    fresh = model.parent / "new"
    shutil.rmtree(fresh, ignore_errors=True)
    name = model.name.removesuffix(".tar.gz")
    with embeddings_endpoint(embedder) as environment:
        run_rasa(
            [
                *("train", "--config", "config.yml", "--domain", "domain.yml"),
                *("--data", "data", "--out", str(fresh), "--fixed-model-name", name),
            ],
            folder=training,
            environment=environment,
            log=model.parent.parent / "train.log",
        )
    for old in model.parent.glob("*.tar.gz"):
        old.unlink()
    (fresh / model.name).replace(model)
    shutil.rmtree(fresh)


def latest_model(settings: Settings) -> Path:
    """The trained model.

    Raises:
        NotReady: There is none.
    """
    models = sorted((settings.state_dir / "rasa" / "models").glob("*.tar.gz"))
    if not models:
        raise NotReady("the assistant is not trained: run `guichet train`")
    return models[-1]


def assemble(data_dir: Path, folder: Path) -> Path:
    """Put everything that Rasa is trained on into one folder."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "data").mkdir(parents=True)
    shutil.copy(ASSISTANT / "config.yml", folder / "config.yml")
    shutil.copy(ASSISTANT / "domain" / "domain.yml", folder / "domain.yml")
    shutil.copytree(
        ASSISTANT / "components",
        folder / "components",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    for kind in ("nlu", "rules"):
        shutil.copytree(data_dir / kind, folder / "data" / kind)
    return folder


def content_hash(folder: Path, fingerprint: str) -> str:
    """A hash over the names and contents of all files, and the embedding model."""
    digest = hashlib.sha256(fingerprint.encode())
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(str(path.relative_to(folder)).encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def run_rasa(
    arguments: list[str], *, folder: Path, environment: dict[str, str], log: Path
) -> None:
    """Run Rasa to its end, its output in a log.

    Raises:
        NotReady: It failed or took too long.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w", encoding="utf-8") as output:
        try:
            done = subprocess.run(
                [str(RASA), *arguments],
                cwd=folder,
                env={**os.environ, **rasa_environment(), **environment},
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=TRAIN_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as exc:
            raise NotReady(f"rasa took over {TRAIN_SECONDS} s: see {log}") from exc
    if done.returncode != 0:
        raise NotReady(f"rasa {arguments[0]} failed: see {log}")


def rasa_environment() -> dict[str, str]:
    """What every Rasa process is told."""
    return {
        "RASA_TELEMETRY_ENABLED": "false",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONWARNINGS": "ignore",
    }


def serving_environment(settings: Settings) -> dict[str, str]:
    """What the Rasa server is told of the app."""
    return {
        **rasa_environment(),
        "EMBEDDINGS_URL": _app_url(settings) + EMBEDDINGS_PATH,
        "EMBEDDINGS_TOKEN": internal_token(settings.state_dir),
        # Where `components` is found.
        "PYTHONPATH": str(ASSISTANT),
    }


def rasa_command(settings: Settings) -> list[str]:
    """How to start the Rasa server; writes its endpoints beside the model.

    Raises:
        NotReady: The assistant is not trained.
    """
    folder = settings.state_dir / "rasa"
    token = internal_token(settings.state_dir)
    endpoints = write_endpoints(
        settings, folder, app_url=_app_url(settings), token=token
    )
    return [
        str(RASA),
        "run",
        *("--model", str(latest_model(settings))),
        *("--endpoints", str(endpoints)),
        *("--credentials", str(ASSISTANT / "credentials.yml")),
        *("--interface", "127.0.0.1", "--port", str(settings.rasa_port)),
        *("--enable-api", "--auth-token", token),
        *("--logging-config-file", str(ASSISTANT / "logging.yml")),
    ]


def _app_url(settings: Settings) -> str:
    return f"http://127.0.0.1:{settings.port}"


def write_endpoints(
    settings: Settings, folder: Path, *, app_url: str, token: str
) -> Path:
    """Write where the actions are and the trackers go; readable by its owner alone."""
    endpoints: dict[str, object] = {
        "action_endpoint": {"url": f"{app_url}{WEBHOOK_PATH}?token={token}"},
        "tracker_store": {
            "type": "SQL",
            "dialect": "sqlite",
            "db": str(folder / "trackers.sqlite3"),
        },
    }
    if settings.redis_url:
        endpoints["lock_store"] = {"type": "redis", "url": settings.redis_url}
    path = folder / "endpoints.yml"
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(endpoints), encoding="utf-8")
    return path


@contextmanager
def embeddings_endpoint(embedder: Embedder) -> Iterator[dict[str, str]]:
    """The embeddings endpoint alone, on a free loopback port, while Rasa trains.

    Yields:
        The environment that tells Rasa where it is.
    """
    token, ready, addresses = secrets.token_urlsafe(16), Event(), list[str]()
    loop = asyncio.new_event_loop()
    stopped = asyncio.Event()

    async def serve() -> None:
        app = web.Application(client_max_size=8 * 2**20)
        app[ACTION_SERVER] = ActionServer(embedder, token)
        app.add_routes(routes)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        addresses.append(f"http://{host}:{port}{EMBEDDINGS_PATH}")
        ready.set()
        await stopped.wait()
        await runner.cleanup()

    thread = Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
    thread.start()
    try:
        if not ready.wait(timeout=30):
            raise NotReady("the embeddings endpoint did not start")
        yield {"EMBEDDINGS_URL": addresses[0], "EMBEDDINGS_TOKEN": token}
    finally:
        loop.call_soon_threadsafe(stopped.set)
        thread.join(timeout=30)
        loop.close()
