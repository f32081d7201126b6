"""Real pictures of every kind, with the metadata that cameras and programs add, and how to find these in a file."""

import io
import struct
import zlib

from PIL import Image, ImageCms, PngImagePlugin

# Each is in one part of the metadata of a picture, and in no picture that was cleaned.
SECRETS = tuple(b"SECRET-" + name for name in b"exif xmp iptc comment text trailer thumbnail unknown".split())
EXIF, XMP, IPTC, COMMENT, TEXT, TRAILER, THUMBNAIL, UNKNOWN = SECRETS
TURNED = 6  # to the right
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def scene(mode: str = "RGB") -> Image.Image:
    """A small picture that looks different from each side."""
    made = Image.new("RGB", (48, 32))
    made.putdata([(x * 5, y * 7, (x * y) % 256) for y in range(32) for x in range(48)])
    return made.convert(mode)


def exif(orientation: int = TURNED) -> bytes:
    """An Exif block with a position, a camera and, unless it is 1, an orientation."""
    made = Image.Exif()
    made[0x010F] = EXIF.decode()
    made.get_ifd(0x8825).update({1: "N", 2: (45.0, 30.0, 0.0), 3: "W", 4: (73.0, 34.0, 0.0), 29: "SECRET-exif"})
    if orientation != 1:
        made[0x0112] = orientation
    return made.tobytes()


def jpeg(orientation: int = TURNED, *, progressive: bool = False) -> bytes:
    made = io.BytesIO()
    scene().save(made, "JPEG", exif=exif(orientation), icc_profile=PROFILE, progressive=progressive, comment=COMMENT)
    content = made.getvalue()
    iptc = b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0" + struct.pack(">I", len(IPTC)) + IPTC
    hidden = segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XMP) + segment(0xED, iptc)
    hidden += segment(0xE2, b"MPF\0" + UNKNOWN) + segment(0xE0, b"JFXX\0\x10" + THUMBNAIL) + segment(0xEB, UNKNOWN)
    return content[:2] + hidden + content[2:] + b"\xff\xd8" + TRAILER


def segment(marker: int, data: bytes) -> bytes:
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(data) + 2) + data


def png(orientation: int = TURNED, mode: str = "RGBA") -> bytes:
    made, texts = io.BytesIO(), PngImagePlugin.PngInfo()
    texts.add_text("Comment", TEXT.decode())
    texts.add_text("Author", TEXT.decode(), zip=False)
    texts.add_itxt("XML:com.adobe.xmp", XMP.decode())
    scene(mode).save(made, "PNG", exif=exif(orientation), icc_profile=PROFILE, pnginfo=texts, dpi=(300, 300))
    content = made.getvalue()
    return content[:33] + chunk(b"prIV", UNKNOWN) + chunk(b"tIME", UNKNOWN[:7]) + content[33:] + TRAILER


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def gif(frames: int = 3) -> bytes:
    made = io.BytesIO()
    pictures = [scene().rotate(90 * turn).convert("P") for turn in range(frames)]
    pictures[0].save(made, "GIF", save_all=True, append_images=pictures[1:], loop=0, duration=100, comment=COMMENT)
    content = made.getvalue()
    end_of_head = 13 + 3 * 2 ** ((content[10] & 7) + 1)
    xmp = b"\x21\xff\x0bXMP DataXMP" + bytes([len(XMP)]) + XMP + b"\0"
    return content[:end_of_head] + xmp + content[end_of_head:] + TRAILER


def webp(orientation: int = TURNED, *, lossless: bool = False) -> bytes:
    made = io.BytesIO()
    scene().save(made, "WEBP", exif=exif(orientation), xmp=XMP, icc_profile=PROFILE, lossless=lossless)
    content = made.getvalue() + struct.pack("<4sI", b"priv", len(UNKNOWN)) + UNKNOWN + b"\0" * (len(UNKNOWN) % 2)
    return content[:4] + struct.pack("<I", len(content) - 8) + content[8:] + TRAILER


def pixels(content: bytes) -> list[bytes]:
    """The pixels of each frame, ignoring the orientation."""
    seen = []
    with Image.open(io.BytesIO(content)) as opened:
        for number in range(getattr(opened, "n_frames", 1)):
            opened.seek(number)
            seen.append(opened.convert("RGBA").tobytes())
    return seen


def orientation_of(content: bytes) -> int:
    with Image.open(io.BytesIO(content)) as opened:
        return int(opened.getexif().get(0x0112, 1))


def profile_of(content: bytes) -> bytes:
    with Image.open(io.BytesIO(content)) as opened:
        return bytes(opened.info.get("icc_profile", b""))


PICTURES = {
    "photo.jpg": jpeg(),
    "progressive.jpg": jpeg(progressive=True),
    "upright.jpg": jpeg(1),
    "photo.png": png(),
    "palette.png": png(1, "P"),
    "moving.gif": gif(),
    "photo.webp": webp(),
    "lossless.webp": webp(1, lossless=True),
}
