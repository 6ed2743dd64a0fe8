"""Sentence features for Rasa: the app's own embeddings, asked for over HTTP."""

import os
from typing import Any, Dict, List, Text, Type

import numpy as np
import requests
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.nlu.tokenizers.tokenizer import Tokenizer
from rasa.shared.exceptions import RasaException
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

URL_VARIABLE = "EMBEDDINGS_URL"
TOKEN_VARIABLE = "EMBEDDINGS_TOKEN"


class EmbeddingsUnavailable(RasaException):
    """The app's embeddings endpoint does not answer as it should."""


@DefaultV1Recipe.register(
    DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False
)
class EmbeddingFeaturizer(DenseFeaturizer, GraphComponent):
    """Gives each message its embedding as the dense sentence feature.

    The endpoint's address and token come from the environment, since they differ
    between training and serving while the model does not.
    """

    @classmethod
    def required_components(cls) -> List[Type]:
        return [Tokenizer]

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        return {
            **DenseFeaturizer.get_default_config(),
            "batch_size": 64,
            "timeout_seconds": 30.0,
        }

    def __init__(self, config: Dict[Text, Any], name: Text) -> None:
        super().__init__(name, config)
        self._session = requests.Session()
        self._session.trust_env = False

    @classmethod
    def create(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "EmbeddingFeaturizer":
        return cls(config, execution_context.node_name)

    @classmethod
    def validate_config(cls, config: Dict[Text, Any]) -> None:
        if int(config["batch_size"]) < 1:
            raise ValueError(
                f"batch_size must be at least 1, got {config['batch_size']}"
            )

    def process(self, messages: List[Message]) -> List[Message]:
        """Add features to every message that has words; others are left without."""
        spoken = [m for m in messages if (m.get(TEXT) or "").strip()]
        size = int(self._config["batch_size"])
        for start in range(0, len(spoken), size):
            batch = spoken[start : start + size]
            rows = self._embed([message.get(TEXT) for message in batch])
            for message, row in zip(batch, rows, strict=True):
                self.add_features_to_message(None, row[np.newaxis, :], TEXT, message)
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        self.process(training_data.training_examples)
        return training_data

    def _embed(self, texts: List[Text]) -> np.ndarray:
        url = os.environ.get(URL_VARIABLE)
        if not url:
            raise EmbeddingsUnavailable(f"{URL_VARIABLE} is not set")
        token = os.environ.get(TOKEN_VARIABLE, "")
        try:
            response = self._session.post(
                url,
                json={"texts": texts},
                headers={"Authorization": f"Bearer {token}"},
                timeout=self._config["timeout_seconds"],
            )
            response.raise_for_status()
            rows = np.asarray(response.json()["embeddings"], dtype=np.float32)
        except (requests.RequestException, ValueError, KeyError) as exc:
            raise EmbeddingsUnavailable(
                f"{url} gave no embeddings: {type(exc).__name__}"
            ) from exc
        if rows.ndim != 2 or len(rows) != len(texts):
            raise EmbeddingsUnavailable(
                f"{url} gave shape {rows.shape} for {len(texts)} texts"
            )
        return rows
