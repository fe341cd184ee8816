"""Whom a replay may call."""

import socket

import pytest

from replay.play.reach import Reach, is_near


@pytest.mark.parametrize(
    ("host", "near"),
    [
        ("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True), ("10.1.2.3", True), ("192.168.0.9", True),
        ("172.16.0.1", True), ("172.32.0.1", False), ("fd00::1", True), ("fe80::1", True), ("8.8.8.8", False),
        ("2606:4700::1", False),
        ("::ffff:8.8.8.8", False), ("::ffff:10.0.0.1", True), ("169.254.169.254", False), ("100.64.0.1", False),
        ("a b", False), ("", False),
    ],
)  # fmt: skip
def test_what_is_near(host, near):
    assert is_near(host or "no such host") is near


def test_a_name_is_near_only_where_every_address_is(monkeypatch):
    def addresses(host, *_, **__):
        found = {"inside.test": ["10.0.0.1"], "both.test": ["10.0.0.1", "8.8.8.8"]}.get(host)
        if found is None:
            raise socket.gaierror("unknown")
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (each, 0)) for each in found]

    monkeypatch.setattr(socket, "getaddrinfo", addresses)
    assert is_near("inside.test")
    assert not is_near("both.test")
    assert not is_near("nowhere.test")


def test_a_server_that_is_named_may_be_called_and_no_other():
    reach = Reach(("https://mdm.example.com/x",))
    assert reach.may_call("https://MDM.example.com:443/y?z")
    assert not reach.may_call("http://mdm.example.com/x")
    assert not reach.may_call("https://8.8.8.8/")
    assert not reach.may_call("ftp://127.0.0.1/")
    assert not reach.may_call("http://[/")
    assert reach.may_call("http://127.0.0.1:9/")
