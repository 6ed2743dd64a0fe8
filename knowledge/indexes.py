"""The folders of indexes: each named by what is in it, one of them live.

The live one is where the link `index` points, and a link moves in one step. What was
measured of an index stands in its manifest, and each question's answer beside it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from knowledge.chunking import Passage
from knowledge.embedding import Embedder, Progress
from knowledge.embedding_cache import open_embedding_cache
from knowledge.errors import NotReady
from knowledge.index import FORMAT, MANIFEST, PassageIndex, build_index, open_index
from knowledge.quality import Asked, Quality

KEPT_INDEXES = 3
_ASKED = "questions.json"

# Which index is live, in which state of its measurement: differs after every change.
Stamp = tuple[str, int]


def index_folder(state_dir: Path) -> Path:
    """Where the index that customers are answered from is found."""
    return state_dir / "index"


def live_stamp(state_dir: Path) -> Stamp | None:
    """What to compare in order to notice a publication; None when there is none."""
    link = index_folder(state_dir)
    try:
        return str(link.readlink()), (link / MANIFEST).stat().st_mtime_ns
    except OSError:
        return None


def ensure_index(
    passages: Sequence[Passage],
    embedder: Embedder,
    state_dir: Path,
    progress: Progress,
) -> Path:
    """The folder of the index of these passages, built unless it is there."""
    folder = state_dir / "indexes" / _name(passages, embedder)
    try:
        open_index(folder, embedder)
    except NotReady:
        with open_embedding_cache(embedder, state_dir) as cached:
            build_index(passages, cached, folder, progress=progress)
    return folder


def live_index(state_dir: Path, embedder: Embedder) -> PassageIndex | None:
    """The index that is live; None when there is none that this model can use."""
    try:
        return open_index(index_folder(state_dir), embedder)
    except NotReady:
        return None


def read_manifest(state_dir: Path) -> dict[str, Any] | None:
    """The manifest of what is live, without opening its index; None without any."""
    try:
        manifest: dict[str, Any] = json.loads(
            (index_folder(state_dir) / MANIFEST).read_text("utf-8")
        )
    except (OSError, ValueError):
        return None
    return manifest


def read_quality(folder: Path) -> Quality | None:
    """What was measured of an index, with every question; None when nothing was."""
    try:
        stored = json.loads((folder / MANIFEST).read_text("utf-8"))["quality"]
        asked = json.loads((folder / _ASKED).read_text("utf-8"))
        if asked["key"] != stored["key"]:
            return None
        return Quality.from_json(stored, [Asked(**row) for row in asked["asked"]])
    except (OSError, ValueError, KeyError, TypeError):
        # Cut short or of another release: measured again.
        return None


def write_quality(folder: Path, quality: Quality) -> None:
    """Put what was measured into the manifest, in one step, its questions first."""
    asked = [asdict(row) for row in quality.asked]
    _write(folder / _ASKED, {"key": quality.key, "asked": asked})
    manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
    _write(folder / MANIFEST, {**manifest, "quality": quality.as_json()})


def go_live(folder: Path, state_dir: Path) -> None:
    """Answer customers from this folder from now on."""
    current = index_folder(state_dir)
    if not current.is_symlink() or current.resolve() != folder.resolve():
        new = current.with_name(f"index-{os.getpid()}")
        new.unlink(missing_ok=True)
        new.symlink_to(folder.relative_to(state_dir))
        new.replace(current)
    os.utime(folder)
    _forget_old(folder)


def _name(passages: Sequence[Passage], embedder: Embedder) -> str:
    content = [FORMAT, embedder.fingerprint, *(asdict(passage) for passage in passages)]
    return hashlib.sha256(json.dumps(content).encode("utf-8")).hexdigest()[:16]


def _forget_old(live: Path) -> None:
    """Keep the last few indexes, so that rolling back is instant."""
    others = [
        folder
        for folder in live.parent.iterdir()
        if folder != live and (folder / MANIFEST).is_file()
    ]
    others.sort(key=lambda folder: folder.stat().st_mtime, reverse=True)
    for folder in others[KEPT_INDEXES - 1 :]:
        shutil.rmtree(folder, ignore_errors=True)


def _write(path: Path, content: object) -> None:
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}-", delete=False
    ) as stream:
        json.dump(content, stream, ensure_ascii=False, indent=1)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(stream.name, path)
