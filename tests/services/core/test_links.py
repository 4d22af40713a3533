import pytest

from services.core.links import web_link


@pytest.mark.parametrize(
    "link", ["https://example.org", " http://example.org:8080/a?b=c#d ", "https://münchen.example/"]
)
def test_a_web_link_is_kept_as_typed(link: str) -> None:
    assert web_link(link) == link.strip()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "example.org",
        "javascript:alert(1)",
        "ftp://example.org",
        "https://",
        "https:///path",
        "http://[::1",
        "http://example.org:port/",
        'https://example.org/"onclick=x',
        "https://example.org/a b",
        "https://example.org/a\nb",
        "https://example.org/" + "x" * 500,
        "data:text/html,x",
    ],
)
def test_anything_else_is_none(text: str) -> None:
    assert web_link(text) is None
