import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runScenario, scenarioPurpose } from '../../src/index.js';

const folder = fileURLToPath(new URL('../../scenarios/', import.meta.url));
const scenarios = readdirSync(folder)
  .filter((name) => name.endsWith('.txt'))
  .map((name) => [name, readFileSync(folder + name, 'utf8')] as const);

describe('scenarios', () => {
  it.each(scenarios)('%s', (_, script) => runScenario(script));

  it('are many, and each says what it guards against', () => {
    expect(scenarios.length).toBeGreaterThanOrEqual(30);
    expect(scenarios.filter(([, script]) => scenarioPurpose(script).length < 60).map(([name]) => name)).toEqual([]);
  });

  it('check something', () => {
    expect(scenarios.filter(([, script]) => !/^expect /m.test(script)).map(([name]) => name)).toEqual([]);
  });
});

describe('a scenario', () => {
  const start = 'voters 1 2 3\nelect 1\n';

  it('fails at the first line that is not as it says', () => {
    expect(() => runScenario(`${start}expect 1 is leader\nexpect 2 is leader`)).toThrow(
      'line 4, "expect 2 is leader": expect 2 is leader: found follower',
    );
  });

  it.each([
    ['dance 1', 'there is no command dance'],
    ['voters 4', 'voters must come before the first action'],
    ['expect 1 hungry', 'there is no expectation hungry'],
    ['timeout 9', '9 is not up'],
    ['deliver 1->2 vote', 'nothing of that is under way'],
    ['deliver 2', 'a link such as 1->2 was expected'],
    ['pass soon', 'a number was expected, not soon'],
    ['sync 1', 'the disk of 1 has nothing to write'],
    ['cut 2\nelect 2', '2 was not elected: it is'],
  ])('is refused with %s', (line, why) => {
    expect(() => runScenario(start + line)).toThrow(why);
  });

  it('fails when two lead in one term, whatever it expects', () => {
    // Nobody but a test may do this: two nodes that take each other's place on a wiped disk, without identities.
    const script = `voters 1 2 3\ncut 1\ntimeout 2\ndeliver 2->3 preVote\ndeliver 3->2 preVoted\ndeliver 2->3 vote\ndeliver 3->2 voted
expect 2 is leader\ncrash 3\nwipe 3\ncut 2\nmend 1->3 3->1\nrestart 3\ntimeout 1\ndeliver 1->3 preVote\ndeliver 3->1 preVoted\ndeliver 1->3 vote\ndeliver 3->1 voted`;
    expect(() => runScenario(script)).toThrow('2 and 1 both lead in term 2');
  });
});
