import type { Address, LogIndex, NodeId } from '../types.js';
import type { ChangeRefusal } from './effects.js';

/** Who is named nowhere stays what it is. */
export interface Change {
  /** Become voters: members or not. */
  readonly add?: readonly NodeId[] | undefined;
  /** Leave altogether. */
  readonly remove?: readonly NodeId[] | undefined;
  /** Become learners: voters step back, others join. */
  readonly learners?: readonly NodeId[] | undefined;
  readonly addresses?: Readonly<Record<NodeId, Address>> | undefined;
  /** The index of the configuration that is to be changed; refused (`conflict`) when another is in force. */
  readonly expected?: LogIndex | undefined;
}

/** The change is under way, `refusal` undefined, or was not begun. */
export type ChangeOutcome =
  | {
      readonly refusal: undefined;
      /** The entry that begins it; of the configuration in force when the change changes nothing. */
      readonly index: LogIndex;
      /** Whether a second entry follows, which ends the joint phase: it is done when `configurationIndex` is committed, later than `index`. */
      readonly joint: boolean;
    }
  | { readonly refusal: ChangeRefusal };

/** What a change would do. */
export interface ChangePreview {
  readonly refusal: undefined;
  readonly before: Composition;
  readonly after: Composition;
  readonly joint: boolean;
  /** Voters to be that lack entries which the leader has; `lag` is undefined for those that it has never heard of. */
  readonly behind: readonly { readonly id: NodeId; readonly lag: number | undefined }[];
}

export interface Composition {
  readonly voters: readonly NodeId[];
  readonly learners: readonly NodeId[];
  readonly quorum: number;
}
