"""Pictures are stored without their metadata, and look the same."""

import hashlib
import io
import struct
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from app.attachments import pictures as cleaning
from app.attachments.kinds import recognize
from app.attachments.pictures import cleaned
from tests.attachments.conftest import path_of, send
from tests.attachments.pictures import (
    PICTURES,
    SECRETS,
    TURNED,
    chunk,
    exif,
    gif,
    jpeg,
    orientation_of,
    pixels,
    png,
    profile_of,
    segment,
    webp,
)
from tests.attachments.samples import GIF, JPEG, PNG, WEBP
from tests.world import World

pytestmark = pytest.mark.filterwarnings("ignore:Image appears to be a malformed MPO file")
DAMAGED_PICTURES = {
    "cut.jpg": jpeg()[:900],
    "no-end.jpg": JPEG[:-2],
    "no-marker.jpg": JPEG[:20] + b"nothing\xff\xd9",
    "cut.png": png()[:-200],
    "unknown.png": PNG[:33] + chunk(b"NEWS", b"") + PNG[33:],
    "cut.gif": GIF[:-1],
    "unknown.gif": GIF[:-1] + b"?;",
    "cut.webp": webp()[:400],
    "many.jpg": JPEG[:2] + segment(0xFE, b"") * 60_000 + JPEG[2:],
    "many.png": PNG[:33] + chunk(b"tEXt", b"") * 60_000 + PNG[33:],
    "many.gif": GIF[:-1] + b"\x21\xfe" + b"\1a" * 600_000 + b"\0;",
    "many.webp": b"RIFF" + struct.pack("<I", 480_004) + b"WEBP" + b"some\0\0\0\0" * 60_000,
}


@pytest.fixture
def given(alice: FlaskClient, attach) -> Callable[[str, bytes], bytes]:
    """Attaches a picture and returns what the site serves."""
    return lambda name, content: alice.get(path_of(attach(name, content)), buffered=True).data


def clean(content: bytes) -> bytes:
    return cleaned(io.BytesIO(content), recognize(io.BytesIO(content))[0]).read()


@pytest.mark.parametrize("name", PICTURES)
def test_picture_is_served_without_metadata(name: str, given):
    content = PICTURES[name]
    assert sum(secret in content for secret in SECRETS) >= 3, "it hides what is looked for"

    kept = given(name, content)

    assert [secret for secret in SECRETS if secret in kept] == []
    assert b"GPS" not in kept
    assert b"http://ns.adobe.com" not in kept


@pytest.mark.parametrize("name", PICTURES)
def test_picture_shows_the_same_pixels_in_the_same_colours(name: str, given):
    kept = given(name, PICTURES[name])

    assert pixels(kept) == pixels(PICTURES[name])
    assert profile_of(kept) == profile_of(PICTURES[name])
    assert bool(profile_of(kept)) == (name != "moving.gif")


@pytest.mark.parametrize(("name", "make"), [("a.jpg", jpeg), ("a.png", png), ("a.webp", webp)])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_picture_keeps_its_orientation(name: str, make, orientation: int):
    assert orientation_of(clean(make(orientation))) == orientation


@pytest.mark.parametrize("order", [b"II*\0", b"MM\0*"])
def test_orientation_is_read_in_either_byte_order(order: bytes):
    mark = "<" if order[:1] == b"I" else ">"
    block = order + struct.pack(f"{mark}IHHHIHHI", 8, 1, 0x0112, 3, 1, TURNED, 0, 0)
    content = JPEG[:2] + segment(0xE1, b"Exif\0\0" + block) + JPEG[2:]

    assert cleaning._orientation(block) == TURNED
    assert b"Exif\0\0II*\0" in clean(content)


@pytest.mark.parametrize("block", [b"", b"II*\0", b"XX*\0" + b"\0" * 30, b"II*\0\xff\xff\xff\xff", exif()[6:20]])
def test_unreadable_exif_block_is_removed(block: bytes):
    assert b"Exif" not in clean(JPEG[:2] + segment(0xE1, b"Exif\0\0" + block) + JPEG[2:])


def test_thumbnail_in_a_photo_is_removed():
    thumbnail = b"\1\1" + b"RGB"
    content = JPEG[:2] + segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1" + thumbnail) + b"\xff\xd9"

    assert clean(content) == JPEG


@pytest.mark.parametrize("content", [JPEG, PNG, GIF, WEBP])
def test_picture_without_metadata_is_stored_unchanged(content: bytes):
    assert clean(content) == content


@pytest.mark.parametrize("name", PICTURES)
def test_cleaning_a_clean_picture_changes_nothing(name: str):
    once = clean(PICTURES[name])

    assert clean(once) == once


def test_checksum_and_size_are_those_of_the_stored_file(alice: FlaskClient, attach):
    row = attach("photo.jpg", PICTURES["photo.jpg"])
    kept = alice.get(path_of(row), buffered=True).data

    assert (row.size, row.sha256) == (len(kept), hashlib.sha256(kept).hexdigest())
    assert row.size < len(PICTURES["photo.jpg"])


@pytest.mark.parametrize("name", DAMAGED_PICTURES)
def test_damaged_picture_is_refused_with_the_reason(name: str, world: World, alice: FlaskClient, rows):
    answer = send(alice, f"/en/topics/{world.topic}/reply/", {name: DAMAGED_PICTURES[name]})

    assert answer.status_code == 422
    assert f"“{name}” cannot be checked: it is damaged" in answer.text
    assert rows() == []


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("en", "Location and other hidden data are removed from images"),
        ("es", "La ubicación y otros datos ocultos se eliminan de las imágenes"),
        ("fr", "Les données de localisation et les autres données cachées sont supprimées des images"),
    ],
)
def test_form_says_that_metadata_are_removed(code: str, said: str, world: World, alice: FlaskClient):
    assert said in alice.get(f"/{code}/topics/{world.topic}/reply/").text


def test_picture_can_be_read_in_pieces_of_any_size_from_any_position():
    content = gif()
    whole, again = clean(content), cleaned(io.BytesIO(content), recognize(io.BytesIO(content))[0])

    assert b"".join(iter(lambda: again.read(7), b"")) == whole
    for place in range(0, len(whole), 97):
        again.seek(place)
        assert again.read(5) == whole[place : place + 5]
