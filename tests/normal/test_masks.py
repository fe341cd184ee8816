import base64

import pytest

from replay.normal.masks import volatile_kind

DER = b"\x30\x82\x01\x00" + bytes(256)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("{AF9257BA-6BBD-4624-AA9B-0182D50292C3}", "guid"),
        ("af9257ba-6bbd-4624-aa9b-0182d50292c3", "guid"),
        ("2026-11-23T09:15:00Z", "time"),
        ("2026-11-23T09:15:00.123+01:00", "time"),
        ("20261123T091500Z", "time"),
        ("0123456789abcdef0123456789ABCDEF01234567", "thumbprint"),
        ("https://db5p.notify.windows.com/?token=AwYAAAB", "channel"),
        (base64.b64encode(DER).decode(), "certificate"),
        ("1", None),
        ("AADJ Unregister Failed", None),
        ("./Vendor/MSFT/EnterpriseDesktopAppManagement/MSI/{AF9257BA-6BBD-4624-AA9B-0182D50292C3}", None),
        ("0123456789ABCDEF0123456789ABCDEF", None),
        ("2026", None),
        ("MII" + "A" * 400, None),
        ("MII" + "A" * 400 + "\u2003", None),
        ("https://notify.windows.com.evil.test/", None),
        ("", None),
    ],
)
def test_volatile_values_are_told_by_their_look_as_a_whole(text, kind):
    assert volatile_kind(text) == kind
