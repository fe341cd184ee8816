"""One message at a time: reading XML against bare lxml, WBXML against libwbxml in-process."""

import ctypes
import ctypes.util

from lxml import etree

from benchmarks.captures import exchange
from benchmarks.timing import best, row_of
from replay.lab.messages import to_wbxml
from replay.syncml import wbxml, xml


def rows() -> list[dict[str, object]]:
    """The rows on single messages; the one against libwbxml only where the library is on the machine."""
    request, _ = exchange(1)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False)
    measured = best([lambda: xml.read(request), lambda: etree.fromstring(request, parser)], rounds=30, each=100)
    found = [row_of("read a message in XML", "bare lxml", measured, 3)]
    library = LibWbxml.load()
    if library is not None:
        body = to_wbxml(request)
        measured = best([lambda: wbxml.to_xml(wbxml.decode(body)), lambda: library.to_xml(body)], rounds=30, each=100)
        found.append(row_of("decode WBXML to XML", "libwbxml in-process", measured, 2))
    return found


class LibWbxml:
    """libwbxml through ctypes: a converter that is made once, compact output, white space kept."""

    def __init__(self, library: ctypes.CDLL) -> None:
        pointer = ctypes.POINTER
        self._run = library.wbxml_conv_wbxml2xml_run
        self._run.argtypes = [
            ctypes.c_void_p, ctypes.c_char_p, ctypes.c_ulong, pointer(ctypes.c_void_p), pointer(ctypes.c_ulong)
        ]  # fmt: skip
        self._free = ctypes.CDLL(None).free
        self._free.argtypes = [ctypes.c_void_p]
        self._converter = ctypes.c_void_p()
        library.wbxml_conv_wbxml2xml_create.argtypes = [pointer(ctypes.c_void_p)]
        if library.wbxml_conv_wbxml2xml_create(ctypes.byref(self._converter)) != 0:
            raise RuntimeError("libwbxml makes no converter")
        library.wbxml_conv_wbxml2xml_set_gen_type.argtypes = [ctypes.c_void_p, ctypes.c_int]
        library.wbxml_conv_wbxml2xml_set_gen_type(self._converter, 0)
        library.wbxml_conv_wbxml2xml_enable_preserve_whitespaces.argtypes = [ctypes.c_void_p]
        library.wbxml_conv_wbxml2xml_enable_preserve_whitespaces(self._converter)

    @classmethod
    def load(cls) -> "LibWbxml | None":
        """The library, or None where it is not on the machine (Debian: libwbxml2-1)."""
        name = ctypes.util.find_library("wbxml2")
        return cls(ctypes.CDLL(name)) if name else None

    def to_xml(self, body: bytes) -> bytes:
        """A message as XML. Raises RuntimeError where the library cannot read it."""
        out, size = ctypes.c_void_p(), ctypes.c_ulong()
        if self._run(self._converter, body, len(body), ctypes.byref(out), ctypes.byref(size)) != 0:
            raise RuntimeError("libwbxml cannot read the message")
        text = ctypes.string_at(out, size.value)
        self._free(out)
        return text
