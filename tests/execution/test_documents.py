"""Where in a text something is."""

import time

from graphql import Source
from hypothesis import given
from hypothesis import strategies as st

from execution.documents import Text
from tests.helpers.toy_schema import make_executor, make_toy


@given(text=st.text("a \n\r\u2028é"), position=st.integers(0, 30))
def test_lines_and_columns_are_those_of_graphql_core(text: str, position: int) -> None:
    assert Text(text).get_location(position) == Source(text).get_location(position)


async def test_many_errors_at_the_end_of_a_long_text_are_told_in_time() -> None:
    # given
    fields = " ".join(f"f{number}: fails" for number in range(200))
    text = "\n" * 200_000 + f"{{ {fields} }}"
    start = time.perf_counter()
    # when
    answer = await make_executor().run(text, None, None, make_toy())
    # then
    assert answer.body["errors"][-1]["locations"][0]["line"] == 200_001
    assert time.perf_counter() - start < 1.5  # some 5 s when lines are looked for again for each error
