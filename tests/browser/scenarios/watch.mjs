// What these tests watch for is noticed where it happens: an expected problem that does not come fails the test.

import assert from 'node:assert/strict';
import { PHONE } from '../stage.mjs';

export const tests = {
  async 'a request to another host is noticed, and does not get there'(stage) {
    const window = await stage.window();
    window.allow(/^request to another host: http:\/\/pulse\.example\//);
    await assert.rejects(window.open('http://pulse.example/'), /ERR_NAME_NOT_RESOLVED/);
  },

  async 'the policy of a page holds, and a breach of it is noticed'(stage) {
    // Trusted types stop text before it is a script; GraphiQL's policy has none.
    const stopped = {
      '/docs/api': [/policy: require-trusted-types-for forbids trusted-types-sink/],
      '/graphiql': [/policy: script-src-elem forbids inline/, /policy: script-src forbids eval/],
    };
    for (const [page, breaches] of Object.entries(stopped)) {
      const window = await stage.window();
      await window.open(page);
      for (const breach of [...breaches, /policy: connect-src forbids http:\/\/pulse\.example\//]) window.allow(breach);
      await window.page.evaluate(async () => {
        const script = document.createElement('script');
        script.append('window.ran = true');
        document.head.append(script);
        await fetch('http://pulse.example/').catch(() => {});
        setTimeout('window.ran = true');
      }).catch(() => {});
      for (const breach of breaches) {
        await window.eventually(`${breach}`, () => window.told().some((line) => breach.test(line)));
      }
      assert.equal(await window.page.evaluate(() => window.ran), undefined);
      // What the browser itself says of the same.
      window.allow(/^console: (Executing|Connecting|Evaluating|Fetch API|Refused|Applying|This document)/);
    }
  },

  async 'an error in the console and one that nobody catches are noticed'(stage) {
    const window = await stage.window();
    await window.open('/docs/api');
    window.allow(/^console: one/);
    window.allow(/^uncaught: two/);
    await window.page.evaluate(() => {
      console.error('one');
      queueMicrotask(() => { throw new Error('two'); });
    });
    await window.eventually('both', () => window.told().length === 2);
    assert.throws(() => {
      window.allow(/three/);
      window.check();
    }, /was to have problems/);
    stage.forget(window);
  },

  async 'what cannot be used by everybody, or does not fit, is noticed'(stage) {
    const window = await stage.window({ viewport: PHONE });
    await window.open('/docs/api');
    await window.page.getByRole('heading', { level: 1 }).waitFor();
    await window.fits();
    await window.isAccessible();
    await assert.rejects(
      window.isAccessible([{ rule: 'color-contrast', within: 'main', why: 'nothing needs it' }]),
      /not needed any more/,
    );
    await window.page.evaluate(() => {
      const button = document.createElement('button');
      button.style.width = '600px';
      document.body.append(button);
    });
    await assert.rejects(window.isAccessible(), /axe finds/);
    await assert.rejects(window.fits(), /px wide/);
  },
};
