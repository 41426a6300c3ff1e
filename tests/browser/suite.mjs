// Runs the scenario files that run.mjs names: a server for each file, a stage for each test.
//
// A file exports `tests`, functions by name that are given a stage (stage.mjs), and may export `settings`, the
// environment of its server.

import { after, before, describe, it } from 'node:test';
import { endOnSignals } from '../conformance/server.mjs';
import { launchChromium } from './chromium.mjs';
import { Pulse } from './pulse.mjs';
import { Stage } from './stage.mjs';

/** How long one test may take. */
const TEST_MS = 180_000;

endOnSignals();

let browser;
before(async () => {
  browser = await launchChromium();
});
after(() => browser?.close());

for (const name of process.env.PULSE_SCENARIOS.split(',')) {
  const { tests, settings = {} } = await import(`./scenarios/${name}.mjs`);
  describe(name, () => {
    let pulse;
    before(async () => {
      pulse = await Pulse.start(process.env.PULSE_BINARY, settings);
    });
    after(() => pulse?.stop());
    for (const [title, test] of Object.entries(tests)) {
      it(title, { timeout: TEST_MS }, async (context) => {
        const stage = new Stage({ browser, pulse, screenshots: process.env.PULSE_SCREENSHOTS });
        try {
          await test(stage);
          stage.checkAll();
        } catch (error) {
          for (const line of stage.told()) context.diagnostic(line);
          await stage.keepFailure(`${name} ${title}`);
          throw error;
        } finally {
          await stage.close();
        }
      });
    }
  });
}
