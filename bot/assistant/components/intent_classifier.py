"""The intent of a message, from its embedding and its letters."""

import logging
from typing import Any, Dict, List, Text, Type

import joblib
import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.shared.exceptions import RasaException
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

logger = logging.getLogger(__name__)

FILE = "intents.joblib"


class IntentClassifierNotTrained(RasaException):
    """There is no trained intent classifier; run `guichet train`."""


@DefaultV1Recipe.register(
    DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True
)
class EmbeddingIntentClassifier(IntentClassifier, GraphComponent):
    """Logistic regression on the sentence embedding and on character n-grams.

    The embedding carries meaning across languages; the n-grams carry the short and
    fixed phrases ("nej tack", "c'est tout") that an embedding blurs. Unlike Rasa's own
    `LogisticRegressionClassifier` this one raises when it cannot be loaded.

    Config:
        first: Intents that win from a given probability on, whatever else is likelier.
        embedding_weight: Factor on the embedding, which is of unit length.
        letters_weight: Factor on the n-grams, which are of unit length too.
    """

    @classmethod
    def required_components(cls) -> List[Type]:
        return [DenseFeaturizer]

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        return {
            "C": 12.0,
            "max_iter": 1000,
            "embedding_weight": 3.0,
            "letters_weight": 1.0,
            "ranking_length": 5,
            "first": {},
        }

    def __init__(
        self,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        letters: Any = None,
        model: Any = None,
    ) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._letters = letters
        self._model = model

    @classmethod
    def create(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "EmbeddingIntentClassifier":
        return cls(config, model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Fit on every example with an intent.

        Raises:
            IntentClassifierNotTrained: There are no examples.
        """
        examples = [m for m in training_data.intent_examples if m.get(TEXT)]
        if not examples:
            raise IntentClassifierNotTrained("no training examples with an intent")
        self._letters = TfidfVectorizer(
            analyzer="char_wb", ngram_range=(1, 4), sublinear_tf=True, min_df=2
        ).fit([_text(m) for m in examples])
        self._model = LogisticRegression(
            C=self._config["C"],
            max_iter=self._config["max_iter"],
            class_weight="balanced",
            random_state=0,
        ).fit(self._features(examples), [m.get(INTENT) for m in examples])
        with self._model_storage.write_to(self._resource) as folder:
            joblib.dump((self._letters, self._model), folder / FILE)
        return self._resource

    @classmethod
    def load(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> "EmbeddingIntentClassifier":
        """Load what `train` stored.

        Raises:
            IntentClassifierNotTrained: Nothing is stored, or it cannot be read.
        """
        try:
            with model_storage.read_from(resource) as folder:
                letters, model = joblib.load(folder / FILE)
        except (ValueError, OSError, EOFError) as exc:
            raise IntentClassifierNotTrained(str(exc)) from exc
        return cls(config, model_storage, resource, letters, model)

    def process(self, messages: List[Message]) -> List[Message]:
        """Set `intent` and `intent_ranking`; a message without words gets no intent."""
        spoken = []
        for message in messages:
            if message.get(TEXT) and message.get_dense_features(TEXT)[1] is not None:
                spoken.append(message)
            else:
                nothing = {"name": None, "confidence": 0.0}
                message.set("intent", nothing, add_to_output=True)
                message.set("intent_ranking", [], add_to_output=True)
        if not spoken:
            return messages
        if self._model is None:
            raise IntentClassifierNotTrained()
        for message, row in zip(
            spoken, self._model.predict_proba(self._features(spoken)), strict=True
        ):
            ranking = self._rank(row)
            message.set("intent", ranking[0], add_to_output=True)
            length = self._config["ranking_length"]
            message.set("intent_ranking", ranking[:length], add_to_output=True)
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        self.process(training_data.training_examples)
        return training_data

    def _rank(self, row: np.ndarray) -> List[Dict[Text, Any]]:
        likely = [
            {"name": str(name), "confidence": float(p)}
            for name, p in zip(self._model.classes_, row, strict=True)
        ]
        first = self._config["first"]
        return sorted(
            likely,
            key=lambda i: (
                i["confidence"] < first.get(i["name"], 1.1),
                -i["confidence"],
                i["name"],
            ),
        )

    def _features(self, messages: List[Message]) -> csr_matrix:
        dense = np.vstack([m.get_dense_features(TEXT)[1].features for m in messages])
        letters = self._letters.transform([_text(m) for m in messages])
        return hstack(
            [
                csr_matrix(dense * self._config["embedding_weight"]),
                letters * self._config["letters_weight"],
            ]
        ).tocsr()


def _text(message: Message) -> Text:
    return str(message.get(TEXT)).lower()
