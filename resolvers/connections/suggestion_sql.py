"""
Whom somebody may know: one statement that finds whom to weigh, and one for what the viewer shares with those who are shown.

The search is bounded, so that the best connected wait no longer than others. It looks at the viewer's newest
connections and the newest of each of those; and at colleagues and people with the viewer's rarest skills and
industries, each among those who came to the community nearest before and after. Those for whom most speaks are then
weighed. Where no bound is reached the weights are exact; beyond one, somebody may be missed or weigh less.

Who is hidden is passed over before anything is counted or cut off, and takes nobody's place.
"""

import re
from typing import Final

from models.statements import Statement
from services.connections.suggestions import COMPANY, INDUSTRY, MUTUAL, SKILL
from services.core.visibility import blocked_with_sql

FRIENDS: Final = 100
"""Connections of the viewer that are followed, the newest."""
THEIRS: Final = 20
"""Connections of each of them, the newest who have an account."""
COLLEAGUES: Final = 100
ALIKE: Final = 60
"""Colleagues, and people with a skill or industry, on each side of the viewer's own place in the order of arrival."""
RAREST_SKILLS: Final = 4
RAREST_INDUSTRIES: Final = 3
COMMON: Final = 200
"""How far the people with a skill or industry are counted to see which is rarest."""
FURTHER: Final = 3
"""So many times as many listed people are looked through for those who have an account."""
WEIGHED: Final = 500

_BLOCKED: Final = blocked_with_sql("$1")


def _listed(number: str) -> str:
    """
    Whether a profile is listed, by its primary key: PostgreSQL would rather merge with all profiles in the order of ids
    (200 ms), SQLite go through the index of everybody who is listed.
    """
    return f"(SELECT p.listed FROM profile p WHERE p.id = {number})"


def _claimed(listed: str, most: int) -> str:
    """
    The first of some listed people for whom there is an account; they are looked through only as far as that takes, which both
    databases do in their order. One of several accounts is active where the profile is listed. Index account (profile_id).
    """
    # Ordering them once more would have SQLite look through all of them first (42 ms instead of 13).
    claimed = "EXISTS (SELECT 1 FROM account a WHERE a.profile_id = n.id LIMIT 1 OFFSET 0)"
    return f"SELECT n.id FROM ({listed} LIMIT {FURTHER * most}) n WHERE {claimed} LIMIT {most}"


def _sides(table: str, condition: str, number: str, most: int) -> tuple[str, ...]:
    """Those of a table's people nearest to the viewer, after and before: a text for each side."""
    return tuple(
        _claimed(
            f"SELECT {number} AS id FROM {table} t WHERE {condition} AND {number} {way} $1 AND {_listed(number)} "
            f"ORDER BY {number} {order}",
            most,
        )
        for way, order in ((">", "ASC"), ("<", "DESC"))
    )


def _rarest(table: str, term: str, most: int) -> str:
    # Unique (profile_id, term); index (term, profile_id).
    return f"""
        SELECT t.{term} AS term FROM {table} t WHERE t.profile_id = $1
        ORDER BY (SELECT count(*) FROM (SELECT 1 FROM {table} x WHERE x.{term} = t.{term} LIMIT {COMMON}) y), t.{term}
        LIMIT {most}
    """


# Index connection (profile_id, connected_at, other_id), primary keys.
_NEWEST: Final = f"""
    SELECT c.other_id AS id FROM connection c
    WHERE c.profile_id = {{whose}} AND {_listed("c.other_id")} {{more}}
    ORDER BY c.connected_at DESC, c.other_id DESC
"""
# Whom a source is followed to, from which CTE; and what one who is found there weighs for it.
_SOURCES: Final = (
    ("friends", MUTUAL, (_claimed(_NEWEST.format(whose="r.id", more=""), THEIRS),)),
    ("own_company", COMPANY, _sides("profile", "t.company_id = r.company_id", "t.id", COLLEAGUES)),
    ("own_skills", SKILL, _sides("profile_skill", "t.skill = r.term", "t.profile_id", ALIKE)),
    ("own_industries", INDUSTRY, _sides("profile_industry", "t.industry = r.term", "t.profile_id", ALIKE)),
)
_SHARED: Final = """
    (SELECT count(*) FROM {table} a CROSS JOIN {table} b
    WHERE a.profile_id = f.id AND b.profile_id = $1 AND b.{term} = a.{term})
"""


def _candidates(each: str) -> str:
    hits = " UNION ALL ".join(
        each.format(what=f"{int(source == 'friends')} AS mutual, {points} AS points", source=source, rest=rest)
        for source, points, rests in _SOURCES
        for rest in rests
    )
    return f"""
        WITH friends AS MATERIALIZED (
            {_NEWEST.format(whose="$1", more=f"AND c.other_id NOT IN {_BLOCKED}")} LIMIT {FRIENDS}
        ),
        own_company AS MATERIALIZED (SELECT company_id FROM profile WHERE id = $1),
        own_skills AS MATERIALIZED ({_rarest("profile_skill", "skill", RAREST_SKILLS)}),
        own_industries AS MATERIALIZED ({_rarest("profile_industry", "industry", RAREST_INDUSTRIES)}),
        found AS MATERIALIZED (
            SELECT id, sum(mutual) AS mutual, sum(points) AS points FROM ({hits}) h GROUP BY id
        ),
        fit AS MATERIALIZED (
            SELECT f.id, f.mutual FROM found f
            WHERE f.id <> $1 AND f.id NOT IN {_BLOCKED}
              AND f.id NOT IN (SELECT other_id FROM dismissed_suggestion WHERE profile_id = $1)
              AND f.id NOT IN (
                SELECT receiver_id FROM connection_request WHERE sender_id = $1 AND withdrawn_at IS NULL
                UNION ALL
                SELECT sender_id FROM connection_request WHERE receiver_id = $1 AND withdrawn_at IS NULL
              )
              AND NOT EXISTS (SELECT 1 FROM connection c WHERE c.profile_id = $1 AND c.other_id = f.id)
            ORDER BY f.points DESC, f.id LIMIT {WEIGHED}
        )
        SELECT f.id, f.mutual, coalesce(p.company_id = o.company_id, false) AS company,
            {_SHARED.format(table="profile_skill", term="skill")} AS skills,
            {_SHARED.format(table="profile_industry", term="industry")} AS industries
        FROM fit f CROSS JOIN profile p CROSS JOIN own_company o WHERE p.id = f.id
    """


def _marks(text: str) -> str:
    return re.sub(r"\$(\d+)", r"?\1", text)


CANDIDATES: Final = Statement(
    sqlite=_marks(
        _candidates("""
        SELECT j.value AS id, {what} FROM {source} r
        CROSS JOIN json_each((SELECT json_group_array(id) FROM ({rest}))) j
    """)
    ),
    postgres=_candidates("SELECT w.id, {what} FROM {source} r CROSS JOIN LATERAL ({rest}) w"),
)
"""
Facts (services/connections/suggestions.py) of at most 500 people whom $1 may know, and never who is hidden, has no account, is
connected with $1, waits for an answer or is waited for, was ignored or dismissed, or stands behind a block.

Among 100,000 people with a million rows of connections: 4 ms for somebody with 20 connections, 7 for the best connected
(10,000), 13 for who knows the 400 best connected, on SQLite; 7, 14 and 20 on PostgreSQL. Indexes: connection
(profile_id, connected_at, other_id), profile (company_id, id), profile_skill (skill, profile_id), profile_industry
(industry, profile_id); then account (profile_id) and unique (profile_id, other_id), (profile_id, skill), (profile_id, industry).
"""
_COMMON: Final = """
    SELECT a.{term} AS term FROM {table} a CROSS JOIN {table} b
    WHERE a.profile_id = key.value AND b.profile_id = $2 AND b.{term} = a.{term}
"""
_IN_COMMON: Final = """
    SELECT key.value AS id, CASE WHEN p.company_id = o.company_id THEN p.company_id END AS company_id,
        {skills} AS skills, {industries} AS industries
    FROM {keys} CROSS JOIN profile p CROSS JOIN profile o WHERE p.id = key.value AND o.id = $2
"""


def _in_common(keys: str, listed: str) -> str:
    skills, industries = (
        listed.format(_COMMON.format(table=f"profile_{term}", term=term)) for term in ("skill", "industry")
    )
    return _IN_COMMON.format(keys=keys, skills=skills, industries=industries)


IN_COMMON: Final = Statement(
    sqlite=_marks(_in_common("json_each($1) key", "(SELECT json_group_array(term) FROM ({}))")),
    postgres=_in_common("unnest($1::bigint[]) AS key (value)", "ARRAY({})"),
)
"""What each of $1 shares with $2, besides people. Primary keys; unique (profile_id, skill), (profile_id, industry)."""
