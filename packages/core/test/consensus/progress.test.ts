import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Progress } from '../../src/consensus/progress.js';

const window = { maxInflightMessages: 4, maxInflightBytes: 500 };

const steps = fc.array(
  fc.oneof(
    fc.record({
      do: fc.constant('send' as const),
      count: fc.integer({ min: 1, max: 3 }),
      bytes: fc.integer({ min: 1, max: 300 }),
    }),
    fc.record({ do: fc.constant('acknowledge' as const), part: fc.double({ min: 0, max: 1, noNaN: true }) }),
    fc.record({ do: fc.constant('probe' as const), back: fc.nat({ max: 5 }) }),
  ),
  { maxLength: 80 },
);

describe('Progress', () => {
  it('counts what is in flight, keeps to its window, and comes back to zero', () => {
    fc.assert(
      fc.property(fc.nat({ max: 20 }), steps, (start, all) => {
        const progress = new Progress(start + 1, 0, window);
        let highest = start;
        let inflight: { last: number; bytes: number }[] = [];
        for (const step of all) {
          if (step.do === 'send' && progress.hasRoom) {
            const wasProbe = progress.state === 'probe';
            const last = progress.nextIndex + step.count - 1;
            progress.sent(last, step.bytes);
            highest = Math.max(highest, last);
            if (!wasProbe) inflight.push({ last, bytes: step.bytes });
          } else if (step.do === 'acknowledge') {
            const match = progress.matchIndex + Math.floor(step.part * (highest - progress.matchIndex));
            const isNews = match > progress.matchIndex;
            assert.equal(progress.acknowledged(match), isNews);
            inflight = inflight.filter(({ last }) => last > match);
          } else if (step.do === 'probe') {
            progress.probe(progress.nextIndex - step.back);
            inflight = [];
          }
          const bytes = inflight.reduce((sum, message) => sum + message.bytes, 0);
          assert.equal(progress.inflightMessages, inflight.length);
          assert.equal(progress.inflightBytes, bytes);
          assert.ok(inflight.length <= window.maxInflightMessages && bytes < window.maxInflightBytes + 300);
          assert.ok(progress.nextIndex > progress.matchIndex);
        }
        progress.acknowledged(highest);
        expect(progress).toMatchObject({ inflightMessages: 0, inflightBytes: 0, matchIndex: highest });
      }),
      { numRuns: 500 },
    );
  });

  it('probes with one message, then streams behind it', () => {
    const progress = new Progress(5, 0, window);
    expect(progress.hasRoom).toBe(true);
    progress.sent(7, 100);
    expect(progress).toMatchObject({ hasRoom: false, nextIndex: 5, inflightBytes: 0 });
    progress.acknowledged(3);
    expect(progress.state).toBe('probe');
    progress.acknowledged(4);
    expect(progress).toMatchObject({ state: 'replicate', nextIndex: 8, matchIndex: 4, hasRoom: true });
  });

  it('never probes what is known to match', () => {
    const progress = new Progress(5, 0, window);
    progress.acknowledged(4);
    progress.probe(2);
    expect(progress.nextIndex).toBe(5);
  });
});
