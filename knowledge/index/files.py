"""An index as a folder, written whole or not at all, and read back.

Its manifest says which model and which pages it was made from; an index of another
model is refused.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from zipfile import BadZipFile

import faiss
import numpy as np

from knowledge.chunking import Passage
from knowledge.embedding import Embedder, Progress
from knowledge.errors import NotReady
from knowledge.index.making import FORMAT, METRIC, make_index
from knowledge.index.passages import Manifest, Parts, PassageIndex
from knowledge.interaction import TokenStore
from knowledge.lexical import LexicalIndex, character_grams, stemmer

MANIFEST = "manifest.json"
_PASSAGES = "passages.jsonl"
_VECTORS = "vectors.faiss"
_OWNERS = "owners.npy"
_TOKENS = "tokens.npz"
_CENTRES = "centres.npy"

# What the readers of the parts raise for files that are cut short or not theirs.
_DAMAGE = (
    OSError,
    EOFError,
    BadZipFile,
    KeyError,
    ValueError,
    TypeError,
    RuntimeError,
)


def build_index(
    passages: Sequence[Passage],
    embedder: Embedder,
    folder: Path,
    *,
    progress: Progress | None = None,
) -> Manifest:
    """Write the index of passages to a folder, in place of what is there.

    Args:
        passages: In the order of the pages.
        embedder: The model that questions will be embedded with.
        folder: Replaced in one step when the index is complete.
        progress: Called while passages are embedded.

    Raises:
        BadInput: No passages, two with one id, or one without text or language.
    """
    index = make_index(passages, embedder, progress)
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
    try:
        _write(index, scratch)
        _replace(folder, scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return index.manifest


def open_index(folder: Path, embedder: Embedder) -> PassageIndex:
    """Open the index in a folder.

    Raises:
        NotReady: There is none, it is damaged, or it was made with another model or
            release; the message says what to run.
    """
    advice = "run `guichet knowledge publish`"
    try:
        fields = json.loads((folder / MANIFEST).read_text("utf-8"))
    except FileNotFoundError as exc:
        raise NotReady(f"there is no index in {folder}; {advice}") from exc
    except ValueError as exc:
        raise NotReady(f"the index in {folder} is damaged; {advice}") from exc
    if fields.get("format") != FORMAT:
        raise NotReady(
            f"the index in {folder} has format {fields.get('format')}, expected"
            f" {FORMAT}; {advice}"
        )
    fields["languages"] = tuple(fields["languages"])
    manifest = Manifest(**fields)
    expected = (embedder.fingerprint, embedder.dim, METRIC)
    if (manifest.fingerprint, manifest.dim, manifest.metric) != expected:
        raise NotReady(
            f"the index in {folder} was made with the model {manifest.fingerprint},"
            f" the model in use is {embedder.fingerprint}; {advice}"
        )
    try:
        return _read(folder, manifest)
    except _DAMAGE as exc:
        raise NotReady(f"the index in {folder} is damaged; {advice}") from exc


def _write(index: PassageIndex, folder: Path) -> None:
    parts = index.parts
    with (folder / _PASSAGES).open("w", encoding="utf-8") as stream:
        for passage in index.passages:
            stream.write(json.dumps(asdict(passage), ensure_ascii=False) + "\n")
    faiss.write_index(parts.vectors, str(folder / _VECTORS))
    np.save(folder / _OWNERS, parts.owners)
    np.save(folder / _CENTRES, parts.centres)
    parts.tokens.save(folder / _TOKENS)
    for language in index.manifest.languages:
        parts.grams[language].save(folder / "grams" / language)
        parts.stems[language].save(folder / "stems" / language)
    (folder / MANIFEST).write_text(
        json.dumps(index.manifest.as_json(), ensure_ascii=False, indent=1), "utf-8"
    )


def _replace(folder: Path, complete: Path) -> None:
    if folder.exists():
        previous = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
        os.replace(folder, previous / "previous")
        os.replace(complete, folder)
        shutil.rmtree(previous, ignore_errors=True)
    else:
        os.replace(complete, folder)


def _read(folder: Path, manifest: Manifest) -> PassageIndex:
    lines = (folder / _PASSAGES).read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    passages = [Passage(**{**row, "asked": tuple(row["asked"])}) for row in rows]
    if len(passages) != manifest.n_passages:
        raise ValueError("passages are missing")
    languages = [passage.language for passage in passages]
    grams, stemmed = {}, {}
    for language in manifest.languages:
        n = languages.count(language)
        grams[language] = LexicalIndex.load(
            folder / "grams" / language, character_grams, n
        )
        stemmed[language] = LexicalIndex.load(
            folder / "stems" / language, stemmer(language), n
        )
    faiss.omp_set_num_threads(1)
    parts = Parts(
        manifest=manifest,
        vectors=faiss.read_index(str(folder / _VECTORS)),
        owners=np.load(folder / _OWNERS),
        centres=np.load(folder / _CENTRES),
        tokens=TokenStore.load(folder / _TOKENS),
        grams=grams,
        stems=stemmed,
    )
    return PassageIndex(passages, parts)
