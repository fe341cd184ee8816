"""Mitmproxy's flow files."""

import functools

from replay.capture.flows import read
from tests.fuzz import seeds as stories
from tests.fuzz.judged import check_read

seeds = stories.as_flows
check = functools.partial(check_read, read=read)
