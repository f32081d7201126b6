"""Removing metadata from pictures: where, when and with which camera they were taken, and any text.

A picture is not encoded again: its file is read part by part, and parts that are not needed to show the picture are
left out, as are data after its end. What remains is the picture, its colour profile and its orientation, in an Exif
block with nothing else in it. The number of parts is bounded.

Sources: ITU-T T.81 (JPEG) with CIPA DC-008 (Exif), W3C PNG (third edition), GIF89a, RFC 9649 (WebP).
"""

import io
import re
import struct
import zlib
from bisect import bisect_right
from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import IO, Any

from app.attachments.kinds import GIF, JPEG, PNG, WEBP, CannotBeChecked, Kind

MOST_PARTS, MOST_GIF_PARTS = 50_000, 500_000  # a GIF image of 100 MB has 412,000 blocks of 255 bytes
Piece = bytes | range  # new bytes, or a range of bytes kept from the file

JPEG_START, JPEG_END, JPEG_SCAN, JPEG_COMMENT, FILL = 0xD8, 0xD9, 0xDA, 0xFE, 0xFF
JPEG_APPLICATION = range(0xE0, 0xF0)
WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD8)})
END_OF_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
JFIF, JFIF_SIZE = b"JFIF\0", 18  # in bytes, with its marker and without a thumbnail
EXIF = b"Exif\0\0"
KEPT_APPLICATIONS = ((0xE2, b"ICC_PROFILE\0"), (0xEE, b"Adobe"))

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PNG_CHUNKS = frozenset(
    b"IHDR PLTE IDAT IEND tRNS cHRM gAMA iCCP sBIT sRGB cICP mDCV cLLI bKGD hIST pHYs acTL fcTL fdAT".split()
)
PNG_OPTIONAL = 0x20  # in the first letter of a chunk that can be left out

GIF_EXTENSION, GIF_IMAGE, GIF_END, GIF_CONTROL, GIF_APPLICATION = 0x21, 0x2C, 0x3B, 0xF9, 0xFF
GIF_APPLICATIONS = frozenset({b"NETSCAPE2.0", b"ANIMEXTS1.0", b"ICCRGBG1012"})

WEBP_CHUNKS = frozenset({b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP"})
WEBP_HAS_EXIF, WEBP_HAS_XMP = 0x08, 0x04

ORIENTATION, UPRIGHT, MOST_TAGS = 0x0112, 1, 1_000


def cleaned(content: IO[bytes], kind: Kind) -> IO[bytes]:
    """The content of a file of this kind as it is stored: a picture without its metadata, other files unchanged.

    The result reads from `content`, which must remain open. Raises CannotBeChecked for a damaged picture.
    """
    if kind not in WALKS:
        return content
    walk, most = WALKS[kind]
    content.seek(0)
    try:
        pieces = _joined(walk(content.read()), most)
    except (IndexError, struct.error) as error:  # it ends too early
        raise CannotBeChecked from error
    return io.BufferedReader(_Pieces(content, pieces))


class _Pieces(io.RawIOBase):
    """Pieces of another file, read as if they were a file of their own."""

    def __init__(self, source: IO[bytes], pieces: list[Piece]) -> None:
        self.source, self.pieces, self.at = source, pieces, 0
        self.starts = [0, *accumulate(len(piece) for piece in pieces)]

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self.at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self.at, io.SEEK_END: self.starts[-1]}[whence]
        return self.at

    def readinto(self, buffer: Any) -> int:
        if self.at >= self.starts[-1]:
            return 0
        number = bisect_right(self.starts, self.at) - 1
        piece, offset = self.pieces[number], self.at - self.starts[number]
        if isinstance(piece, range):
            self.source.seek(piece.start + offset)
            read = self.source.read(min(len(buffer), len(piece) - offset))
        else:
            read = piece[offset : offset + len(buffer)]
        buffer[: len(read)] = read
        self.at += len(read)
        return len(read)


def _joined(pieces: Iterator[Piece], most: int) -> list[Piece]:
    """The pieces, with adjacent ones joined. Raises CannotBeChecked where there are too many."""
    joined: list[Piece] = []
    for step, piece in enumerate(pieces):
        if step >= most:
            raise CannotBeChecked
        before = joined[-1] if joined else b""
        if isinstance(piece, range) and isinstance(before, range) and before.stop == piece.start:
            joined[-1] = range(before.start, piece.stop)
        elif piece:
            joined.append(piece)
    return joined


def _part(content: bytes, start: int, size: int) -> range:
    """The range of a part of this size. Raises CannotBeChecked if the file ends before it does."""
    if start + size > len(content):
        raise CannotBeChecked
    return range(start, start + size)


def _jpeg(content: bytes) -> Iterator[Piece]:
    yield range(2)
    at, turned = 2, False
    while True:
        if content[at] != FILL:
            raise CannotBeChecked
        marker = content[at + 1]
        if marker == FILL or marker in WITHOUT_LENGTH:
            at += 1 if marker == FILL else 2
            yield b""
            continue
        if marker == JPEG_END:
            yield range(at, at + 2)
            return
        segment = _part(content, at, 2 + max(struct.unpack_from(">H", content, at + 2)[0], 2))
        kept = _jpeg_segment(content, segment, marker)
        is_exif = isinstance(kept, bytes) and kept[4:10] == EXIF
        yield b"" if is_exif and turned else kept
        turned = turned or is_exif
        at = segment.stop
        if marker == JPEG_SCAN:
            scan = range(at, _end_of_scan(content, at))
            yield scan
            at = scan.stop


def _end_of_scan(content: bytes, at: int) -> int:
    found = END_OF_SCAN.search(content, at)
    if found is None:
        raise CannotBeChecked
    return found.start()


def _jpeg_segment(content: bytes, segment: range, marker: int) -> Piece:
    """What is kept of a segment. Of several pictures in one file (MPF), only the first is kept."""
    if marker not in JPEG_APPLICATION:
        return b"" if marker == JPEG_COMMENT else segment
    at = segment.start + 4
    if marker == JPEG_APPLICATION[0] and content.startswith(JFIF, at) and len(segment) >= JFIF_SIZE:
        return segment if len(segment) == JFIF_SIZE else _without_thumbnail(content, segment)
    if marker == JPEG_APPLICATION[1] and content.startswith(EXIF, at):
        orientation = _orientation(content[at + len(EXIF) : segment.stop])
        exif = EXIF + _exif(orientation)
        return b"" if orientation == UPRIGHT else b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif
    return segment if any(marker == one and content.startswith(name, at) for one, name in KEPT_APPLICATIONS) else b""


def _without_thumbnail(content: bytes, segment: range) -> bytes:
    return b"\xff\xe0\x00\x10" + content[segment.start + 4 : segment.start + 16] + b"\0\0"


def _png(content: bytes) -> Iterator[Piece]:
    yield range(len(PNG_SIGNATURE))
    at, name = len(PNG_SIGNATURE), b""
    while name != b"IEND":
        size, name = struct.unpack_from(">I4s", content, at)
        chunk = _part(content, at, size + 12)
        if name not in PNG_CHUNKS and not name[0] & PNG_OPTIONAL:
            raise CannotBeChecked
        orientation = _orientation(content[at + 8 : at + 8 + size]) if name == b"eXIf" else UPRIGHT
        kept = b"" if orientation == UPRIGHT else _png_chunk(b"eXIf", _exif(orientation))
        yield chunk if name in PNG_CHUNKS else kept
        at = chunk.stop


def _png_chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _gif(content: bytes) -> Iterator[Piece]:
    at = 13 + _colours(content[10])
    yield _part(content, 0, at)
    while content[at] != GIF_END:
        start = at
        if content[at] == GIF_EXTENSION:
            label, at = content[at + 1], at + 2
        elif content[at] == GIF_IMAGE:
            label, at = GIF_IMAGE, at + 11 + _colours(content[at + 9])
        else:
            raise CannotBeChecked
        is_kept = label in {GIF_IMAGE, GIF_CONTROL} or (
            label == GIF_APPLICATION and content[at + 1 : at + 12] in GIF_APPLICATIONS
        )
        yield range(start, at) if is_kept else b""
        while size := content[at]:
            yield range(at, at + size + 1) if is_kept else b""
            at += size + 1
        at += 1
        yield range(at - 1, at) if is_kept else b""
    yield range(at, at + 1)


def _colours(packed: int) -> int:
    """The size in bytes of the colour table that these flags announce."""
    return 3 * 2 ** ((packed & 7) + 1) if packed & 0x80 else 0


def _webp(content: bytes) -> Iterator[Piece]:
    end = len(_part(content, 0, 8 + struct.unpack_from("<I", content, 4)[0]))
    at, head, kept, orientation = 12, b"", list[Piece](), UPRIGHT
    while at < end:
        name, size = struct.unpack_from("<4sI", content, at)
        chunk = _part(content, at, 8 + size)
        if name == b"VP8X":
            head = content[chunk.start : chunk.stop]
        elif name == b"EXIF":
            orientation = _orientation(content[at + 8 : chunk.stop].removeprefix(EXIF))
        is_kept = name in WEBP_CHUNKS
        kept.append(range(at, min(chunk.stop + size % 2, len(content))) if is_kept else b"")
        if len(kept) > MOST_PARTS:
            raise CannotBeChecked
        at = chunk.stop + size % 2
    if head:
        exif = b"" if orientation == UPRIGHT else _webp_chunk(b"EXIF", _exif(orientation))
        flags = head[8] & ~(WEBP_HAS_EXIF | WEBP_HAS_XMP) | (WEBP_HAS_EXIF if exif else 0)
        kept = [head[:8] + bytes([flags]) + head[9:], *kept, exif]
    size = 4 + sum(len(piece) for piece in kept)
    yield b"RIFF" + struct.pack("<I", size) + b"WEBP"
    yield from kept


def _webp_chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def _orientation(exif: bytes) -> int:
    """The orientation in the first directory of an Exif block, from 1 (upright) to 8; upright if it cannot be read."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    try:
        (at,) = struct.unpack_from(f"{order}I", exif, 4)
        (count,) = struct.unpack_from(f"{order}H", exif, at)
        tags = (struct.unpack_from(f"{order}HHIH", exif, at + 2 + 12 * n) for n in range(min(count, MOST_TAGS)))
        found = next((value for tag, _kind, _count, value in tags if tag == ORIENTATION), UPRIGHT)
    except struct.error:
        return UPRIGHT
    return found if 1 <= found <= 8 else UPRIGHT


def _exif(orientation: int) -> bytes:
    """An Exif block with the orientation and nothing else."""
    return struct.pack("<4sIHHHIHHI", b"II*\0", 8, 1, ORIENTATION, 3, 1, orientation, 0, 0)


WALKS: dict[Kind, tuple[Callable[[bytes], Iterator[Piece]], int]] = {
    JPEG: (_jpeg, MOST_PARTS),
    PNG: (_png, MOST_PARTS),
    GIF: (_gif, MOST_GIF_PARTS),
    WEBP: (_webp, MOST_PARTS + 2),
}
