import pytest

from replay.lab import messages
from replay.syncml.read import read
from replay.syncml.unenrol import alerts, execs, is_unenroll_node


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("./Vendor/MSFT/DMClient/Provider/MS%20DM%20Server/Unenroll", True),
        ("./Device/Vendor/MSFT/DMClient/Provider/P/Unenroll", True),
        ("./Device/Vendor/MSFT/DMClient/Unenroll", True),
        ("./Vendor/MSFT/DMClient/Unenroll", True),
        ("./User/Vendor/MSFT/DMClient/Provider/P/Unenroll", True),  # wrong, and so it is to be judged
        ("/Vendor/MSFT/DMClient/Unenroll", True),
        ("DMClient/Unenroll", True),
        ("./Vendor/MSFT/DMClient/Provider/P/LinkedEnrollment/Unenroll", False),
        ("./Vendor/MSFT/XDMClient/Unenroll", False),
        ("./Vendor/MSFT/DMClient/Provider/P/UnenrollOnCertificateExpiry", False),
        ("", False),
        (None, False),
    ],
)
def test_unenroll_nodes(uri, expected):
    assert is_unenroll_node(uri) is expected


def test_an_exec_inside_atomic_is_found_with_its_place():
    inner = messages.unenrol_exec(9, "P")
    body = messages.message(messages.Sender("1", "D", "S"), 1, [f"<Atomic><CmdID>8</CmdID>{inner}</Atomic>"])
    found = list(execs(read(body)))
    assert [(each.place, each.command.cmd_id) for each in found] == [((0, 0), "9")]


def test_a_get_on_the_node_is_no_exec():
    body = messages.message(messages.Sender("1", "D", "S"), 1, [messages.get(1, "./Vendor/MSFT/DMClient/Unenroll")])
    assert list(execs(read(body))) == []


def test_a_firmware_update_is_no_unenrolment(shared_data):
    body = (shared_data / "messages" / "other" / "firmware-1226-hex-sessionid.xml").read_bytes()
    assert list(alerts(read(body))) == []


def test_alert_1224_of_that_type_is_none():
    text = messages.unenrol_alert().replace("1226", "1224").replace("{id}", "1")
    assert list(alerts(read(messages.message(messages.Sender("1", "S", "D"), 1, [text])))) == []


def alert(item: str, meta: str = ""):
    text = f"<Alert><CmdID>1</CmdID><Data>1226</Data>{meta}<Item>{item}</Item></Alert>"
    return list(alerts(read(messages.message(messages.Sender("1", "S", "D"), 1, [text]))))


TYPE = '<Type xmlns="syncml:metinf">com.microsoft:mdm.unenrollment.userrequest</Type>'
FORMAT = '<Format xmlns="syncml:metinf">int</Format>'


@pytest.mark.parametrize(
    ("data", "seen", "stays"),
    [
        ("<Data>1</Data>", "1", False),
        ("<Data>2</Data>", "2", True),
        ("<Data>AADJ Unregister Failed</Data>", "AADJ Unregister Failed", True),
        ("<Data/>", "", False),
        ("", None, False),
    ],
)
def test_what_an_alert_says_of_the_enrolment(data, seen, stays):
    (found,) = alert(f"<Meta>{TYPE}</Meta>{data}")
    assert (found.data, found.enrolment_stays) == (seen, stays)


def test_elements_in_the_data_are_no_plain_text():
    (found,) = alert(f"<Meta>{TYPE}</Meta><Data><x/>2</Data>")
    assert found.data is not None
    assert found.data != "2"
    assert not found.enrolment_stays


def test_type_and_format_count_beside_the_item_where_it_has_none():
    (beside,) = alert("<Data>1</Data>", meta=f"<Meta>{FORMAT}{TYPE}</Meta>")
    assert (beside.type, beside.type_beside.text.rpartition(".")[2], beside.format.text) == (None, "userrequest", "int")
    (split,) = alert(f"<Meta>{FORMAT}</Meta><Data>1</Data>", meta=f"<Meta>{TYPE}</Meta>")
    assert split.format is split.item.meta.format
    (inside,) = alert(f"<Meta>{TYPE}</Meta><Data>1</Data>", meta=f"<Meta>{FORMAT}</Meta>")
    assert (inside.type_beside, inside.format) == (None, None)


@pytest.mark.parametrize(("data", "count"), [("1", 1), ("2", 1), ("AADJ Unregister Failed", 1), ("0", 0), ("x", 0)])
def test_without_any_type_the_data_tells(data, count):
    assert len(alert(f"<Data>{data}</Data>")) == count
