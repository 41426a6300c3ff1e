// The dashboard in production: a token is the only way in.

import assert from 'node:assert/strict';
import { activity, isLive, pasteToken } from '../dashboard.mjs';

export const settings = { NODE_ENV: 'production' };

export const tests = {
  async 'takes a token and nothing else'(stage) {
    const window = await stage.window();
    const asked = [];
    window.page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await window.open('/');
    await window.sees('Sign in with this token');
    assert.equal(await window.page.getByText('development server').count(), 0);
    await window.isAccessible();
    window.allow(/console: .*401 /);
    await pasteToken(window, stage.pulse.sign('ada').replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')));
    await window.page.getByRole('alert').filter({ hasText: /token/ }).waitFor();
    await pasteToken(window, stage.pulse.sign('ada'));
    await isLive(window);
    await window.sees('Authorization: Bearer $TOKEN', '.command');
    await window.page.getByRole('button', { name: 'Create a first activity' }).click();
    await activity(window, 'Hello, Pulse').waitFor();
    assert.deepEqual(asked.filter((path) => path.startsWith('/dev')), [], 'no page of production asks the door of developers');
  },
};
