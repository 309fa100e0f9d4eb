import { EntryType } from '@raft/core';
import type { NodeId } from '@raft/core';
import type { RaftOptions } from '@raft/core/consensus';
import { ScriptedCluster } from './cluster.js';
import type { ClusterSetup } from './cluster.js';
import { expectation } from './expectations.js';

/** A script as far as it has been played. */
export class Stage {
  readonly setup: ClusterSetup = {
    voters: [],
    learners: [],
    spares: [],
    logs: new Map(),
    hardStates: new Map(),
    options: {},
    hasIdentities: false,
  };
  #cluster: ScriptedCluster | undefined;

  /** Made with the first line that is no setup. */
  get cluster(): ScriptedCluster {
    this.#cluster ??= new ScriptedCluster(this.setup);
    return this.#cluster;
  }

  get hasBegun(): boolean {
    return this.#cluster !== undefined;
  }
}

type Command = (stage: Stage, words: string[], line: string) => void;

const numbers = (words: readonly string[]): number[] =>
  words.map((word) => {
    const value = Number(word);
    if (word === '' || !Number.isFinite(value)) throw new Error(`a number was expected, not ${word}`);
    return value;
  });

const listed = (word: string | undefined): NodeId[] => (word ?? '').split(',').filter((id) => id !== '');

/** `1->2`, `1->*`, `*->2`, and perhaps a kind of message. */
function route(
  words: readonly string[],
): (envelope: { readonly message: { readonly from: NodeId; readonly to: NodeId }; readonly kind: string }) => boolean {
  const [link = '', kind] = words;
  const [from, to] = link.split('->');
  if (from === undefined || to === undefined) throw new Error(`a link such as 1->2 was expected, not ${link}`);
  return ({ message, kind: own }) =>
    (from === '*' || message.from === from) &&
    (to === '*' || message.to === to) &&
    (kind === undefined || kind === own);
}

function options(words: readonly string[]): Partial<RaftOptions> {
  const [name = '', value = ''] = words;
  const switches = ['preVote', 'checkQuorum', 'quiesce'];
  if (switches.includes(name)) return { [name]: value === 'on' };
  return { [name]: numbers([value])[0] };
}

/** Both ways between the node and every other. */
function links(cluster: ScriptedCluster, word: string): [NodeId, NodeId][] {
  const [from, to] = word.split('->');
  if (from !== undefined && to !== undefined) return [[from, to]];
  const others = cluster.ids.filter((id) => id !== word);
  return others.flatMap((id): [NodeId, NodeId][] => [
    [word, id],
    [id, word],
  ]);
}

/** What a node was asked for begins with its next turn. */
function ask(cluster: ScriptedCluster, id: NodeId, refusal: { readonly why: string } | undefined): void {
  cluster.refusal = refusal?.why;
  cluster.turn(id);
}

const setups: Readonly<Record<string, Command>> = {
  voters: ({ setup }, words) => void setup.voters.push(...words),
  learners: ({ setup }, words) => void setup.learners.push(...words),
  spares: ({ setup }, words) => void setup.spares.push(...words),
  log: ({ setup }, [id = '', ...terms]) => void setup.logs.set(id, numbers(terms)),
  term: ({ setup }, [id = '', term = '']) =>
    void setup.hardStates.set(id, { ...setup.hardStates.get(id), term: numbers([term])[0] as number }),
  commit: ({ setup }, [id = '', index = '']) =>
    void setup.hardStates.set(id, { ...setup.hardStates.get(id), commitIndex: numbers([index])[0] as number }),
  identities: ({ setup }) => void (setup.hasIdentities = true),
  option: ({ setup }, words) => void Object.assign(setup.options, options(words)),
};

const actions: Readonly<Record<string, Command>> = {
  timeout: ({ cluster }, [id = '']) => cluster.timeout(id),
  elect({ cluster }, [id = '']) {
    cluster.timeout(id);
    cluster.settle();
    const { role } = cluster.node(id).raft;
    if (role !== 'leader') throw new Error(`${id} was not elected: it is ${role}`);
  },
  pass: ({ cluster }, [ms = '']) => cluster.pass(numbers([ms])[0] as number, false),
  run: ({ cluster }, [ms = '']) => cluster.pass(numbers([ms])[0] as number, true),
  settle: ({ cluster }) => cluster.settle(),
  deliver({ cluster }, words) {
    const taken = cluster.take('wire', route(words));
    if (taken.length === 0) throw new Error('nothing of that is under way');
    cluster.deliver(taken);
  },
  drop: ({ cluster }, words) => void cluster.take('wire', route(words)),
  park({ cluster }, words) {
    const taken = cluster.take('wire', route(words));
    if (taken.length === 0) throw new Error('nothing of that is under way');
    cluster.parked.push(...taken);
  },
  copy: ({ cluster }, words) => void cluster.parked.push(...cluster.wire.filter(route(words))),
  unpark({ cluster }, words) {
    const taken = cluster.take('parked', route(words));
    if (taken.length === 0) throw new Error('nothing of that was put aside');
    cluster.deliver(taken);
  },
  cut({ cluster }, words) {
    for (const word of words) for (const [from, to] of links(cluster, word)) cluster.cut(from, to);
  },
  mend({ cluster }, words) {
    if (words.length === 0) cluster.mend();
    for (const word of words) for (const [from, to] of links(cluster, word)) cluster.mend(from, to);
  },
  crash: ({ cluster }, [id = '', , kept]) => cluster.crash(id, kept === undefined ? 0 : (numbers([kept])[0] as number)),
  restart: ({ cluster }, [id = '']) => cluster.restart(id),
  wipe: ({ cluster }, [id = '']) => cluster.wipe(id),
  pause: ({ cluster }, [id = '']) => cluster.pause(id),
  wake: ({ cluster }, [id = '']) => cluster.wake(id),
  freeze: ({ cluster }, [id = '']) => void (cluster.disk(id).isFrozen = true),
  thaw({ cluster }, [id = '']) {
    cluster.disk(id).isFrozen = false;
    cluster.turn(id);
  },
  /** One write of a frozen disk is done. */
  sync({ cluster }, [id = '']) {
    if (!cluster.node(id).sync(cluster.now)) throw new Error(`the disk of ${id} has nothing to write`);
    cluster.turn(id);
  },
  fill: ({ cluster }, [id = '']) => void (cluster.disk(id).isFull = true),
  free: ({ cluster }, [id = '']) => void (cluster.disk(id).isFull = false),
  propose({ cluster }, [id = '', ...texts]) {
    for (const text of texts) cluster.propose(id, text);
  },
  /** A follower hands a command on to its leader. */
  forward({ cluster }, [id = '', text = '']) {
    const command = { type: EntryType.command, data: new TextEncoder().encode(text) };
    if (cluster.node(id).raft.forward([command], cluster.now) === undefined) throw new Error(`${id} knows no leader`);
    cluster.turn(id);
  },
  read: ({ cluster }, [id = '', name = '', level]) =>
    cluster.read(id, name, level === 'lease' ? 'lease' : 'linearizable'),
  transfer({ cluster }, [id = '', target]) {
    ask(cluster, id, cluster.node(id).raft.transferLeadership(target, cluster.now));
  },
  change({ cluster }, [id = '', ...words]) {
    const lists: Record<string, NodeId[]> = {};
    for (let at = 0; at < words.length; at += 2) lists[words[at] as string] = listed(words[at + 1]);
    const { add, remove, learners } = lists;
    ask(cluster, id, cluster.node(id).raft.changeMembership({ add, remove, learners }, cluster.now).refusal);
  },
  snapshot({ cluster }, [id = '']) {
    cluster.node(id).snapshot(cluster.now);
    cluster.turn(id);
  },
  expect: ({ cluster }, words, line) => expectation(cluster, words, line),
};

/** Plays one line. Throws Error saying what is wrong with it, or with the cluster. */
export function play(stage: Stage, line: string): void {
  const [name = '', ...words] = line
    .replaceAll(/[:]/g, ' ')
    .split(/\s+/)
    .filter((word) => word !== '');
  const setup = stage.hasBegun ? undefined : setups[name];
  const action = setup ?? actions[name];
  if (action === undefined) {
    const isLate = name in setups;
    throw new Error(isLate ? `${name} must come before the first action` : `there is no command ${name}`);
  }
  action(stage, words, line);
}
