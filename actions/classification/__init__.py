"""Complaint or not, on which ground, of which category: a verdict with evidence.

The model reads the embedding model's tokens and a list of telling words by language,
and is trained from `data/complaints/` alone.
"""

from actions.classification.classifier import (
    Classifier,
    classifier_folder,
    load_classifier,
    load_language_free,
)
from actions.classification.training import train_classifier

__all__ = [
    "Classifier",
    "classifier_folder",
    "load_classifier",
    "load_language_free",
    "train_classifier",
]
