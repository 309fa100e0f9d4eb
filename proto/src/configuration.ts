import type { Configuration, SnapshotMeta } from '@raft/core';
import type { raftV1 } from './generated/protos.js';

/** As it stands on wires and in snapshots. */
export function configurationToProto(configuration: Configuration): raftV1.Configuration.$Properties {
  const { voters, outgoing, learners, addresses, stores, returning } = configuration;
  return {
    voters: [...voters],
    outgoing: [...outgoing],
    learners: [...learners],
    addresses: Object.entries(addresses).map(([nodeId, address]) => ({ nodeId, address })),
    stores: Object.entries(stores).map(([nodeId, storeId]) => ({ nodeId, storeId })),
    returning: [...returning],
  };
}

/** What is missing is empty. */
export function configurationFromProto(record: raftV1.Configuration.$Properties | null | undefined): Configuration {
  return {
    voters: record?.voters ?? [],
    outgoing: record?.outgoing ?? [],
    learners: record?.learners ?? [],
    addresses: Object.fromEntries((record?.addresses ?? []).map((one) => [one.nodeId ?? '', one.address ?? ''])),
    stores: Object.fromEntries((record?.stores ?? []).map((one) => [one.nodeId ?? '', one.storeId ?? ''])),
    returning: record?.returning ?? [],
  };
}

export function snapshotToProto(meta: SnapshotMeta): raftV1.SnapshotMeta.$Properties {
  const { index, term, configuration, configurationIndex } = meta;
  return { last: { index, term }, configuration: configurationToProto(configuration), configurationIndex };
}

export function snapshotFromProto(record: raftV1.SnapshotMeta.$Properties | null | undefined): SnapshotMeta {
  return {
    index: record?.last?.index ?? 0,
    term: record?.last?.term ?? 0,
    configuration: configurationFromProto(record?.configuration),
    configurationIndex: record?.configurationIndex ?? 0,
  };
}
