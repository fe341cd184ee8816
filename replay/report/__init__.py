"""Judgements and captures as text and JSON, for people and for programs."""
