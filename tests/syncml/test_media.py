import pytest

from replay.syncml import media


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        ("application/vnd.syncml.dm+xml", True),
        ("Application/VND.SyncML.dm+WBXML; charset=utf-8", True),
        ("application/vnd.syncml+xml", True),
        ("text/xml", False),
        (None, False),
    ],
)
def test_content_types(content_type, expected):
    assert media.is_syncml_type(content_type) is expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://h/x?mode=Maintenance&Platform=WoA", True),
        ("https://h/x?Platform=WoA&mode=machine", True),
        ("https://h/x?mode=other", False),
        ("https://[bad/x?mode=Machine", False),
        (None, False),
    ],
)
def test_management_urls(url, expected):
    assert media.is_management_url(url) is expected


MDE = "http://schemas.microsoft.com/windows/pki/2009/01/enrollment/RST/wstep"


@pytest.mark.parametrize(
    ("url", "action", "body", "expected"),
    [
        ("https://h/EnrollmentServer/Discovery.svc", None, None, True),
        ("https://h/enrollmentserver/Enrollment.svc", None, None, True),
        ("https://h/other", MDE, None, True),
        ("https://h/other", None, f"<s:Envelope><a:Action>{MDE}</a:Action></s:Envelope>".encode(), True),
        (
            "https://h/other",
            None,
            b"<Envelope><Action mustUnderstand='1'>http://docs.oasis-open.org/ws-sx/ws-trust/200512/RST/Issue</Action></Envelope>",
            True,
        ),
        ("https://h/other", None, f"<SyncML><Data>{MDE}</Data></SyncML>".encode(), False),
        ("https://h/x?to=/EnrollmentServer/", None, None, False),
        (None, None, b"", False),
    ],
)
def test_enrolment_requests(url, action, body, expected):
    assert media.is_enrolment_request(url, action, body) is expected
