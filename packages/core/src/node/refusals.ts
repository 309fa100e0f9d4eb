import type { ChangeRefusal } from '../consensus/effects.js';
import { InvalidArgumentError, MembershipError, OverloadedError } from '../errors.js';
import type { NotLeaderError, RaftError } from '../errors.js';

/** What a caller is told when the consensus does not begin a change of the membership. */
export function refusedChange(refusal: ChangeRefusal, notLeader: () => NotLeaderError): RaftError {
  switch (refusal.why) {
    case 'notLeader':
      return notLeader();
    case 'notReady':
      return inProgress('the leader is new and has committed nothing yet');
    case 'inProgress':
      return inProgress(`the change of index ${refusal.index} is under way`);
    case 'conflict':
      return new MembershipError(
        'RAFT_CONFIGURATION_CONFLICT',
        `the configuration in force is that of index ${refusal.index}: look at it before you change it`,
      );
    case 'transferring':
      return inProgress('the leadership is being handed over');
    case 'diskFull':
      return leaderIsFull();
    case 'invalid':
      return new InvalidArgumentError(refusal.message);
  }
}

export function leaderIsFull(): OverloadedError {
  return new OverloadedError("the leader's disk is full: free some space, and try again", 'RAFT_STORAGE_FULL');
}

/** `what` is in the way of a change. */
export function inProgress(what: string): MembershipError {
  return new MembershipError('RAFT_CHANGE_IN_PROGRESS', `${what}: try again when that is done`);
}
