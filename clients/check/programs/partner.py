"""
A partner's script that pulls a whole leaderboard with a token, without any library: SERVER and TOKEN are in the environment.

The board is pinned by the natural way of paging: the next page takes `after` and `asOf` from the page before.
"""

import json
import os
import time
import urllib.error
import urllib.request
from typing import Any

SERVER, TOKEN = os.environ["SERVER"], os.environ["TOKEN"]
PAGE = """
query Pull($first: Int!, $after: String, $asOf: DateTime) {
  leaderboard(board: FORUM, asOf: $asOf) {
    asOf
    entries(first: $first, after: $after) {
      totalCount
      nodes { rank points profile { handle name } }
      pageInfo { hasNextPage endCursor }
    }
  }
}
"""


def ask(variables: dict[str, Any], etag: str | None = None) -> tuple[int, dict[str, Any], str | None]:
    """Status, answer and ETag. Waits as long as the server asks for if it is over a limit."""
    headers = {"Authorization": f"mxtoken {TOKEN}", "Content-Type": "application/json"}
    body = json.dumps({"query": PAGE, "variables": variables}).encode()
    request = urllib.request.Request(  # noqa: S310 - the address is the operator's
        f"{SERVER}/graphql", body, headers | ({"If-None-Match": etag} if etag else {})
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return answer.status, json.load(answer), answer.headers.get("ETag")
    except urllib.error.HTTPError as failed:
        if failed.code == 304:
            return 304, {}, etag
        if failed.code == 429:
            time.sleep(int(failed.headers["Retry-After"]))
            return ask(variables, etag)
        raise


def main() -> None:
    variables: dict[str, Any] = {"first": 2}
    people: list[dict[str, Any]] = []
    while True:
        _, answer, _ = ask(variables)
        assert "errors" not in answer, answer
        board = answer["data"]["leaderboard"]
        people += board["entries"]["nodes"]
        page = board["entries"]["pageInfo"]
        if not page["hasNextPage"]:
            break
        variables = {"first": 2, "after": page["endCursor"], "asOf": board["asOf"]}
    assert len(people) == board["entries"]["totalCount"] > 2, people
    assert [each["points"] for each in people] == sorted((each["points"] for each in people), reverse=True)
    print(f"ok     {len(people)} people of one board, as of {board['asOf']}")
    _, _, etag = ask(variables)
    assert etag
    assert ask(variables, etag)[0] == 304
    print("ok     an unchanged page is not sent again")


if __name__ == "__main__":
    main()
