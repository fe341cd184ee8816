"""What every process that judges captures needs: imported once, by the server that they are forked from."""

from replay.expect.rules import registry
from replay.many import judged, pools
from replay.report import forms, text
from replay.syncml import xml

__all__ = ["forms", "judged", "pools", "text", "xml"]

registry()
