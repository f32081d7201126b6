"""A check of JSON against a JSON Schema of the year 2020, as far as those in docs/ use it."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from app.markup import is_clean

TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "boolean": bool,
    "null": type(None),
}
LONGEST_SHOWN = 80  # of a value in an error
FORMATS: dict[str, Callable[[str], bool]] = {"clean-html": is_clean}
CHECKED = set(
    "type properties required additionalProperties propertyNames minProperties items minItems maxItems minimum pattern "
    "format enum const anyOf if then else $ref $defs $schema title description".split()
)


def faults(value: Any, schema: Any, root: Any = None, at: str = "$") -> Iterator[str]:
    """What is wrong with a value, and where. A keyword of the schema that is not checked here is wrong too."""
    root = root or schema
    if schema is False:
        yield f"{at}: must not be there"
    if isinstance(schema, dict):
        if unknown := set(schema) - CHECKED:
            yield f"{at}: the schema has {unknown}"
        yield from _faults_of_choice(value, schema, root, at)
        yield from _faults_of_value(value, schema, root, at)


def _faults_of_choice(value: Any, schema: Any, root: Any, at: str) -> Iterator[str]:
    if "$ref" in schema:
        yield from faults(value, root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root, at)
    if value not in schema.get("enum", [schema.get("const", value)]):
        yield f"{at}: {_shown(value)} is not what it must be"
    if "anyOf" in schema:  # of what it may be, what it resembles most
        yield from min((list(faults(value, one, root, at)) for one in schema["anyOf"]), key=len)
    if "if" in schema:
        branch = "else" if any(faults(value, schema["if"], root, at)) else "then"
        yield from faults(value, schema[branch], root, at)


def _faults_of_value(value: Any, schema: Any, root: Any, at: str) -> Iterator[str]:
    if "type" in schema and not _is(value, schema["type"]):
        yield f"{at}: {_shown(value)} is no {schema['type']}"
    elif isinstance(value, str):
        yield from _faults_of_text(value, schema, at)
    elif isinstance(value, int) and value < schema.get("minimum", value):
        yield f"{at}: {value} is too small"
    elif isinstance(value, list):
        yield from _faults_of_list(value, schema, root, at)
    elif isinstance(value, dict):
        yield from _faults_of_object(value, schema, root, at)


def _faults_of_text(value: str, schema: Any, at: str) -> Iterator[str]:
    if not re.search(schema.get("pattern", "").replace("$", r"\Z"), value):
        yield f"{at}: {_shown(value)} is not {schema['pattern']}"
    if "format" in schema and not FORMATS[schema["format"]](value):
        yield f"{at}: {_shown(value)} is not {schema['format']}"


def _shown(value: Any) -> str:
    shown = ascii(value)
    return shown if len(shown) <= LONGEST_SHOWN else f"{shown[:LONGEST_SHOWN]}…"


def _is(value: Any, name: str) -> bool:
    return isinstance(value, TYPES[name]) and not (name == "integer" and isinstance(value, bool))


def _faults_of_list(value: list[Any], schema: Any, root: Any, at: str) -> Iterator[str]:
    if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
        yield f"{at}: has {len(value)} items"
    for place, item in enumerate(value):
        yield from faults(item, schema.get("items", True), root, f"{at}[{place}]")


def _faults_of_object(value: dict[str, Any], schema: Any, root: Any, at: str) -> Iterator[str]:
    yield from (f"{at}: lacks {name}" for name in schema.get("required", ()) if name not in value)
    if len(value) < schema.get("minProperties", 0):
        yield f"{at}: is empty"
    named = schema.get("properties", {})
    for name, item in value.items():
        yield from faults(name, schema.get("propertyNames", True), root, f"{at}.{name}")
        yield from faults(item, named.get(name, schema.get("additionalProperties", True)), root, f"{at}.{name}")
