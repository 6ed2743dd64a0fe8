"""Embeddings of what cases are about: made, stored beside the case, compared."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import Executor
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Select, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from actions.cases.language_free import LanguageFree
from actions.cases.tables import case_embeddings, cases
from knowledge.database import reading, writing
from knowledge.logs import place_of
from knowledge.writes import Write, new_row, write_all

if TYPE_CHECKING:
    # For the annotations only: the model's libraries are heavy.
    from knowledge.embedding import Embedder

log = logging.getLogger(__name__)

Vector = NDArray[np.float32]

# Half the space, and the cosine stays the same to three digits.
_STORED = np.float16
_BATCH = 16


class Matters:
    """Turns descriptions into embeddings, away from the event loop.

    Attributes:
        language_free: Compares embeddings whatever language they are of; without it
            only words tell whether two texts are about the same matter.
    """

    def __init__(
        self,
        embedder: Embedder,
        executor: Executor,
        language_free: LanguageFree | None = None,
    ) -> None:
        self._embedder, self._executor = embedder, executor
        self.language_free = language_free

    @property
    def model(self) -> str:
        """Names the model: embeddings of another one cannot be compared."""
        return self._embedder.fingerprint

    async def embed(self, texts: Sequence[str]) -> list[Vector | None]:
        """One embedding a text, unit length; None for all when the model fails.

        A case is filed all the same: `catch_up` makes good what is missing.
        """
        try:
            loop = asyncio.get_running_loop()
            rows = await loop.run_in_executor(
                self._executor, self._embedder.embed_queries, texts
            )
        except Exception as exc:
            log.error("no embedding of %d texts: %s", len(texts), place_of(exc))
            return [None] * len(texts)
        return list(rows)

    async def catch_up(self, engine: AsyncEngine, *, limit: int = 500) -> int:
        """Embed cases that have no embedding of this model; how many there were."""
        done = 0
        while done < limit:
            async with reading(engine) as connection:
                rows = (await connection.execute(self._missing())).all()
            vectors = await self.embed([row.description for row in rows])
            if not rows or vectors[0] is None:
                return done
            async with writing(engine) as connection:
                for row, vector in zip(rows, vectors, strict=True):
                    await write_embedding(connection, row.id, self.model, vector)
            done += len(rows)
        return done

    def _missing(self) -> Select[tuple[int, str]]:
        known = select(case_embeddings.c.case_id).where(
            case_embeddings.c.case_id == cases.c.id,
            case_embeddings.c.model == self.model,
        )
        return (
            select(cases.c.id, cases.c.description)
            .where(~known.exists())
            .order_by(cases.c.id)
            .limit(_BATCH)
        )


async def write_embedding(
    connection: AsyncConnection, case_id: int, model: str, vector: Vector | None
) -> None:
    """Store the embedding of a case in place of an older one; None stores nothing."""
    if vector is None:
        return
    await connection.execute(
        delete(case_embeddings).where(case_embeddings.c.case_id == case_id)
    )
    await write_all(connection, [embedding_row(case_id, model, vector)])


def embedding_row(case_id: int, model: str, vector: Vector) -> Write:
    """The insert that stores the embedding of a case."""
    stored = vector.astype(_STORED).tobytes()
    return new_row(case_embeddings, case_id=case_id, model=model, vector=stored)


def vectors_from(stored: Sequence[bytes]) -> Vector:
    """Embeddings of one model, a row each, as they were to three digits."""
    rows = np.frombuffer(b"".join(stored), _STORED).astype(np.float32)
    return rows.reshape(len(stored), -1)


def vector_from(stored: bytes | None) -> Vector | None:
    """An embedding as it was before it was stored, to three digits."""
    return None if stored is None else np.frombuffer(stored, _STORED).astype(np.float32)
