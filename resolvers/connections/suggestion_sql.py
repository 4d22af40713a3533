"""
SQL of people the viewer may know: one statement finds candidates and their facts, one what the viewer shares with people.

The search is bounded, so that it does not take longer for well-connected viewers. It reads the viewer's newest connections
and the newest of each of those; and colleagues and people with the viewer's rarest skills and industries, each with the
nearest profile numbers below and above the viewer's. The best candidates are then weighed. The weights are exact if no
bound is reached; beyond one, a person may be missed or weigh less.

Hidden people are left out before anything is counted or limited, so that they take no one's place.
"""

from typing import Final

from models.statements import Statement
from services.connections.suggestions import COMPANY_WEIGHT, INDUSTRY_WEIGHT, MUTUAL_WEIGHT, SKILL_WEIGHT
from services.core.visibility import blocked_with_sql

MAX_CONNECTIONS: Final = 100
"""The viewer's newest connections whose connections are read."""
MAX_CONNECTIONS_OF_EACH: Final = 20
"""The newest connections of each of them that have an account."""
MAX_COLLEAGUES: Final = 100
MAX_SHARING: Final = 60
"""Colleagues, and people with the same skill or industry, on each side of the viewer's profile number."""
RAREST_SKILLS: Final = 4
RAREST_INDUSTRIES: Final = 3
MAX_COUNTED: Final = 200
"""Bound of the counts by which the rarest skills and industries are found."""
LISTED_PER_CLAIMED: Final = 3
"""Factor: how many listed people are read for each one with an account."""
MAX_WEIGHED: Final = 500

_BLOCKED: Final = blocked_with_sql("$1")


def _listed(number: str) -> str:
    """
    The column `listed` of a profile, by its primary key. A join would make PostgreSQL merge with all profiles in the order of
    ids (200 ms), and SQLite read the index of all listed profiles.
    """
    return f"(SELECT p.listed FROM profile p WHERE p.id = {number})"


def _claimed(listed: str, most: int) -> str:
    """
    The first listed people who have an account; both databases read the people in order and stop when there are enough. One
    of several accounts is active if the profile is listed. Index account (profile_id).
    """
    # Sorting them again would make SQLite read all of them first (42 ms instead of 13).
    claimed = "EXISTS (SELECT 1 FROM account a WHERE a.profile_id = n.id LIMIT 1 OFFSET 0)"
    return f"SELECT n.id FROM ({listed} LIMIT {LISTED_PER_CLAIMED * most}) n WHERE {claimed} LIMIT {most}"


def _sides(table: str, condition: str, number: str, most: int) -> tuple[str, ...]:
    """The people of a table with the nearest profile numbers above and below the viewer's: one text per side."""
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
        ORDER BY (SELECT count(*) FROM (SELECT 1 FROM {table} x WHERE x.{term} = t.{term} LIMIT {MAX_COUNTED}) y), t.{term}
        LIMIT {most}
    """


# Index connection (profile_id, connected_at, other_id), primary keys.
_NEWEST: Final = f"""
    SELECT c.other_id AS id FROM connection c
    WHERE c.profile_id = {{whose}} AND {_listed("c.other_id")} {{more}}
    ORDER BY c.connected_at DESC, c.other_id DESC
"""
# Each source: its CTE, the weight of a person found by it, and the SQL that finds people from a row of the CTE.
_SOURCES: Final = (
    ("friends", MUTUAL_WEIGHT, (_claimed(_NEWEST.format(whose="r.id", more=""), MAX_CONNECTIONS_OF_EACH),)),
    ("own_company", COMPANY_WEIGHT, _sides("profile", "t.company_id = r.company_id", "t.id", MAX_COLLEAGUES)),
    ("own_skills", SKILL_WEIGHT, _sides("profile_skill", "t.skill = r.term", "t.profile_id", MAX_SHARING)),
    ("own_industries", INDUSTRY_WEIGHT, _sides("profile_industry", "t.industry = r.term", "t.profile_id", MAX_SHARING)),
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
            {_NEWEST.format(whose="$1", more=f"AND c.other_id NOT IN {_BLOCKED}")} LIMIT {MAX_CONNECTIONS}
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
            ORDER BY f.points DESC, f.id LIMIT {MAX_WEIGHED}
        )
        SELECT f.id, f.mutual, coalesce(p.company_id = o.company_id, false) AS company,
            {_SHARED.format(table="profile_skill", term="skill")} AS skills,
            {_SHARED.format(table="profile_industry", term="industry")} AS industries
        FROM fit f CROSS JOIN profile p CROSS JOIN own_company o WHERE p.id = f.id
    """


CANDIDATES: Final = Statement(
    sqlite=Statement.of(
        _candidates("""
        SELECT j.value AS id, {what} FROM {source} r
        CROSS JOIN json_each((SELECT json_group_array(id) FROM ({rest}))) j
    """)
    ).sqlite,
    postgres=_candidates("SELECT w.id, {what} FROM {source} r CROSS JOIN LATERAL ({rest}) w"),
)
"""
Facts (services/connections/suggestions.py) of at most 500 people that $1 may know. Left out: hidden people, people without
an account, connections, people with an open or ignored request, dismissed ones, and those with a block between.

Among 100,000 people with a million rows of connections: 4 ms for a person with 20 connections, 7 for the best connected
(10,000), 13 for a person who knows the 400 best connected, on SQLite; 7, 14 and 20 on PostgreSQL. Indexes: connection
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
    sqlite=Statement.of(_in_common("json_each($1) key", "(SELECT json_group_array(term) FROM ({}))")).sqlite,
    postgres=_in_common("unnest($1::bigint[]) AS key (value)", "ARRAY({})"),
)
"""The company, skills and industries that each of $1 shares with $2. Primary keys; unique (profile_id, skill), (profile_id, industry)."""
