"""The addon of faults by itself, without a proxy."""

import asyncio
import logging
import warnings

import pytest
from mitmproxy import exceptions
from mitmproxy.flow import Error

from replay.capture.readers import read
from replay.cli.proxy import addon as _addon
from replay.lab import messages
from replay.play import faults
from tests.addons.test_record import ALERT

with warnings.catch_warnings():  # ldap3, which mitmproxy's own test tools import, uses names that pyasn1 has renamed
    warnings.simplefilter("ignore", DeprecationWarning)
    from mitmproxy.test import taddons, tflow

pytestmark = [pytest.mark.slow, pytest.mark.mitmproxy]


def disturbed(body: bytes, *specs: str):
    """A flow after the addon, without a recorder, has seen its request and its response."""
    flow, addon = tflow.tflow(resp=True), _addon("disturb.py")
    flow.request.headers["content-type"] = messages.CONTENT_TYPE
    flow.request.content = body

    async def run() -> None:  # the context makes a loop that nobody closes where none is running
        with taddons.context(addon) as context:
            context.configure(addon, omadm_fault=specs)
            addon.request(flow)
            await addon.response(flow)

    asyncio.run(run())
    return flow


def test_without_a_recorder_a_fault_is_logged(caplog):
    with caplog.at_level(logging.WARNING):
        flow = disturbed(ALERT, "busy@alert")
    assert flow.response.status_code == 503
    assert flow.metadata == {faults.BY_PROXY: True}
    assert "fault busy@alert" in caplog.text


def test_an_answer_that_any_other_addon_kills_is_no_answer_in_the_journal(tmp_path):
    flow, recorder = tflow.tflow(resp=True), _addon("record.py")

    async def run() -> None:
        with taddons.context(recorder) as context:
            context.configure(recorder, omadm_journal=str(tmp_path / "run.jsonl"))
            recorder.request(flow)
            recorder.responseheaders(flow)
            flow.error = Error(Error.KILLED_MESSAGE)
            recorder.response(flow)
            recorder.done()

    asyncio.run(run())
    (exchange,) = read(str(tmp_path / "run.jsonl")).exchanges
    assert (exchange.response, exchange.failure.cause) == (None, "other")
    assert "did not pass the answer on" in exchange.failure.detail


def test_a_mistake_in_the_option_is_refused_and_says_what_is_accepted():
    with pytest.raises(exceptions.OptionsError, match="KIND is drop-reply"):
        disturbed(ALERT, "nonsense")


def test_a_fault_that_fails_leaves_the_answer_alone_and_is_heard_of(monkeypatch, caplog):
    monkeypatch.setattr(faults, "answer", lambda *_: 1 / 0)
    assert disturbed(ALERT, "busy").response.status_code == 200
    assert "a fault could not be applied" in caplog.text


def test_a_challenge_for_an_unreadable_request_is_not_applied_and_said(caplog):
    assert disturbed(b"<SyncML><oops", "challenge").response.status_code == 200
    assert "challenge@all is not applied" in caplog.text
