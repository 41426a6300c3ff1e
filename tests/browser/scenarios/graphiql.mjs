// GraphiQL: as its visitors use it.

import assert from 'node:assert/strict';
import { PHONE } from '../stage.mjs';

/** What axe finds inside GraphiQL's own widgets. */
const THIRD_PARTY = [
  {
    rule: 'nested-interactive',
    within: '.graphiql-tabs',
    why: 'GraphiQL draws each tab as an element that can be chosen, with the button that closes it inside',
  },
];

/** Opens GraphiQL and waits until it can run something. */
async function openGraphiQL(window, route = '/graphiql') {
  await window.open(route);
  await window.page.getByRole('button', { name: /^Execute query/ }).waitFor();
  // Words have their colours once the language has been loaded.
  await window.page.locator('.graphiql-query-editor .view-line span[class^=mtk]:not(.mtk1)').first().waitFor();
}

/** Chooses an operation of the document at the play button. */
async function run(window, operation) {
  await window.page.getByRole('button', { name: /^Execute query/ }).click();
  await window.page.getByRole('menuitem', { name: operation, exact: true }).click();
}

/** What Monaco shows in an editor, spaces as spaces. */
async function textOf(window, editor) {
  return (await window.page.locator(`${editor} .view-lines`).first().innerText()).replaceAll('\u00a0', ' ');
}

const answer = (window) => textOf(window, '.result-window');

/** The user of the token in the headers editor, as the requests carry it. */
async function userOfRequest(window, act) {
  const [request] = await Promise.all([
    window.page.waitForRequest((one) => one.method() === 'POST' && one.url().endsWith('/graphql')),
    act(),
  ]);
  const { authorization } = await request.allHeaders();
  if (authorization === undefined) return undefined;
  return JSON.parse(Buffer.from(authorization.split('.')[1], 'base64url').toString()).sub;
}

export const tests = {
  async 'runs a query as a user who can be changed'(stage) {
    await stage.pulse.createActivity('ada', 'of ada');
    await stage.pulse.createActivity('bob', 'of bob');
    const window = await stage.window();
    await openGraphiQL(window);
    await window.sees('As ada', '.run-as');
    assert.equal(await userOfRequest(window, () => run(window, 'Activities')), 'ada');
    await window.eventually('ada’s activity', async () => (await answer(window)).includes('of ada'));
    await window.runAs('bob');
    assert.equal(await userOfRequest(window, () => run(window, 'Activities')), 'bob');
    await window.eventually('bob’s activity', async () => (await answer(window)).includes('of bob'));
    assert.ok(!(await answer(window)).includes('of ada'));
    await window.runAs('');
    assert.equal(await userOfRequest(window, () => run(window, 'Activities')), undefined);
    await window.eventually('the reason', async () => (await answer(window)).includes('userId is required'));
  },

  async 'follows a subscription over a socket'(stage) {
    const window = await stage.window();
    await openGraphiQL(window);
    await window.runAs('sub');
    const socket = window.page.waitForEvent('websocket');
    await run(window, 'ActivityCreated');
    assert.match((await socket).url(), /\/graphql\/ws$/);
    // Nothing tells when a subscription has started, so events are made until one arrives.
    let made = 0;
    await window.eventually('an event', async () => {
      made += 1;
      await stage.pulse.createActivity('sub', `event ${made}`);
      return /event \d/.test(await answer(window));
    });
    await window.page.getByRole('button', { name: /^Stop query/ }).click();
    await window.page.getByRole('button', { name: /^Execute query/ }).waitFor();
  },

  async 'runs a new tab as the same user'(stage) {
    const window = await stage.window();
    await openGraphiQL(window);
    await window.runAs('ada');
    await window.page.getByRole('button', { name: 'New tab' }).click();
    const typed = await userOfRequest(window, async () => {
      await window.page.locator('.graphiql-query-editor .view-lines').click();
      await window.page.keyboard.type('query Mine { activeUsers }');
      // GraphiQL takes the operation up a moment later, and names the tab by it.
      await window.sees('Mine', '.graphiql-tabs');
      await window.page.keyboard.press('Control+Enter');
    });
    assert.equal(typed, 'ada');
    await window.eventually('the answer', async () => (await answer(window)).includes('activeUsers'));
  },

  async 'says so when the server is gone, and goes on when it is back'(stage) {
    const window = await stage.window();
    await openGraphiQL(window);
    await window.runAs('ada');
    // A worker of the editor that cannot be loaded any more is not what this is about.
    await window.isQuiet();
    await stage.pulse.kill();
    window.allow(/ERR_CONNECTION_REFUSED/);
    await run(window, 'Analytics');
    await window.eventually('the reason', async () => (await answer(window)).includes('POST /graphql failed'));
    await stage.pulse.resume();
    await run(window, 'Analytics');
    await window.eventually('an answer', async () => (await answer(window)).includes('"data"'));
  },

  async 'gets another token when the server does not take its own any more'(stage) {
    const window = await stage.window();
    await openGraphiQL(window);
    await window.runAs('ada');
    await window.isQuiet();
    await stage.pulse.kill();
    await stage.pulse.resume({ JWT_SECRET: '' });
    window.allow(/console: .*401 /);
    await run(window, 'Activities');
    await window.sees('New token for ada: try again', '.run-as');
    await run(window, 'Activities');
    await window.eventually('an answer', async () => (await answer(window)).includes('"data"'));
    await stage.pulse.kill();
    await stage.pulse.resume();
    // A socket is refused by its close code.
    await run(window, 'UnreadCounts');
    await window.eventually('the reason', async () => (await answer(window)).includes('4403'));
    await window.sees('New token for ada: try again', '.run-as');
    await run(window, 'UnreadCounts');
    await window.eventually('the counts', async () => (await answer(window)).includes('"unreadCounts"'));
  },

  async 'is what a browser is shown at /graphql'(stage) {
    const window = await stage.window();
    await openGraphiQL(window, '/graphql');
    await run(window, 'Leaderboard');
    await window.eventually('an answer', async () => (await answer(window)).includes('"leaderboard"'));
  },

  async 'can be used by everybody'(stage) {
    const window = await stage.window();
    await openGraphiQL(window);
    await window.runAs('ada');
    await run(window, 'Activities');
    await window.eventually('an answer', async () => (await answer(window)).includes('"activities"'));
    await window.isAccessible(THIRD_PARTY);
    await window.page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
    await window.sees('Query', '.graphiql-doc-explorer');
    await window.isAccessible(THIRD_PARTY);
    await window.page.getByRole('button', { name: 'Hide Documentation Explorer' }).click();
    await window.pictures('graphiql');
    await window.page.setViewportSize(PHONE);
    await window.fits();
    await window.page.emulateMedia({ colorScheme: 'dark' });
    await window.isAccessible(THIRD_PARTY);
  },
};
