"""What only some people see is in no archive."""

from flask import Flask

from app.extensions import db
from app.models import Forum
from tests.matrix.cells import may_see
from tests.matrix.marks import marks_in
from tests.matrix.planting import Planted
from tests.printing.archived import bytes_of, close, dead_links, files_of


def test_archives_hold_no_mark_that_visitors_do_not_see(one_app: Flask, planted: Planted):
    found = set()
    for state in ("public", "closed", "archived", "elsewhere"):
        key = planted.things[state].values["forum_id"]
        with one_app.app_context():
            close(key, archived=db.session.get_one(Forum, key).archived_at is not None)
        files = files_of(bytes_of(one_app, key))
        assert dead_links(files) == []
        for name, content in files.items():
            marks = marks_in(f"{name} {content.decode('utf-8', 'replace')}")
            assert [mark for mark in marks if not may_see("visitor", state, mark)] == [], name
            found |= marks

    assert {"public", "closed", "archived", "elsewhere", "withheld"} <= {mark.state for mark in found}
