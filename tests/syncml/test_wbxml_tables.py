"""The tables of tokens: as large as the sources', one to one."""

import pytest

from replay.syncml import wbxml_tables as tables


def test_pages_have_the_sizes_of_the_sources():
    sizes = [len(table) for table in (tables.SYNCML, tables.METINF, tables.DEVINF_12, tables.DDF)]
    assert sizes == [55, 18, 47, 56]


@pytest.mark.parametrize(
    ("table", "token", "name"),
    [
        (tables.SYNCML, 0x05, "Add"),
        (tables.SYNCML, 0x06, "Alert"),
        (tables.SYNCML, 0x11, "Exec"),
        (tables.SYNCML, 0x29, "Status"),
        (tables.SYNCML, 0x2D, "SyncML"),
        (tables.SYNCML, 0x3C, "Correlator"),
        (tables.METINF, 0x07, "Format"),
        (tables.METINF, 0x0B, "Mark"),
        (tables.METINF, 0x13, "Type"),
        (tables.METINF, 0x16, "FieldLevel"),
        (tables.DEVINF_12, 0x0A, "DevInf"),
        (tables.DEVINF_12, 0x1C, "MaxSize"),
        (tables.DEVINF_11, 0x1C, "Size"),
        (tables.DEVINF_12, 0x30, "Filter-Rx"),
        (tables.DDF, 0x20, "MgmtTree"),
        (tables.DDF, 0x3C, "ZeroOrOne"),
    ],
)
def test_tokens(table, token, name):
    assert table[token] == name


def test_tables_are_one_to_one_and_leave_the_global_tokens_alone():
    for language in tables.LANGUAGES:
        for page in language.pages.values():
            assert len(set(page.tags.values())) == len(page.tags)
            assert all(0x05 <= token <= 0x3F for token in page.tags)
    assert 0x30 not in tables.SYNCML
    assert 0x2F not in tables.DEVINF_12
