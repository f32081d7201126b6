"""Jinja environments, one for each language of the site.

Every macro of templates/macros/ is known to every template by its name, without an import: importing
one costs more than calling it.

A template is compiled once for each language, and what is the same on all pages of a language is put
into it then: `_("Reply")`, `link("forums.portal")`, `static("base.css")`. Such calls cost nothing when
a page is rendered; those with variables are made then, as usual.
"""

from collections.abc import Callable
from functools import cached_property
from keyword import iskeyword
from typing import Any

from flask import Flask, Request, Response, g, has_app_context
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask.templating import Environment
from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.runtime import Macro
from jinja2.visitor import NodeTransformer

from app.languages import Language, reader_language

CONSTANT = frozenset({"_", "gettext", "pgettext", "link", "static"})


class _DirectCode(CodeGenerator):
    """The Python code of templates, without two questions that Jinja asks at every call and every piece of output:
    whether a function wants the context, which none of ours does, and what markup is, once it is known to be markup.
    """

    def visit_Call(self, node: nodes.Call, frame: Frame, forward_caller: bool = False) -> None:  # noqa: N802
        if forward_caller or node.dyn_args or node.dyn_kwargs or any(iskeyword(pair.key) for pair in node.kwargs):
            super().visit_Call(node, frame, forward_caller=forward_caller)
            return
        arguments = _in_order(node, self.environment.globals)
        self.visit(node.node, frame)
        self.write("(" if arguments is None else "._invoke([")
        for argument in (*node.args, *node.kwargs) if arguments is None else arguments:
            self.visit(argument, frame) if argument else self.write("missing")
            self.write(", ")
        self.write(")" if arguments is None else "], True)")

    def get_resolve_func(self) -> str:
        """Macros see nothing of the page that calls them, only what every template knows: a plain look-up."""
        return "environment.globals.get" if (self.name or "").startswith("macros/") else super().get_resolve_func()

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if frame.eval_ctx.autoescape and not frame.eval_ctx.volatile:
            self.write("environment.written(")
        else:
            super()._output_child_pre(node, frame, finalize)


def _in_order(call: nodes.Call, known: Any) -> list[nodes.Expr | None] | None:
    """The arguments of a call of a macro in its own order, None for each that is left out; None for other calls."""
    macro = known.get(call.node.name) if isinstance(call.node, nodes.Name) else None
    if not isinstance(macro, Macro) or macro.caller or macro.catch_kwargs or macro.catch_varargs:
        return None
    named = {pair.key: pair.value for pair in call.kwargs}
    if len(call.args) > len(macro.arguments) or not named.keys() <= set(macro.arguments):
        return None  # a mistake, which the macro tells of by itself
    given = dict(zip(macro.arguments, call.args, strict=False)) | named
    return [given.get(name) for name in macro.arguments]


class LanguageEnvironment(Environment):
    """An environment whose templates are compiled, and used, while `language` is spoken; without one, for any."""

    code_generator_class = _DirectCode
    language: Language | None = None
    names_in: Callable[[Language], dict[str, Any]]  # what is bound to the language, from templating
    written: Callable[[object], str]  # a value as it stands on a page, from markup

    def speaking(self, language: Language) -> "LanguageEnvironment":
        """The same environment, with the macros, for templates in that language; it has to be spoken already."""
        overlay: LanguageEnvironment = self.overlay()
        overlay.language = language
        overlay.globals = self.globals | self.names_in(language)
        for name in self.list_templates(filter_func=lambda name: name.startswith("macros/")):
            exported = vars(overlay.get_template(name).module)
            overlay.globals |= {name: macro for name, macro in exported.items() if isinstance(macro, Macro)}
        return overlay

    def make_globals(self, d: Any) -> Any:
        """A plain dictionary: each rendering copies it, and a chain of them is slow to copy."""
        return {**self.globals, **(d or {})}

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        return _Constants(self.globals).visit(tree) if self.language else tree


class _Constants(NodeTransformer):
    """Replaces the calls whose arguments are all constants by what they return."""

    def __init__(self, functions: Any) -> None:
        self.functions = functions

    def visit_Call(self, node: nodes.Call) -> nodes.Expr:  # noqa: N802  the library's name
        self.generic_visit(node)
        values = [*node.args, *(pair.value for pair in node.kwargs)]
        if not isinstance(node.node, nodes.Name) or node.node.name not in CONSTANT:
            return node
        if node.dyn_args or node.dyn_kwargs or not all(isinstance(value, nodes.Const) for value in values):
            return node
        function = self.functions[node.node.name]
        named = {pair.key: pair.value.as_const() for pair in node.kwargs}
        return nodes.Const(function(*(argument.as_const() for argument in node.args), **named), lineno=node.lineno)


class ReadersWithoutSession(SecureCookieSessionInterface):
    """Whoever sends no cookie gets an empty session without the making of a signer."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        g.has_session = "HTTP_COOKIE" in request.environ and self.get_cookie_name(app) in request.cookies
        return super().open_session(app, request) if g.has_session else self.session_class()

    def save_session(self, app: Flask, session: Any, response: Response) -> None:
        if session.modified or session:
            super().save_session(app, session, response)


class Application(Flask):
    """Flask, with the Jinja environment of the language that is being spoken."""

    jinja_environment = LanguageEnvironment
    session_interface = ReadersWithoutSession()

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function itself: none of ours is asynchronous, and Flask would look anew at each hook of each request."""
        return func

    def update_template_context(self, context: dict[str, Any]) -> None:
        """Nothing to add: what every template knows is in its environment."""

    @cached_property
    def _any_language(self) -> Any:
        self._by_language: dict[str, LanguageEnvironment] = {}
        return self.create_jinja_environment()

    @property
    def jinja_env(self) -> Any:
        if not has_app_context():
            return self._any_language
        language = reader_language()
        if language.code not in self._by_language:
            self._by_language[language.code] = self._any_language.speaking(language)
        return self._by_language[language.code]
