// A client as partners write one. It is never run: it is compiled, strictly, so that every type below is what the graph
// says it is. Lines under `@ts-expect-error` must not compile.
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";

import { BoardDocument, PersonDocument, ReportDocument } from "../build/typed/graphql";
import type { BoardQuery, ErrorCode, LeaderboardBoard } from "../build/typed/graphql";

declare function ask<Result, Variables>(
  document: TypedDocumentNode<Result, Variables>,
  variables: Variables,
): Promise<Result>;

export async function everyone(board: LeaderboardBoard): Promise<Map<string, number>> {
  const totals = new Map<string, number>();
  let after: string | null | undefined = null;
  do {
    const { leaderboard }: BoardQuery = await ask(BoardDocument, { board, first: 100, after });
    if (!leaderboard) {
      return totals;
    }
    const asOf: string = leaderboard.asOf;
    for (const { node } of leaderboard.entries.edges) {
      const company: string = node.profile.company?.name ?? asOf;
      totals.set(`${node.rank}. ${node.profile.name}, ${company}`, node.points);
    }
    after = leaderboard.entries.pageInfo.hasNextPage ? leaderboard.entries.pageInfo.endCursor : null;
  } while (after);
  return totals;
}

export async function history(id: string): Promise<readonly string[]> {
  const { node } = await ask(PersonDocument, { id });
  if (node?.__typename !== "Profile") {
    return [];
  }
  const joined: string = node.joinedOn;
  return node.pointHistory.edges.map((edge) => `${edge.node.occurredAt ?? joined}: ${edge.node.pointsAwarded}`);
}

export async function report(activityCode: string, email: string, at: Date): Promise<ErrorCode | number> {
  const { recordActivity } = await ask(ReportDocument, {
    input: { activityCode, person: { email }, occurredAt: at.toISOString(), externalId: `${email}:${at.getTime()}` },
  });
  if (!recordActivity) {
    return 0; // no right to report: the response's own errors say so
  }
  const [refused] = recordActivity.errors;
  if (refused) {
    return "retryAfter" in refused && refused.code === "RATE_LIMITED" ? refused.retryAfter : refused.code;
  }
  return recordActivity.recorded?.pointsAwarded ?? 0;
}

// @ts-expect-error a board is one of the six
void ask(BoardDocument, { board: "MARKETING" });
// @ts-expect-error an activity has to say when it happened
void ask(ReportDocument, { input: { activityCode: "ANSWER_ACCEPTED", externalId: "1" } });
// @ts-expect-error what was not asked for is not there
void ask(PersonDocument, { id: "prf_5k2v9x0qcm" }).then(({ node }) => node?.about);
