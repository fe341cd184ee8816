"""The WBXML codec on what independent peers wrote."""

import pytest

from replay.syncml import xml
from replay.syncml.wbxml import (
    decode,
    encode,
    from_xml,
    to_xml,
)
from tests.syncml.binary import normal, read_or_refuse, real_messages, refused


@pytest.mark.mitmproxy
def test_real_messages_come_back_to_the_byte(shared_data):
    messages = real_messages(shared_data)
    assert len(messages) >= 11
    for name, raw in messages.items():
        assert encode(decode(raw)) == raw, name


@pytest.mark.mitmproxy
def test_real_messages_reach_the_model(shared_data):
    for name, raw in real_messages(shared_data).items():
        message = xml.read(to_xml(decode(raw)))
        assert message.final, name
        assert message.commands, name
        assert message.header.session_id, name
        assert not message.unknown, name


@pytest.mark.mitmproxy
def test_real_messages_survive_xml(shared_data):
    for name, raw in real_messages(shared_data).items():
        source = to_xml(decode(raw))
        assert normal(xml.parse(to_xml(decode(encode(from_xml(source)))))) == normal(xml.parse(source)), name


@pytest.mark.mitmproxy
def test_real_messages_cut_anywhere_are_refused(shared_data):
    for raw in real_messages(shared_data).values():
        for end in range(len(raw)):
            assert refused(raw[:end]).offset <= end


@pytest.mark.slow
@pytest.mark.mitmproxy
def test_real_messages_with_any_byte_changed_are_read_or_refused(shared_data):
    for raw in real_messages(shared_data).values():
        for place in range(len(raw)):
            for change in (0x01, 0x40, 0x80, 0xFF, raw[place]):
                flipped = raw[:place] + bytes([raw[place] ^ change]) + raw[place + 1 :]
                read_or_refuse(flipped)
