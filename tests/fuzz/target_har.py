"""HAR."""

import functools

from replay.capture.har import read
from tests.fuzz import seeds as stories
from tests.fuzz.judged import check_read

seeds = stories.as_hars
check = functools.partial(check_read, read=read)
