"""Recorders before a server, one for all tests of a module; and who signs certificates for devices."""

import pytest

from tests.addons.worlds import h2_world_of, world_of
from tests.certificates import Authority
from tests.processes import recording


@pytest.fixture
def authority(tmp_path) -> Authority:
    """Who signs the certificates of devices."""
    (tmp_path / "pki").mkdir()
    return Authority(tmp_path / "pki")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """`omadm record` before a server."""
    yield from world_of(tmp_path_factory.mktemp("record"), recording)


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """`omadm record` between a device and a server that both speak HTTP/2."""
    yield from h2_world_of(tmp_path_factory.mktemp("two"))
