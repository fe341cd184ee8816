"""Captures that break one rule each, made from captures that obey all (`change.py`)."""

from tests.mutations import answers, http, messages, recording, sequence
from tests.mutations.change import MUTATIONS, CannotBeError

__all__ = ["MUTATIONS", "CannotBeError", "answers", "http", "messages", "recording", "sequence"]
