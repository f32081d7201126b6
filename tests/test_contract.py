"""Boundaries of the code that no single test of a feature would notice being crossed: what stands where, who imports
whom, and what of a library is left alone."""

import ast
import importlib
import re
from functools import cache
from importlib.metadata import requires, version
from pathlib import Path

from flask import Flask
from jinja2 import nodes
from jinja2.meta import find_undeclared_variables
from packaging.requirements import Requirement

from config import ROOT

APP = ROOT / "app"
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(APP.rglob("*.py"))
}
TEMPLATES = sorted(path.relative_to(APP / "templates").as_posix() for path in (APP / "templates").rglob("*.*"))

# From the top down. A module may import those of its own layer and of lower ones.
LAYERS = (
    ("the whole", r"app|app\.(cli|installation)"),
    ("commands", r"app\.\w+\.(\w+_)?cli|app\.sample(\.\w+)?|app\.stress|app\.mail\.worker|app\.printing\.pdf"),
    # A screen of the administration has its forms, queries, actions and views in one module.
    ("views", r"app\.\w+\.(\w+_)?views(\.\w+)?|app\.admin\.\w+|app\.auth\.(limits|known_browsers|blueprint)"),
    ("frame", r"app\.(templating|headers|page_cache|error_pages)"),
    ("forms", r"app\.(forms|invitee_lists)|app\.\w+\.(\w+_)?forms"),
    ("who asks", r"app\.(viewer|turns)"),
    (
        "actions",
        r"app\.\w+\.(\w+_)?actions|app\.(announcements|begin|periods|invitees|visits)|app\.printing\.archive(_pages|_data|_rows|_load)?|app\.moderation\.(messages|people|topics)"
        r"|app\.auth\.(account|email_change|leaving|own_data|second_step|sign_in|sign_up|tokens|undelivered)",
    ),
    (
        "mail",
        r"app\.mail\.(outbox|letters|sending)|app\.auth\.emails|app\.(notify|receipts|roles)"
        r"|app\.following\.(letters|stopping)",
    ),
    (
        "queries",
        r"app\.\w+\.(\w+_)?queries|app\.printing\.(archive_check|contributions|editions|proceedings|renditions)|app\.(allowances|audit|citations|copies|counters|former_addresses|never_public|paging|rows|submissions|wordings|writing)"
        r"|app\.attachments\.keeping|app\.feeds\.calendar"
        r"|app\.figures\.(activity|charts|silence|tables)|app\.moderation\.(queue|record)|app\.search\.(index|hits)",
    ),
    (
        "rules",
        r"app\.(announcement_texts|permissions|markup|blocks|phrases|plain|labels|spreadsheets|difference|versions)"
        r"|app\.auth\.passwords|app\.search\.(snippets|state_names|tokens|words)"
        r"|app\.attachments\.(kinds|linked|pictures|uploads)|app\.printing\.(schema|trees|typeset)",
    ),
    ("addresses", r"app\.(addresses|continuation)"),
    ("errors", r"app\.errors"),
    ("languages", r"app\.languages"),
    ("models", r"app\.models(\.\w+)?"),
    ("extensions", r"app\.(extensions|database|storage|limits|bounds|restarts)"),
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
        "app.continuation",
        "app.bounds",
        "app.restarts",
        "app.error_pages",
        "app.headers",
        "app.templating",
    }
)
PHYSICAL = re.compile(
    r"(?:margin|padding|border)-(?:left|right)|(?:text-align|float):\s*(?:left|right)|(?<![\w-])(?:left|right):"
)


def layer_of(module: str) -> int:
    """The place of a module's layer, counted from the top."""
    return next((at for at, (_name, pattern) in enumerate(LAYERS) if re.fullmatch(pattern, module)), -1)


@cache
def tree_of(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text("utf-8"))


def imports_of(module: str) -> list[tuple[str, str]]:
    """`(module, name)` of everything of this application that a module imports when it runs."""
    tree = tree_of(module)
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


ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text("utf-8")
FEATURES = [
    set(re.findall(r"`(\w+)`", rank)) for rank in re.findall(r"^\d\. (`.+?)(?::|$)", ARCHITECTURE, re.MULTILINE)
]
# They wire all features together, and only start-up and the command line import them.
WIRING = frozenset({"app", "app.cli", "app.stress", "app.templating"})


def feature_of(module: str) -> str:
    """The folder in which a module stands, "" for none."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and (APP / parts[1]).is_dir() else ""


def reached_from(module: str) -> set[str]:
    """All modules of other features that a module imports, at once or by way of modules of no feature."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        targets = {target for target, _name in imports_of(waiting.pop()) if target in MODULES} - found
        found |= targets
        waiting += [target for target in targets if not feature_of(target)]
    return {target for target in found if feature_of(target) not in {"", feature_of(module), "models"}}


def test_every_feature_has_its_rank():
    folders = {path.parent.name for path in APP.glob("*/__init__.py")} - {"models"}

    assert sorted(name for rank in FEATURES for name in rank) == sorted(folders)


def test_files_named_in_the_architecture_exist():
    names = set(re.findall(r"`(\w[\w/]*(?:\.py|\.html|/))`", ARCHITECTURE)) - {"app/"}

    assert names
    assert [name for name in names if not any((at / name).exists() for at in (ROOT, APP, APP / "templates"))] == []


def test_functions_named_in_the_architecture_exist():
    named = re.findall(r"`([\w/]+)\.py` `(\w+)`", ARCHITECTURE)

    assert named
    assert [
        f"{path}.py {name}"
        for path, name in named
        if name not in {function.name for function in functions_of(f"app.{path.replace('/', '.')}")}
    ] == []


def test_features_import_only_those_below_them():
    rank_of = {name: at for at, rank in enumerate(FEATURES) for name in rank}
    upwards = {
        f"{module} -> {target}"
        for module in MODULES
        if (feature := feature_of(module)) in rank_of
        for target in reached_from(module)
        if rank_of[feature_of(target)] >= rank_of[feature]
    }

    assert upwards == set()


def test_only_the_command_line_and_start_up_import_what_wires_features_together():
    importing = {module for module in MODULES if {target for target, _name in imports_of(module)} & WIRING - {"app"}}

    assert importing <= {"app", "app.cli"}


def test_every_module_is_found_by_the_path_of_its_import():
    """A name imported into a package must not hide one of its modules, as a blueprint named `forums` would."""
    hidden = {module for module in MODULES if resolved(module) is not importlib.import_module(module)}

    assert hidden == set()


def resolved(module: str) -> object:
    """What `import a.b.c as name` binds: each part is taken from the one before it."""
    importlib.import_module(module)
    found: object = importlib.import_module("app")
    for name in module.split(".")[1:]:
        found = getattr(found, name, None)
    return found


def functions_of(module: str) -> list[ast.FunctionDef]:
    tree = tree_of(module)
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


def test_every_module_has_its_layer():
    packages = {f"app.{folder.name}" for folder in APP.iterdir() if folder.is_dir()}

    assert [module for module in MODULES if module not in packages and layer_of(module) < 0] == []


def test_modules_import_downwards_only():
    assert [
        f"{module} imports {target}"
        for module in MODULES
        for target, _name in imports_of(module)
        if target.startswith("app") and 0 <= layer_of(target) < layer_of(module)
    ] == []


def test_features_take_no_views_of_others():
    assert [
        f"{module} imports {source}"
        for module in MODULES
        for source, _name in imports_of(module)
        if module != "app"
        and (".views" in source or source.endswith("views"))
        and source.split(".")[1] != module.split(".")[1]
    ] == []


def test_modules_below_the_views_know_nothing_of_the_request():
    assert [
        f"{module} imports {name}"
        for module in MODULES
        for source, name in imports_of(module)
        if layer_of(module) > 2 and module not in MAY_KNOW_THE_REQUEST
        if source.startswith("flask") and name in OF_A_REQUEST
    ] == []


def test_views_leave_the_database_to_queries_and_actions():
    for module, path in MODULES.items():
        # The health check of the feeds asks the database itself.
        if re.search(r"views(\.\w+)?$", module) and module != "app.feeds.views":
            assert not re.search(r"\bdb\.|\bselect\(|transaction\(", path.read_text("utf-8")), module


READS = re.compile(r"(select|get|query)\(")


def test_messages_and_topics_are_read_through_queries_alone():
    """Views, forms, commands and the frame of templates make no statement of their own on what people wrote."""
    above_the_queries = [module for module in MODULES if layer_of(module) < layer_of("app.forums.actions")]

    assert [
        f"{module}: {ast.unparse(node)}"
        for module in above_the_queries
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.Call)
        and READS.match(ast.unparse(node.func).rpartition(".")[2] + "(")
        and {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)} & {"Message", "Topic"}
    ] == []


def test_only_a_transaction_commits():
    for module, path in MODULES.items():
        commits = re.findall(r"\.commit\(\)", path.read_text("utf-8"))
        assert len(commits) == (module == "app.extensions"), module


def test_action_is_one_transaction_and_helpers_are_none():
    assert [
        f"{module}.{function.name}"
        for module in MODULES
        for function in functions_of(module)
        if re.search(r"actions$|^app\.periods$|^app\.auth\.\w+$|^app\.moderation\.\w+$", module)
        and ast.unparse(function).count("with transaction(") > (not function.name.startswith("_"))
    ] == []


def test_action_asks_for_the_right_inside_its_transaction():
    """Accounts are a person's own and have no rule to ask."""
    modules = [
        "app.forums.actions",
        "app.moderation.messages",
        "app.moderation.topics",
        "app.periods",
        *(name for name in MODULES if re.match(r"app\.admin\.\w+", name)),
    ]
    writings = [
        (f"{module}.{function.name}", [ast.unparse(step) for step in node.body])
        for module in modules
        for function in functions_of(module)
        for node in ast.walk(function)
        if isinstance(node, ast.With) and "transaction(" in ast.unparse(node.items[0])
    ]

    assert writings
    assert [name for name, steps in writings if not _asks_first(steps)] == []


def _asks_first(steps: list[str]) -> bool:
    asks = next((at for at, step in enumerate(steps) if step.startswith("require(")), len(steps))
    before = "\n".join(steps[:asks])
    return asks < len(steps) and not re.search(r"session\.\w+|_post\(|assign\(|made\(", before)


def test_everything_is_annotated():
    assert [
        f"{module}.{function.name}"
        for module in MODULES
        for function in functions_of(module)
        if not _is_annotated(function)
    ] == []


def _is_annotated(function: ast.FunctionDef) -> bool:
    arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    bare = [one.arg for one in arguments if one.annotation is None and one.arg not in {"self", "cls"}]
    return function.returns is not None and not bare


def test_every_template_compiles(one_app: Flask):
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


def parsed(app: Flask, name: str) -> nodes.Template:
    return app.jinja_env.parse((APP / "templates" / name).read_text("utf-8"))


def imports(template: nodes.Template) -> dict[str, set[str]]:
    """The names that a template imports, by the template that has them."""
    return {node.template.value: set(node.names) for node in template.find_all(nodes.FromImport)}


def macros_of(template: nodes.Template) -> set[str]:
    return {node.name for node in template.find_all(nodes.Macro)}


def test_macros_use_no_name_that_is_unknown(one_app: Flask):
    """It would be nothing, instead of a mistake: a macro that is imported sees nothing of the page."""
    for name in {source for page in TEMPLATES for source in imports(parsed(one_app, page))}:
        template = parsed(one_app, name)
        set_in_some_case = {node.name for node in template.find_all(nodes.Name) if node.ctx == "store"}
        unknown = find_undeclared_variables(template) - set_in_some_case - set(one_app.jinja_env.globals)
        assert unknown == set(), name


def test_every_template_imports_the_macros_that_it_calls(one_app: Flask):
    templates = {name: parsed(one_app, name) for name in TEMPLATES}
    of_all = set().union(*(macros_of(template) for template in templates.values()))
    for name, template in templates.items():
        called = {call.node.name for call in template.find_all(nodes.Call) if isinstance(call.node, nodes.Name)}
        known = macros_of(template).union(*imports(template).values())
        assert called & of_all <= known, name
        assert set().union(*imports(template).values()) <= {
            node.name for node in template.find_all(nodes.Name) if node.ctx == "load"
        }, f"{name} imports what it does not use"


def test_limits_of_accounts_stand_at_forms_of_accounts_alone():
    limited = [module for module in MODULES for target, _name in imports_of(module) if target == "app.auth.limits"]

    assert {tuple(module.split(".")[1:2]) for module in limited} == {("auth",)}


def test_templates_hold_nothing_inline():
    sources = {name: (APP / "templates" / name).read_text("utf-8") for name in TEMPLATES}
    inline = re.compile(r"\sstyle=|<script(?![^>]*src=)|\son\w+=")

    assert [name for name, source in sources.items() if inline.search(source)] == []
    # Neither an email nor a picture has a stylesheet to link to; a picture has a policy of its own.
    assert {name for name, source in sources.items() if "<style" in source} == {"mail/base.html", "figures/chart.svg"}


def test_every_form_has_its_token():
    forms = [
        (name, form)
        for name in TEMPLATES
        for form in re.findall(
            r"<form[^>]*method=\"post\".*?</form>", (APP / "templates" / name).read_text("utf-8"), re.DOTALL
        )
    ]

    assert forms
    assert [name for name, form in forms if "csrf_token" not in form and "hidden(form)" not in form] == []


def test_markup_is_made_in_one_place():
    makers = [module for module, path in MODULES.items() if re.search(r"\bMarkup\(", path.read_text("utf-8"))]

    assert makers == ["app.markup"]


def test_templates_escape_everything():
    sources = {name: (APP / "templates" / name).read_text("utf-8") for name in TEMPLATES}

    assert [name for name, source in sources.items() if re.search(r"\|\s*safe\b|autoescape", source)] == []


# `module.name` of what is private to a library and may be read or overridden all the same, each with its reason.
PRIVATE_BUT_USED = {
    "app.viewer._get_current_object",  # documented by Werkzeug: the only way from a proxy to what it stands for
    "app.forms._value",  # documented by WTForms: what a field of one's own gives its widget to show
}


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def test_nothing_private_to_a_library_is_read():
    read = set()
    for module, path in MODULES.items():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and is_private(node.attr) and ast.unparse(node.value) != "self":
                read.add(f"{module}.{node.attr}")
            if isinstance(node, ast.ImportFrom) and not (node.module or "").startswith("app"):
                read |= {f"{module}.{name.name}" for name in node.names if is_private(name.name)}

    assert read <= PRIVATE_BUT_USED


def test_nothing_private_to_a_library_is_overridden():
    overridden = set()
    for module, path in MODULES.items():
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef):
                own = getattr(importlib.import_module(module), node.name)
                foreign = {
                    name for base in own.__mro__[1:] if not base.__module__.startswith("app") for name in vars(base)
                }
                overridden |= {f"{module}.{name}" for name in names_in(node) & foreign if is_private(name)}

    assert overridden <= PRIVATE_BUT_USED


def names_in(body: ast.ClassDef) -> set[str]:
    """The names that the body of a class sets, as written; metaclasses add others."""
    functions = {node.name for node in body.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    return functions | {
        node.id for node in ast.walk(body) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


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


def pinned_in(name: str) -> dict[str, str]:
    """The packages of a file of requirements, by their normalized names, with their versions."""
    lines = re.findall(r"^([\w.-]+)(?:\[\w+\])?==([^\s;]+)", (ROOT / name).read_text("utf-8"), re.MULTILINE)
    return {normalized(package): version for package, version in lines}


def normalized(package: str) -> str:
    return re.sub(r"[-_.]+", "-", package).lower()


def installed_for(*names: str) -> dict[str, str]:
    """The packages of these files of requirements and all that these need in turn, as they are installed."""
    found: dict[str, str] = {}
    waiting = [package for name in names for package in pinned_in(name)]
    while waiting:
        package = normalized(waiting.pop())
        if package not in found:
            found[package] = version(package)
            needed = map(Requirement, requires(package) or ())
            waiting += [one.name for one in needed if one.marker is None or one.marker.evaluate({"extra": ""})]
    return found


def test_every_installed_package_is_pinned():
    pinned = pinned_in("constraints.txt")

    assert (
        installed_for("requirements.txt", "requirements-dev.txt", "requirements-postgresql.txt").items()
        - pinned.items()
        == set()
    )


def test_constraints_pin_what_is_required():
    files = {path.name: pinned_in(path.name) for path in ROOT.glob("requirements*.txt")}

    assert files
    assert all(files.values())
    assert set().union(*(file.items() for file in files.values())) - pinned_in("constraints.txt").items() == set()
