"""Fingerprints that identify exactly what a decision or a change is about."""

import hashlib
import json


def fingerprint(*parts: object) -> str:
    """The SHA-256 of the parts in 64 hexadecimal digits: of numbers, texts, None, and lists and mappings of them.

    They are written as JSON, which tells where each begins and ends; what JSON does not know, such as a time, is
    written as text.
    """
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()
