from replay.syncml.places import locate
from replay.syncml.read import read

BODY = b"""
<SyncML xmlns="SYNCML:SYNCML1.2">
 <SyncBody>
  <Alert><CmdID>1</CmdID></Alert>
  <Alert>
   <CmdID>2</CmdID>
   <Item><Meta>
     <Type xmlns="syncml:metinf">t</Type>
   </Meta></Item>
   <Item><Data>1</Data></Item>
  </Alert>
  <Final/>
 </SyncBody>
</SyncML>"""


def test_a_path_counts_elements_of_one_name():
    place = locate(read(BODY), (1,), (("Item", 1), "Meta", "Type"))
    assert place.path == "SyncBody/Alert[2]/Item[1]/Meta/Type"
    assert place.line == 8


def test_what_is_missing_has_the_place_of_what_is_above_it():
    place = locate(read(BODY), (1,), (("Item", 2), "Meta", "Type"))
    assert place.path == "SyncBody/Alert[2]/Item[2]"
    assert place.line == 10


def test_a_single_element_is_not_counted():
    assert locate(read(BODY), (), ("SyncBody", "Final")).path == "SyncBody/Final"


def test_an_element_of_somebody_elses_is_none_of_ours_whatever_it_is_called():
    body = BODY.replace(
        b"<SyncBody>", b"<SyncBody xmlns='urn:x'/>\n <SyncBody><Exec xmlns='urn:x'/><Alert xmlns='urn:x'/>"
    )
    place = locate(read(body), (1,), (("Item", 2), "Data"))
    assert place.path == "SyncBody/Alert[2]/Item[2]/Data"
    assert place.line == 11


def test_a_child_of_meta_is_found_in_whatever_namespace():
    body = BODY.replace(b"<Type xmlns", b"<Type xmlns='urn:x'>other</Type><Type xmlns")
    assert locate(read(body), (1,), (("Item", 1), "Meta", "Type")).path == "SyncBody/Alert[2]/Item[1]/Meta/Type[1]"
