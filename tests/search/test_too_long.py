"""A search that no address can hold."""

import pytest
from flask.testing import FlaskClient

from app.bounds import LONGEST_SEARCH
from app.search.words import LONGEST
from tests.search.test_typed import typed_back
from tests.world import World


@pytest.mark.parametrize("typed", ["seed " * 2_000, "évaluer é" * 1_200, "حفظ" * 3_000])
def test_search_that_no_address_can_hold_comes_back_cut_to_be_shortened(typed: str, visitor: FlaskClient, world: World):
    answer = visitor.get("/en/search/", query_string={"forum": "open-forum", "q": typed, "order": ""})

    assert answer.status_code == 414
    assert f"Please search for at most {LONGEST} characters." in answer.text
    assert typed_back(answer.text) == typed[:LONGEST_SEARCH].strip()
    assert len(answer.data) < 60_000


@pytest.mark.parametrize("asked", [{"organization": "x" * 9_000}, {"q": "seed", "organization": "x" * 9_000}])
def test_other_part_of_a_search_that_no_address_can_hold_is_refused(asked: dict, visitor: FlaskClient, world: World):
    answer = visitor.get("/en/search/", query_string=asked)

    assert (answer.status_code, "This address is too long" in answer.text) == (414, True)
