"""Plain HTML pages: text, forms and one inline style, no scripts, nothing from other hosts. Every value is escaped."""

import hashlib
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from string import Template
from typing import Final

from aiohttp import hdrs, web

from catalogue.languages import Text, current_language, translate
from services.core import runtime
from services.errors import Problem

FILES: Final = Path(__file__).parent / "static" / "pages"
PAGE: Final = Template((FILES / "page.html").read_text("utf-8"))
STYLE: Final = (FILES / "page.css").read_text("utf-8")


def headers_of(style: str, *, form_action: str = "'none'", images: str = "'none'") -> dict[str, str]:
    """The headers of such a page: they allow only this style, forms to `form_action`, and images from `images`."""
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = (
        "default-src 'none'",
        f"style-src 'sha256-{digest}'",
        f"img-src {images}",
        "base-uri 'none'",
        f"form-action {form_action}",
        "frame-ancestors 'none'",
    )
    return {
        "Content-Security-Policy": "; ".join(policy),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "X-Frame-Options": "DENY",
    }


def headers_with_images(style: str) -> dict[str, str]:
    """`headers_of`, with images of this server: also by its public address, if the page was opened by another name."""
    return headers_of(style, images=f"'self' {runtime.current().settings.address}")


HEADERS: Final = headers_of(STYLE, form_action="'self'")


@dataclass(frozen=True)
class Input:
    """An input of a form. `name` is also the path of its problems; `also` are other paths that mean it."""

    name: str
    label: Text
    kind: str = "text"
    autocomplete: str = "off"
    hint: Text | None = None
    value: str = ""
    required: bool = True
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Form:
    """A form that is posted to `action`, a path of this server. Without an action it is posted to the page's own URL."""

    button: Text
    action: str = ""
    inputs: Sequence[Input] = ()
    hidden: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Link:
    """A link to a path of this server."""

    label: Text
    path: str


@dataclass(frozen=True)
class Page:
    """What a page shows, from top to bottom."""

    title: Text
    texts: Sequence[str] = ()
    forms: Sequence[Form] = ()
    links: Sequence[Link] = ()
    problems: Sequence[Problem] = ()
    status: int = 200


INCOMPLETE: Final = Page(
    Text("Page not found"), [Text("This address is incomplete. Copy all of it from the mail.")], status=404
)


def response_of(page: Page) -> web.Response:
    """The page in the current language. It is never stored: it may have a secret in a form."""
    title = translate(page.title)
    body = PAGE.substitute(
        language=current_language(),
        title=escape(f"{translate(Text('Error'))}: {title}" if page.problems else title),
        heading=escape(title),
        body="\n".join(
            [
                *_problems(page),
                *(f"<p>{escape(translate(text))}</p>" for text in page.texts),
                *(_form(each, page.problems) for each in page.forms),
                *(f'<p><a href="{escape(each.path)}">{escape(translate(each.label))}</a></p>' for each in page.links),
            ]
        ),
        style=STYLE,
    )
    return web.Response(
        status=page.status,
        text=body,
        content_type="text/html",
        charset="utf-8",
        headers={
            **HEADERS,
            hdrs.CACHE_CONTROL: "no-store",
            hdrs.CONTENT_LANGUAGE: current_language(),
            hdrs.VARY: hdrs.ACCEPT_LANGUAGE,
        },
    )


def _problems(page: Page) -> list[str]:
    """The problems as a list that screen readers announce; each leads to its input."""
    if not page.problems:
        return []
    inputs = [each for form in page.forms for each in form.inputs]
    rows = []
    for problem in page.problems:
        text = escape(translate(problem.message))
        found = next((each for each in inputs if _concerns(problem, each)), None)
        rows.append(f"<li>{text}</li>" if found is None else f'<li><a href="#{found.name}">{text}</a></li>')
    return [f'<div role="alert" class="problems"><ul>{"".join(rows)}</ul></div>']


def _form(form: Form, problems: Sequence[Problem]) -> str:
    action = f' action="{escape(form.action)}"' if form.action else ""
    hidden = (f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in form.hidden.items())
    inputs = (_input(each, problems) for each in form.inputs)
    button = f"<p><button>{escape(translate(form.button))}</button></p>"
    return "\n".join([f'<form method="post"{action}>', *hidden, *inputs, button, "</form>"])


def _input(each: Input, problems: Sequence[Problem]) -> str:
    label, hint = escape(translate(each.label)), ""
    attributes = [f'id="{each.name}"', f'name="{each.name}"', f'type="{each.kind}"']
    if each.kind == "checkbox":
        checked = " checked" if each.value else ""
        return f'<p class="check"><input {" ".join(attributes)}{checked}> <label for="{each.name}">{label}</label></p>'
    attributes.append(f'autocomplete="{each.autocomplete}" maxlength="1000"')
    if each.kind == "password":
        attributes.append('spellcheck="false"')
    elif each.value:
        attributes.append(f'value="{escape(each.value)}"')
    if each.autocomplete == "one-time-code":
        attributes.append('spellcheck="false" autocapitalize="none"')
    if each.required:
        attributes.append("required")
    if each.hint is not None:
        hint = f'<span class="hint" id="{each.name}-hint">{escape(translate(each.hint))}</span>'
        attributes.append(f'aria-describedby="{each.name}-hint"')
    if any(_concerns(problem, each) for problem in problems):
        attributes.append('aria-invalid="true"')
    return f'<p><label for="{each.name}">{label}</label>{hint}<input {" ".join(attributes)}></p>'


def _concerns(problem: Problem, each: Input) -> bool:
    return bool(problem.path) and problem.path[0] in {each.name, *each.also}
