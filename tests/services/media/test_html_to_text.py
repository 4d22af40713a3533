import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.media.html_to_text import MAX_HTML, text_of


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One &amp; two</p>\n<p>three</p>", "One & two\n\nthree"),
        ("&lt;b&gt; &quot;x&quot; &#233; &eacute;", '<b> "x" é é'),
        ("<ul>\n<li>a</li>\n<li>b<ul><li>c</li></ul></li>\n</ul>after", "- a\n- b\n  - c\n\nafter"),
        ("<ol><li><p>first</p></li><li>second</li></ol>", "1. first\n\n2. second"),
        ("<pre><code>if x:\n    y()\n</code></pre>done", "if x:\n    y()\n\ndone"),
        ("Run <code>a  &lt; b</code> now", "Run a < b now"),
        ('See <a href="https://example.org/x">the notes</a>.', "See the notes."),
        ("a<script>alert(1)</script><style>p { }</style>b", "ab"),
        ("<script>never closed", ""),
        ("one<br>two<br/>three", "one\ntwo\nthree"),
        ("<h1>Title</h1>text<div>line</div>", "Title\n\ntext\nline"),
        ("<b>bold</b> and <p>unclosed", "bold and\n\nunclosed"),
        ("many   \r\n  spaces\t here", "many spaces here"),
        ("<![if IE]>x<![endif]>y<!-- no -->", "xy"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("", ""),
    ],
)
def test_html_becomes_the_text_a_person_would_read(html: str, text: str) -> None:
    assert text_of(html) == text


@given(st.text(alphabet="<>!-[]/&;#xpreliscript \n\"'=", max_size=60))
def test_anything_is_accepted(html: str) -> None:
    # when
    text = text_of(html)
    # then
    assert "\n\n\n" not in text


def test_very_long_html_is_cut() -> None:
    assert len(text_of("x" * (MAX_HTML + 50))) == MAX_HTML
