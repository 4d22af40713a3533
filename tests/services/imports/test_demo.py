from collections import Counter
from datetime import UTC, date, datetime, time, timedelta

from catalogue import terms
from catalogue.points import ACTIVITIES
from models.profiles import Visibility
from services.imports.demo import MIN_MEMBER_DAYS, PEOPLE, community

ANCHOR = date(2026, 3, 10)


def test_the_same_day_gives_the_same_community() -> None:
    assert community(ANCHOR) == community(ANCHOR)


def test_another_day_gives_the_same_people_later() -> None:
    # when
    one, other = community(ANCHOR), community(ANCHOR + timedelta(days=9))
    # then
    assert [member.person.handle for member in one.members] == [member.person.handle for member in other.members]
    assert {
        later.person.joined_on - member.person.joined_on
        for member, later in zip(one.members, other.members, strict=True)
    } == {timedelta(days=9)}


def test_everybody_is_somebody_else_and_complete_enough_to_look_at() -> None:
    # given
    members = community(ANCHOR).members
    # then
    assert len({member.person.key for member in members}) == len(members) == PEOPLE
    assert len({member.person.name for member in members}) == PEOPLE
    public = sum(member.person.visibility is Visibility.PUBLIC for member in members)
    assert 0.8 < public / PEOPLE < 0.9
    assert len({member.person.details["country"] for member in members}) > 15
    assert all(terms.country(member.person.details["country"]) for member in members)
    assert {skill for member in members for skill in member.person.skills} <= terms.SKILLS.keys()
    assert {industry for member in members for industry in member.person.industries} <= terms.INDUSTRIES.keys()


def test_companies_have_made_up_domains_and_people() -> None:
    # given
    found = community(ANCHOR)
    # then
    assert 8 <= len(found.companies) <= 12
    assert all(domain.endswith(".example") for domain in found.companies.values())
    assert {member.company for member in found.members} == {*found.companies, ""}


def test_the_guide_is_public_and_rich() -> None:
    # given
    guide = community(ANCHOR).members[0].person
    # then
    assert (guide.handle, guide.visibility) == ("ada-okafor", Visibility.PUBLIC)
    assert len(guide.skills) == 8
    assert len(guide.industries) == 3
    assert guide.details["about"]


def test_every_activity_happens_and_nothing_before_sign_up_or_after_the_anchor() -> None:
    # given
    found = community(ANCHOR)
    joined = {member.person.key: member.person.joined_on for member in found.members}
    # then
    assert {each.activity for each in found.events} == {each.code for each in ACTIVITIES.values() if not each.system}
    assert all(joined[each.member] <= each.at.date() for each in found.events)
    assert max(each.at for each in found.events) <= datetime.combine(ANCHOR, time(0, 1), UTC)
    assert min(each.at for each in found.events).date() < ANCHOR - timedelta(days=MIN_MEMBER_DAYS)
    assert len({each.external_id for each in found.events}) == len(found.events)


def test_every_period_has_something_and_few_do_most() -> None:
    # given
    found = community(ANCHOR)
    days = Counter(each.at.date() for each in found.events)
    busy = Counter(each.member for each in found.events)
    # then
    assert all(days[ANCHOR - timedelta(days=back)] for back in range(30))
    assert sum(count for _, count in busy.most_common(PEOPLE // 10)) > 0.4 * busy.total()
    assert found.reversed_ids
