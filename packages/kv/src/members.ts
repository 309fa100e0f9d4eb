import type { Membership, MembershipChange, MembershipPreview } from '@raft/core';
import { kvV1 } from '@raft/proto';

// The membership on the wire. What is not there is 0 or empty in the prototypes of the generated code.

export function membershipToProto(membership: Membership): kvV1.Membership.$Properties {
  const { index, voters, learners, outgoing, addresses } = membership;
  return { index, voters: [...voters], learners: [...learners], outgoing: [...outgoing], addresses };
}

export function membershipFrom(properties: kvV1.Membership.$Properties | null | undefined): Membership {
  const { index, voters, learners, outgoing, addresses } = new kvV1.Membership(properties ?? {});
  return { index, voters, learners, outgoing, addresses };
}

export function changeToProto(change: MembershipChange): kvV1.MembershipChange.$Properties {
  const { add = [], remove = [], learners = [], addresses = {} } = change;
  return { add: [...add], remove: [...remove], learners: [...learners], addresses };
}

export function changeFrom(properties: kvV1.MembershipChange.$Properties | null | undefined): MembershipChange {
  const { add, remove, learners, addresses } = new kvV1.MembershipChange(properties ?? {});
  return { add, remove, learners, addresses };
}

export function previewToProto(preview: MembershipPreview): kvV1.PreviewMembersResponse.$Properties {
  const side = ({
    voters,
    learners,
    quorum,
  }: MembershipPreview['before']): kvV1.PreviewMembersResponse.Side.$Properties => ({
    voters: [...voters],
    learners: [...learners],
    quorum,
  });
  const behind = preview.behind.map(({ id, lag }) => (lag === undefined ? { id } : { id, lag }));
  return { before: side(preview.before), after: side(preview.after), joint: preview.joint, behind };
}

export function previewFrom(properties: kvV1.PreviewMembersResponse.$Properties): MembershipPreview {
  const side = (
    given: kvV1.PreviewMembersResponse.Side.$Properties | null | undefined,
  ): MembershipPreview['before'] => {
    const { voters, learners, quorum } = new kvV1.PreviewMembersResponse.Side(given ?? {});
    return { voters, learners, quorum };
  };
  return {
    before: side(properties.before),
    after: side(properties.after),
    joint: properties.joint ?? false,
    behind: (properties.behind ?? []).map(({ id, lag }) => ({ id: id ?? '', lag: lag ?? undefined })),
  };
}
