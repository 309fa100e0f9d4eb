import type { Raft } from '../consensus/raft.js';
import { whyMalformed } from '../consensus/well-formed.js';
import type { Logger } from '../logger.js';
import type { Message } from '../messages.js';
import type { Receiver, Transport } from '../transport.js';
import type { GroupId } from '../types.js';
import { whyMalformedProposal } from './forwarding.js';

export interface ReceiverHost {
  readonly logger: Logger;
  /** Something waits for the next turn already. */
  isTurnPlanned(): boolean;
  /** Hands these to the consensus in the next turn. */
  take(messages: readonly Message[]): void;
  enter(input: (raft: Raft, now: number) => void): void;
}

/** What a node is to its transport. Of thousands of groups most have only to remember what became of a peer: they need no turn for that. */
export function receiverFor(raft: Raft, { logger, isTurnPlanned, take, enter }: ReceiverHost): Receiver {
  return {
    receive: (messages) =>
      take(
        messages.filter((message) => {
          const why = whyMalformed(message) ?? whyMalformedProposal(message);
          if (why !== undefined) logger('warn', `dropped a malformed message from ${message.from}: ${why}`);
          return why === undefined;
        }),
      ),
    peerDown(peer) {
      if (isTurnPlanned() || raft.noteDown(peer)) enter((_, now) => raft.peerDown(peer, now));
    },
    peerUp(peer) {
      if (isTurnPlanned() || raft.noteUp(peer)) enter((_, now) => raft.peerUp(peer, now));
    },
  };
}

/** Those that rest would not notice a node's end: its process and its connections may live on. */
export function leave(
  raft: Raft | undefined,
  now: number,
  transport: Transport,
  { groupId, logger }: { readonly groupId: GroupId; readonly logger: Logger },
): void {
  try {
    const messages = raft?.farewell(now) ?? [];
    if (messages.length > 0) transport.send(groupId, messages);
  } catch (error) {
    // It is the consensus that failed.
    logger('error', 'a leader at rest ends without a word', { error });
  }
  transport.detach(groupId);
}
