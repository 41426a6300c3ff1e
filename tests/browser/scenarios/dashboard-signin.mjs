// The dashboard's way in: as anybody in development, with a token everywhere.

import assert from 'node:assert/strict';
import { GONE, activity, createTab, countsUnread, hasFeed, isLive, pasteToken, signIn } from '../dashboard.mjs';

const userMenu = (window, user) => window.page.getByRole('button', { name: `Menu of ${user}` });
const errorOf = (window, text) => window.page.getByRole('alert').filter({ hasText: text }).waitFor();

export const tests = {
  async 'the first visitor types a name and is told what to do'(stage) {
    const window = await stage.window();
    await window.open('/');
    await window.page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await errorOf(window, 'Type a name');
    await window.page.getByLabel('Who are you?').fill('newcomer');
    await window.page.keyboard.press('Enter');
    await isLive(window);
    await window.sees('This is where it happens');
    await window.sees('pulse seed', '.feed');
    await window.page.getByRole('button', { name: 'Create a first activity' }).click();
    await activity(window, 'Hello, Pulse').waitFor();
    await window.eventually('the title counts', async () => (await window.page.title()) === '(1) newcomer · Pulse');
  },

  async 'a user is picked'(stage) {
    await stage.pulse.createActivity('ada', 'of ada');
    const window = await stage.window();
    await window.open('/');
    await window.page.getByRole('group', { name: 'Pick a user' }).getByRole('button', { name: 'ada' }).click();
    await activity(window, 'of ada').waitFor();
    await userMenu(window, 'ada').click();
    await window.sees('A development token, renewed by itself.', '#user-menu');
  },

  async 'a service writes for everybody'(stage) {
    const [service, bob] = [await stage.window({ name: 'service' }), await stage.window({ name: 'bob' })];
    await signIn(bob, 'bob');
    await signIn(service, 'robot', { service: true });
    const form = await createTab(service, 'Notify', 'New notification');
    await form.getByLabel('Title').fill('From the robot');
    await form.getByLabel('Message').fill('Well done.');
    await form.getByLabel('For').fill('bob');
    await form.getByRole('button', { name: 'Send notification' }).click();
    await countsUnread(bob, 1);
    await countsUnread(service, 0);
    const own = await createTab(bob, 'Notify', 'New notification');
    assert.equal(await own.getByLabel('For').count(), 0, 'a user writes for nobody else');
  },

  async 'a pasted token is shown, kept over a reload, and forgotten at the end'(stage) {
    const window = await stage.window();
    await window.open('/');
    await pasteToken(window, 'nonsense');
    await errorOf(window, 'This is not a token');
    await pasteToken(window, `Bearer ${stage.pulse.sign('carol', { seconds: 7_300 })}`);
    await isLive(window);
    await userMenu(window, 'carol').click();
    await window.sees('The token ends in 2 hours.', '#user-menu');
    await window.page.reload();
    await isLive(window);
    await userMenu(window, 'carol').click();
    await window.page.getByRole('button', { name: 'Sign out' }).click();
    await window.sees('Pick a user');
    await window.page.reload();
    await window.sees('Pick a user');
    assert.equal(await window.page.evaluate(() => sessionStorage.length), 0);
    assert.equal(await window.page.title(), 'Pulse');
  },

  async 'a token says whose it is before it is used, and the server says what is wrong with it'(stage) {
    const window = await stage.window();
    await window.open('/');
    await window.page.getByText('Sign in with a token instead').click();
    await window.page.getByLabel('Token', { exact: true }).fill(stage.pulse.sign('dora', { seconds: -150, role: 'admin' }));
    await window.sees('dora (admin)', '.whose');
    await window.sees('Ended', '.whose');
    await window.sees('2 minutes ago', '.whose');
    window.allow(/console: .*401 /);
    await window.page.getByRole('button', { name: 'Sign in with this token' }).click();
    await errorOf(window, /expired/i);
  },

  async 'a session whose token ends says so'(stage) {
    const window = await stage.window();
    await window.open('/');
    await pasteToken(window, stage.pulse.sign('erin', { seconds: 4 }));
    await isLive(window);
    await errorOf(window, 'Your token has expired');
    await window.sees('Sign in');
    assert.equal(await window.page.evaluate(() => sessionStorage.length), 0);
    // A reload has forgotten the reason too.
    await window.page.reload();
    await window.sees('Pick a user');
    assert.equal(await window.page.getByText('Your session ended.').count(), 0);
  },

  async 'a development token that is not taken any more is replaced'(stage) {
    const window = await stage.window();
    await window.open('/');
    const session = { key: 'kept', token: stage.pulse.sign('fay', { seconds: -60 }), development: true };
    await window.page.evaluate((kept) => sessionStorage.setItem('pulse:session', JSON.stringify(kept)), session);
    // Calls that had the old token are refused, and sent again.
    window.allow(/console: .*401 /);
    await window.page.reload();
    await isLive(window);
    await window.sees('This is where it happens');
    const { token } = JSON.parse(await window.page.evaluate(() => sessionStorage.getItem('pulse:session')));
    assert.notEqual(token, session.token);
  },

  async 'windows of one browser are different people'(stage) {
    await stage.pulse.createActivity('gil', 'of gil');
    await stage.pulse.createActivity('hal', 'of hal');
    const gil = await stage.window({ name: 'gil' });
    await signIn(gil, 'gil');
    const hal = await gil.another('hal');
    await signIn(hal, 'hal');
    await activity(hal, 'of hal').waitFor();
    await gil.page.reload();
    await activity(gil, 'of gil').waitFor();
    assert.equal(await activity(gil, 'of hal').count(), 0);
    assert.equal(await activity(hal, 'of gil').count(), 0);
  },

  async 'a second window is signed in already, and another user’s is not'(stage) {
    const window = await stage.window();
    await signIn(window, 'ines');
    const second = await window.opens(() => window.page.getByRole('link', { name: 'Open a second window' }).click());
    await isLive(second);
    await hasFeed(second);
    await userMenu(second, 'ines').waitFor();
    await userMenu(window, 'ines').click();
    const other = await window.opens(() => window.page.getByRole('link', { name: 'Open one as another user' }).click());
    await other.sees('Pick a user');
  },

  async 'a server that is gone is no riddle'(stage) {
    const window = await stage.window();
    await window.open('/');
    await window.page.getByLabel(/Or be somebody else|Who are you/).fill('jo');
    await stage.pulse.kill();
    window.allow(GONE);
    await window.page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await errorOf(window, 'The server cannot be reached');
    await stage.pulse.resume();
    await window.page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await isLive(window);
  },
};
