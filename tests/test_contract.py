"""Boundaries of the code that no single test of a feature would notice being crossed: what stands where, who imports
whom, and how long it may be."""

import ast
import re
from pathlib import Path

import pytest
from flask import Flask
from jinja2 import nodes
from jinja2.meta import find_undeclared_variables

from app.extensions import RouteLimiter
from app.languages import speaking
from config import ROOT

APP = ROOT / "app"
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(APP.rglob("*.py"))
}
TEMPLATES = sorted(path.relative_to(APP / "templates").as_posix() for path in (APP / "templates").rglob("*.*"))

# From the top down. A module may import those of its own layer and of lower ones.
LAYERS = (
    ("the whole", r"app|app\.cli"),
    ("commands", r"app\.\w+\.cli|app\.sample(\.\w+)?|app\.stress|app\.mail\.worker"),
    ("views", r"app\.\w+\.(\w+_)?views|app\.auth\.limits"),
    ("frame", r"app\.(templating|headers|page_cache)"),
    ("forms", r"app\.forms|app\.\w+\.(\w+_)?forms"),
    ("who asks", r"app\.viewer"),
    ("actions", r"app\.\w+\.(\w+_)?actions|app\.auth\.(tokens|mailing)|app\.admin\.telling"),
    ("mail", r"app\.mail\.(outbox|letters|sending)|app\.moderation\.telling"),
    (
        "queries",
        r"app\.\w+\.(\w+_)?queries|app\.printing\.proceedings|app\.counters|app\.submissions"
        r"|app\.forums\.(placing|revising)|app\.moderation\.recording|app\.attachments\.keeping"
        r"|app\.auth\.(sign_ins|proof|erasing)|app\.figures\.(activity|calendar|charts|contents|silence|tables)",
    ),
    (
        "rules",
        r"app\.(permissions|markup|indentation|plain|labels|spreadsheets|difference)|app\.auth\.(passwords|emails|second_step)"
        r"|app\.attachments\.(kinds|uploads)",
    ),
    ("addresses", r"app\.addresses"),
    ("errors", r"app\.(errors|error_pages)"),
    ("languages", r"app\.(languages|environment)"),
    ("models", r"app\.models(\.\w+)?"),
    ("extensions", r"app\.(extensions|database|storage|prepared)"),
)
OF_A_REQUEST = frozenset(
    "request session current_user url_for login_user logout_user flash redirect render_template".split()
)
# They answer who asks, by which address and in which language; give errors back as pages; and take what a form sent.
MAY_KNOW_THE_REQUEST = frozenset(
    {
        "app.forms",
        "app.attachments.forms",
        "app.viewer",
        "app.addresses",
        "app.error_pages",
        "app.headers",
        "app.templating",
        "app.environment",
    }
)
LONGEST_MODULE = 300
LONGEST_FUNCTION = 30
LONGEST_VIEW = 12
LONGEST_FACTORY = 40
PHYSICAL = re.compile(
    r"(?:margin|padding|border)-(?:left|right)|(?:text-align|float):\s*(?:left|right)|(?<![\w-])(?:left|right):"
)


def layer_of(module: str) -> int:
    """The place of a module's layer, counted from the top."""
    return next((at for at, (_name, pattern) in enumerate(LAYERS) if re.fullmatch(pattern, module)), -1)


def imports_of(module: str) -> list[tuple[str, str]]:
    """`(module, name)` of everything of this application that a module imports when it runs."""
    tree = ast.parse(MODULES[module].read_text("utf-8"))
    typing_only = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node not in typing_only:
            for name in node.names:
                whole = f"{node.module}.{name.name}"
                found.append((whole if whole in MODULES else node.module or "", name.name))
    return found


def functions_of(module: str) -> list[ast.FunctionDef]:
    tree = ast.parse(MODULES[module].read_text("utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


def lines_of(function: ast.FunctionDef) -> int:
    """The lines of a function without its signature and its docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_every_module_has_its_layer():
    packages = {f"app.{folder.name}" for folder in APP.iterdir() if folder.is_dir()}

    assert [module for module in MODULES if module not in packages and layer_of(module) < 0] == []


@pytest.mark.parametrize("module", [module for module in MODULES if layer_of(module) >= 0])
def test_module_imports_downwards_only(module: str):
    above = [
        target
        for target, _name in imports_of(module)
        if target.startswith("app") and 0 <= layer_of(target) < layer_of(module)
    ]

    assert above == []


@pytest.mark.parametrize("module", [module for module in MODULES if module != "app"])
def test_feature_takes_no_views_of_another(module: str):
    taken = {source for source, _name in imports_of(module) if source.endswith("views")}

    assert [source for source in taken if source.split(".")[1] != module.split(".")[1]] == []


@pytest.mark.parametrize(
    "module", [module for module in MODULES if layer_of(module) > 2 and module not in MAY_KNOW_THE_REQUEST]
)
def test_module_below_the_views_knows_nothing_of_the_request(module: str):
    known = [name for source, name in imports_of(module) if source.startswith("flask") and name in OF_A_REQUEST]

    assert known == []


def test_views_leave_the_database_to_queries_and_actions():
    for module, path in MODULES.items():
        if re.search(r"views$", module) and module != "app.feeds.views":  # whose health check asks the database itself
            assert not re.search(r"\bdb\.|\bselect\(|transaction\(", path.read_text("utf-8")), module


READS = re.compile(r"(select|get|query)\(")


@pytest.mark.parametrize("module", [module for module in MODULES if layer_of(module) < layer_of("app.forums.actions")])
def test_messages_and_topics_are_read_through_queries_alone(module: str):
    """Views, forms, commands and the frame of templates make no statement of their own on what people wrote."""
    for node in ast.walk(ast.parse(MODULES[module].read_text("utf-8"))):
        if isinstance(node, ast.Call) and READS.match(ast.unparse(node.func).rpartition(".")[2] + "("):
            named = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
            assert not named & {"Message", "Topic"}, f"{module}: {ast.unparse(node)}"


def test_only_a_transaction_commits():
    for module, path in MODULES.items():
        commits = re.findall(r"\.commit\(\)", path.read_text("utf-8"))
        assert len(commits) == (module == "app.extensions"), module


@pytest.mark.parametrize("module", [module for module in MODULES if module.endswith("actions")])
def test_action_is_one_transaction_and_helpers_are_none(module: str):
    for function in functions_of(module):
        transactions = ast.unparse(function).count("with transaction()")
        assert transactions <= (not function.name.startswith("_")), function.name


@pytest.mark.parametrize(
    "module",
    [
        "app.forums.actions",
        "app.moderation.actions",
        *(name for name in MODULES if re.match(r"app\.(?:admin|moderation)\.\w+_actions", name)),
    ],
)
def test_action_asks_for_the_right_inside_its_transaction(module: str):
    """Accounts are a person's own and have no rule to ask."""
    for function in functions_of(module):
        for node in ast.walk(function):
            if isinstance(node, ast.With) and "transaction()" in ast.unparse(node.items[0]):
                steps = [ast.unparse(step) for step in node.body]
                asks = next((at for at, step in enumerate(steps) if step.startswith("require(")), len(steps))
                assert asks < len(steps), f"{module}.{function.name}"
                assert not re.search(r"session\.\w+|_post\(|assign\(|remember\(", "\n".join(steps[:asks]))


@pytest.mark.parametrize("module", MODULES)
def test_modules_are_short(module: str):
    assert len(MODULES[module].read_text("utf-8").splitlines()) <= LONGEST_MODULE


@pytest.mark.parametrize("module", MODULES)
def test_functions_are_short(module: str):
    is_view = module.endswith("views")
    for function in functions_of(module):
        decorators = [ast.unparse(decorator) for decorator in function.decorator_list]
        routed = is_view and any(decorator.startswith("bp.") for decorator in decorators)
        most = LONGEST_FACTORY if function.name == "create_app" else LONGEST_VIEW if routed else LONGEST_FUNCTION
        assert lines_of(function) <= most or is_one_expression(function), f"{module}.{function.name}"


def is_one_expression(function: ast.FunctionDef) -> bool:
    """Whether all that is long is one statement at its end, such as a list of columns or the arguments of a page."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    longest = (body[-1].end_lineno or 0) - body[-1].lineno + 1
    return isinstance(body[-1], ast.Return) and lines_of(function) - longest <= LONGEST_VIEW


@pytest.mark.parametrize("module", MODULES)
def test_everything_is_annotated(module: str):
    for function in functions_of(module):
        arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
        bare = [one.arg for one in arguments if one.annotation is None and one.arg not in {"self", "cls"}]
        assert not bare, f"{module}.{function.name}: {bare}"
        assert function.returns is not None, f"{module}.{function.name}"


@pytest.mark.parametrize("code", ["en", "es", "fr"])
def test_every_template_compiles_in_every_language(one_app: Flask, code: str):
    with one_app.test_request_context(f"/{code}/"), speaking(one_app.extensions["languages"][code]):
        for name in TEMPLATES:
            one_app.jinja_env.get_template(name)


def test_every_template_is_used():
    """By a view, a mail, or another template."""
    written = "\n".join(
        path.read_text("utf-8") for path in (*APP.rglob("*.py"), *(APP / "templates" / name for name in TEMPLATES))
    )
    mails = [name for name in TEMPLATES if name.startswith("mail/")]

    assert [name for name in TEMPLATES if f'"{name}"' not in written and name not in mails and not is_macro(name)] == []
    for name in mails:
        assert f'"{Path(name).stem}"' in written or Path(name).stem == "base"


def is_macro(name: str) -> bool:
    return name.startswith("macros/")


def test_macros_that_every_template_knows_are_imported_by_none_but_each_other():
    importing = [name for name in TEMPLATES if 'from "macros/' in (APP / "templates" / name).read_text("utf-8")]

    assert [name for name in importing if not is_macro(name)] == []


@pytest.mark.parametrize("name", [name for name in TEMPLATES if is_macro(name)])
def test_macros_use_no_name_that_is_unknown(one_app: Flask, name: str):
    """They are compiled so that an unknown one would be None instead of a mistake (`app/environment.py`)."""
    with one_app.app_context():
        environment = one_app.jinja_env
        parsed = environment.parse(environment.loader.get_source(environment, name)[0])
        set_in_some_case = {node.name for node in parsed.find_all(nodes.Name) if node.ctx == "store"}

        assert find_undeclared_variables(parsed) - set_in_some_case - set(environment.globals) == set()


def test_limits_stand_only_where_their_hooks_run():
    limited = [module for module in MODULES for target, _name in imports_of(module) if target == "app.auth.limits"]

    assert {tuple(module.split(".")[1:2]) for module in limited} == {("auth",)}
    assert RouteLimiter.BLUEPRINTS == ("auth",)


@pytest.mark.parametrize("name", TEMPLATES)
def test_template_holds_nothing_inline_and_every_form_its_token(name: str):
    source = (APP / "templates" / name).read_text("utf-8")

    assert not re.search(r"\sstyle=|<script(?![^>]*src=)|\son\w+=", source)
    assert ("<style" in source) == (name == "mail/base.html")  # a mail has no stylesheet to link to
    for form in re.findall(r"<form[^>]*method=\"post\".*?</form>", source, re.DOTALL):
        assert "csrf_token" in form or "hidden(form)" in form


def test_markup_is_made_in_one_place():
    makers = [module for module, path in MODULES.items() if re.search(r"\bMarkup\(", path.read_text("utf-8"))]

    assert makers == ["app.markup"]


def test_templates_escape_everything_but_for_one_macro_that_escapes_by_itself():
    sources = {name: (APP / "templates" / name).read_text("utf-8") for name in TEMPLATES}

    assert [name for name, source in sources.items() if re.search(r"\|\s*safe\b", source)] == []
    assert [name for name, source in sources.items() if "autoescape" in source] == ["macros/message.html"]


def test_styles_use_logical_properties_only():
    sheets = {path.name: path.read_text("utf-8") for path in (APP / "static").glob("*.css")}

    assert sheets
    assert [name for name, style in sheets.items() if PHYSICAL.search(style)] == []


def test_every_setting_is_documented():
    names = set(re.findall(r'environ\.get\("(\w+)"', (ROOT / "config.py").read_text("utf-8")))

    assert names
    assert not {name for name in names if f"`{name}`" not in (ROOT / "README.md").read_text("utf-8")}


def test_permissions_are_the_only_place_that_asks_whether_a_forum_is_visible():
    for module, path in MODULES.items():
        if module not in {"app.permissions", "app.models.forum"}:
            text = path.read_text("utf-8")
            assert not re.search(r"Forum\.published_at\b", text), module
