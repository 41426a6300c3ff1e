// The dashboard's states: each is designed, can be used by everybody, and fits every window. And what a first visit costs.

import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { activity, bell, createActivity, createTab, hasFeed, isLive, signIn } from '../dashboard.mjs';
import { fillDemo } from '../demo.mjs';
import { DESKTOP, PHONE } from '../stage.mjs';

/** What may be loaded until the signed-in dashboard stands: bytes, compressed. */
const BUDGET = 150_000;

/** Axe in light and in dark, and no width that the page does not fit. */
async function isFine(window) {
  for (const colorScheme of ['light', 'dark']) {
    await window.page.emulateMedia({ colorScheme });
    await window.isAccessible();
  }
  await window.page.emulateMedia({ colorScheme: 'light' });
  const before = window.page.viewportSize();
  for (const width of [320, 390, 768, 1024, 1440]) {
    await window.page.setViewportSize({ width, height: 900 });
    await window.fits();
  }
  await window.page.setViewportSize(before);
}

const isGraphQL = (url) => url.pathname === '/graphql';

export const tests = {
  async 'signing in'(stage) {
    await fillDemo(stage.pulse, { users: ['ada', 'grace', 'linus'], activities: 2 });
    const window = await stage.window();
    await window.open('/');
    await window.sees('Pick a user');
    await isFine(window);
    await window.page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await window.page.getByText('Sign in with a token instead').click();
    await window.page.getByLabel('Token', { exact: true }).fill(stage.pulse.sign('ada'));
    await isFine(window);
    await window.page.reload();
    await window.sees('Pick a user');
    await window.pictures('dashboard-signin');
  },

  async 'nothing is there yet'(stage) {
    const window = await stage.window();
    await signIn(window, 'nobody');
    await window.sees('This is where it happens');
    await window.sees('Nothing to count yet');
    await isFine(window);
    await window.pictures('dashboard-empty');
    await bell(window).click();
    await window.sees('Nothing to tell');
    await isFine(window);
  },

  async 'everything is there'(stage) {
    await fillDemo(stage.pulse, { users: ['ada', 'grace', 'linus', 'margaret', 'ken'], activities: 12 });
    const window = await stage.window();
    await signIn(window, 'ada');
    await hasFeed(window);
    await window.sees('Hours a day');
    await isFine(window);
    await window.pictures('dashboard');
    await bell(window).click();
    await isFine(window);
    await window.pictures('dashboard-notifications');
    await window.page.keyboard.press('Escape');
    await window.page.getByRole('button', { name: 'Menu of ada' }).click();
    await isFine(window);
    await window.page.keyboard.press('Escape');
    for (const [tab, form] of [['Notify', 'New notification'], ['Hours', 'Log hours'], ['Streak', 'Set the streak']]) {
      await (await createTab(window, tab, form)).getByRole('button').click();
      await window.isAccessible();
    }
    for (const summary of ['Show as a table: Hours a day', 'Show as a table: Hours a month']) {
      await window.page.getByText(summary).click();
    }
    await isFine(window);
    await window.page.setViewportSize(PHONE);
    for (const part of ['Progress', 'Create', 'Leaders']) {
      await window.page.getByRole('navigation', { name: 'Parts of the dashboard' }).getByText(part).click();
      await window.isAccessible();
    }
  },

  async 'it is still being read'(stage) {
    const window = await stage.window();
    let release;
    const held = new Promise((resolve) => { release = resolve; });
    await window.page.route(isGraphQL, async (route) => {
      await held;
      await route.continue();
    });
    await signIn(window, 'slow');
    await window.page.locator('.feed').getByText('Reading activities').waitFor({ state: 'attached' });
    await window.page.locator('.progress').getByText('Reading your progress').waitFor({ state: 'attached' });
    await isFine(window);
    release();
    await window.sees('This is where it happens');
    await window.eventually('all is read', async () => (await window.page.locator('.skeleton').count()) === 0);
  },

  async 'it could not be read, and then it can'(stage) {
    const window = await stage.window();
    const refuse = (route) => route.fulfill({
      status: 200,
      json: { errors: [{ message: 'not for you, today', extensions: { code: 'FORBIDDEN' } }] },
    });
    await window.page.route(isGraphQL, refuse);
    await signIn(window, 'unlucky');
    for (const what of ['Activities', 'Your progress', 'The leaderboard']) {
      await window.page.getByRole('alert').filter({ hasText: `${what} could not be read` }).waitFor();
    }
    await window.sees('Not for you, today');
    await isFine(window);
    await window.page.unroute(isGraphQL, refuse);
    await window.page.locator('.feed').getByRole('button', { name: 'Try again' }).click();
    await window.sees('This is where it happens');
    await window.page.locator('.progress').getByRole('button', { name: 'Try again' }).click();
    await window.sees('Nothing to count yet');
    await activity(window, 'none').waitFor({ state: 'detached' });
  },

  async 'the network is gone, and comes back'(stage) {
    const window = await stage.window();
    await signIn(window, 'traveller');
    await hasFeed(window);
    const context = window.page.context();
    await context.setOffline(true);
    // A connection to this machine stands without a network: it ends with the server.
    await stage.pulse.kill();
    await window.sees('You are offline', '.banner');
    await window.sees('Offline', '.connection');
    // What cannot be sent is taken back, and what was typed stays.
    window.allow(/ERR_INTERNET_DISCONNECTED|ERR_CONNECTION_(REFUSED|RESET)/);
    await createActivity(window, 'into the void');
    const form = window.page.getByRole('form', { name: 'New activity' });
    await form.getByRole('alert').filter({ hasText: 'The server cannot be reached just now.' }).waitFor();
    assert.equal(await form.getByLabel('Title').inputValue(), 'into the void');
    await activity(window, 'into the void').waitFor({ state: 'detached' });
    await isFine(window);
    await stage.pulse.resume();
    await stage.pulse.createActivity('traveller', 'while you were away');
    await context.setOffline(false);
    await isLive(window);
    await activity(window, 'while you were away').waitFor();
    await window.page.locator('.banner').waitFor({ state: 'detached' });
  },

  async 'a session ended'(stage) {
    const window = await stage.window();
    await window.open('/');
    const session = { key: 'kept', token: stage.pulse.sign('late', { seconds: -60 }), development: false };
    window.allow(/console: .*401 /);
    await window.page.evaluate((kept) => sessionStorage.setItem('pulse:session', JSON.stringify(kept)), session);
    await window.page.reload();
    await window.sees('Your session ended.');
    await window.sees('Your token has expired. Sign in with a new one.');
    await isFine(window);
  },

  async 'a first visit costs little, and nothing comes from elsewhere'(stage) {
    const window = await stage.window({ viewport: DESKTOP });
    const loaded = new Map();
    window.page.on('response', (response) => {
      const { pathname } = new URL(response.url());
      if (pathname === '/' || pathname.startsWith('/assets/')) loaded.set(pathname, response);
    });
    await signIn(window, 'thrifty');
    await hasFeed(window);
    await window.isQuiet();
    let bytes = 0;
    for (const [path, response] of loaded) {
      assert.equal(response.headers()['content-encoding'], 'gzip', path);
      const { responseBodySize } = await response.request().sizes();
      // What the server sent, and not less than what it would be at best.
      assert.ok(responseBodySize >= gzipSync(await response.body(), { level: 9 }).length * 0.9, path);
      bytes += responseBodySize;
    }
    console.log(`    the first load of / is ${(bytes / 1000).toFixed(1)} KB in ${loaded.size} files, compressed`);
    assert.ok(bytes < BUDGET, `the first load of / is ${bytes} bytes: ${[...loaded.keys()].join(', ')}`);
    const [page] = [...loaded].filter(([path]) => path === '/').map(([, response]) => response);
    const policy = page.headers()['content-security-policy'];
    assert.match(policy, /default-src 'none'/);
    assert.doesNotMatch(policy, /unsafe|\*|https?:/);
  },
};
