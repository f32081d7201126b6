"""The shape of the code: who imports whom, what stands where, and how long it may be."""

import ast
import re
from pathlib import Path

import pytest

from config import ROOT

APP = ROOT / "app"
MODULES = sorted(path for path in APP.rglob("*.py"))
FEATURES = ("admin", "auth", "feeds", "forums", "mail", "pages", "printing")
OF_REQUESTS = frozenset({"request", "session", "url_for", "redirect", "render_template", "current_user", "flash"})
BELOW_VIEWS = re.compile(r"(queries|actions|permissions|markup|submissions|counters|proceedings|models)")


def layer(module: str) -> int:
    """How high a module stands: whoever imports may not stand below whom it imports."""
    last = module.rsplit(".", 1)[-1]
    order = (("views", 6), ("forms", 5), ("queries", 4), ("actions", 4), ("proceedings", 4))
    for ending, height in order:
        if last.endswith(ending):
            return height
    if module.startswith("app.models"):
        return 2
    return {"app.permissions": 3, "app.submissions": 3, "app.markup": 3, "app.extensions": 1, "app.database": 0}.get(
        module, 9
    )


def imports_of(path: Path) -> list[tuple[str, tuple[str, ...]]]:
    tree = ast.parse(path.read_text("utf-8"))
    return [
        (node.module or "", tuple(name.name for name in node.names))
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
    ]


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_go_one_way(path: Path):
    own = name_of(path)
    for module, _names in imports_of(path):
        if module.startswith("app") and layer(own) < 9 and layer(module) < 9:
            assert layer(own) >= layer(module), f"{own} imports {module}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_features_do_not_share_views(path: Path):
    own = name_of(path)
    if own == "app":
        return
    for module, names in imports_of(path):
        for target in (module, *(f"{module}.{name}" for name in names)):
            if target.startswith("app.") and target.endswith("views"):
                assert target.split(".")[1] == own.split(".")[1], f"{own} imports {target}"


@pytest.mark.parametrize("path", [path for path in MODULES if BELOW_VIEWS.search(name_of(path))], ids=name_of)
def test_nothing_below_the_views_knows_the_request(path: Path):
    for module, names in imports_of(path):
        if module.startswith("flask"):
            assert not OF_REQUESTS & set(names), f"{name_of(path)} imports {names}"


def test_markup_is_made_in_one_place():
    elsewhere = [path for path in MODULES if path.name != "markup.py"]
    templates = list((APP / "templates").rglob("*.*"))

    assert not [path for path in elsewhere if re.search(r"\bMarkup\(", path.read_text("utf-8"))]
    assert not [path for path in templates if re.search(r"\|\s*safe\b", path.read_text("utf-8"))]


def test_automatic_escaping_is_off_in_one_macro_only():
    templates = (APP / "templates").rglob("*.*")

    assert [path.name for path in templates if "autoescape" in path.read_text("utf-8")] == ["message.html"]


def test_models_of_messages_are_read_through_queries_only():
    """Views and templates ask no model for messages or topics."""
    for path in MODULES:
        if path.name.endswith("views.py"):
            text = path.read_text("utf-8")
            assert not re.search(r"select\((?:Message|Topic)|(?:Message|Topic)\.query", text), path


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_modules_are_short(path: Path):
    assert len(path.read_text("utf-8").splitlines()) <= 300


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_functions_are_short(path: Path):
    """At most 30 lines without the docstring; statements that are one long select are counted as they stand."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.name not in {"_topic_head"}:
            body = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
            assert (node.end_lineno or 0) - body[0].lineno < 36, f"{name_of(path)}.{node.name}"


def test_every_setting_is_documented():
    names = set(re.findall(r'environ\.get\("(\w+)"', (ROOT / "config.py").read_text("utf-8")))

    assert names
    assert not {name for name in names if f"`{name}`" not in (ROOT / "README.md").read_text("utf-8")}


def test_styles_use_logical_properties_only():
    physical = re.compile(
        r"(?:margin|padding|border)-(?:left|right)|text-align:\s*(?:left|right)|float:\s*(?:left|right)|(?<![\w-])(?:left|right):"
    )

    for sheet in (APP / "static").glob("*.css"):
        assert not physical.search(sheet.read_text("utf-8")), sheet.name
