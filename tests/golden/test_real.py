"""Every error that is found in what others sent, and why it is right. Nothing else may be called an error there."""

import pytest

from replay.capture.readers import read
from replay.expect.judge import judge

#: file: {(rule, party): why that is right}
ERRORS = {
    "messages/documents/learn-diagnosticlog-exec-snap.xml": {
        ("MSG004", "server"): "the document prints commands in SyncML without any SyncHdr",
    },
    "messages/documents/learn-diagnosticlog-replace-type-no-ns.xml": {
        ("MSG004", "server"): "the document prints commands in SyncML without any SyncHdr",
    },
    "messages/documents/learn-edam-alert-1224-win32csp.xml": {
        ("MSG001", "device"): "an Alert by itself, not in SyncML",
    },
    "messages/documents/learn-oma-dm-loginstatus-alert.xml": {
        ("MSG001", "device"): "an Alert by itself, not in SyncML",
    },
    "messages/documents/learn-edam-response-utf16-decl.xml": {
        ("MSG002", "device"): "the root has no namespace",
        ("MSG004", "device"): "SyncHdr is empty",
    },
    "messages/documents/oma-security-5.3.1-md5-cred.xml": {
        ("MSG013", "device"): "package 1 without DevInfo: the document shows credentials, not a whole package",
    },
    "messages/other/firmware-1226-hex-sessionid.xml": {
        ("MSG012", "device"): "MaxMsgSize and MaxObjSize stand in SyncML's namespace, not in syncml:metinf",
    },
    "messages/other/server-message-dup-cmdid.xml": {
        ("MSG004", "server"): "LocURI of Source is empty",
        ("MSG009", "server"): "CmdID 6 stands on two Gets",
    },
    "peers/client-normal-xml-then-wbxml.mitm": {
        ("MSG007", "server"): "the server counts its MsgIDs across sessions: the first answer has 2, that of the next session 4",
        ("MSG009", "server"): "CmdID 1 stands on the Status and on the Get",
    },
    "peers/client-unenroll-xml-then-wbxml.mitm": {
        ("MSG007", "server"): "the server counts its MsgIDs across sessions",
        ("MSG009", "server"): "CmdID 1 stands on the Status and on the Get",
        ("UNE007", "device"): "the client was run twice, and sent its alert in two sessions",
    },
    "peers/server-not-well-formed.mitm": {
        ("MSG001", "server"): "a comment begins with `<! ===`, which is no XML",
    },
    "peers/server-short-body.mitm": {
        ("HTP004", "server"): "21,399 bytes came of the 23,730 that Content-Length promised",
    },
    "wbxml/dm11-get.wbxml": {
        ("MSG003", "server"): "VerDTD 1.1 and DM/1.1",
    },
}  # fmt: skip


def test_every_error_in_what_others_sent_is_known_and_right(shared_data):
    paths = [
        *shared_data.glob("peers/*.mitm"),
        *shared_data.glob("messages/*/*.xml"),
        *shared_data.glob("wbxml/*.wbxml"),
        *shared_data.glob("viewer/*"),
        shared_data / "session-windows10",
    ]
    assert len(paths) > 20
    found = {}
    for path in paths:
        errors = {(f.rule, f.party.value) for f in judge(read(str(path))).findings if f.severity == "error"}
        if errors:
            found[path.relative_to(shared_data).as_posix()] = errors
    assert found == {name: set(errors) for name, errors in ERRORS.items()}


@pytest.mark.parametrize("name", sorted(ERRORS))
def test_each_cause_is_one_finding(shared_data, name):
    findings = [f for f in judge(read(str(shared_data / name))).findings if f.severity == "error"]
    assert len(findings) == len({(f.rule, f.message) for f in findings}) <= len(ERRORS[name]) + 1
