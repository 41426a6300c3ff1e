// The dashboard in use: filters, long lists, forms, notifications, and the keyboard alone.

import assert from 'node:assert/strict';
import {
  activity, bell, countsUnread, countsUnreadActivities, createActivity, createTab, hasFeed, showsActivities, signIn,
} from '../dashboard.mjs';
import { PHONE } from '../stage.mjs';

const alertIn = (form, text) => form.getByRole('alert').filter({ hasText: text }).waitFor();

async function openFor(stage, user, options) {
  const window = await stage.window(options);
  await signIn(window, user);
  await hasFeed(window);
  return window;
}

export const tests = {
  async 'the feed is filtered by kind and by what is unread, live'(stage) {
    const make = (type, title) => stage.pulse.rest('POST', '/api/activities', { userId: 'ada', type, title });
    await make('log_created', 'a log');
    const read = await make('goal_completed', 'an old goal');
    await make('goal_completed', 'a goal');
    await stage.pulse.rest('PATCH', `/api/activities/${read._id}/read`);
    const window = await openFor(stage, 'ada');
    const filters = window.page.getByRole('group', { name: 'Show' });
    const choose = (name) => filters.getByRole('button', { name, exact: true }).click();
    await choose('Goal');
    await showsActivities(window, ['a goal', 'an old goal']);
    await choose('Unread');
    await showsActivities(window, ['a goal']);
    await make('skill_added', 'a skill');
    await make('goal_completed', 'a new goal');
    await showsActivities(window, ['a new goal', 'a goal']);
    await window.page.getByRole('button', { name: 'Mark as read: a goal' }).click();
    await showsActivities(window, ['a new goal']);
    await choose('E-mail');
    await window.sees('Nothing fits');
    await window.page.getByRole('button', { name: 'Show all activities' }).click();
    await showsActivities(window, ['a new goal', 'a skill', 'a goal', 'an old goal', 'a log']);
  },

  async 'a long feed is read to its end'(stage) {
    for (let index = 1; index <= 45; index += 1) await stage.pulse.createActivity('ben', `number ${index}`);
    const window = await openFor(stage, 'ben');
    const rows = window.page.locator('.feed .item');
    await window.eventually('the first page', async () => (await rows.count()) === 20);
    for (const count of [40, 45]) {
      await rows.last().scrollIntoViewIfNeeded();
      await window.page.locator('.feed .more').scrollIntoViewIfNeeded();
      // Its end may have come into view once more meanwhile.
      await window.eventually(`${count} rows`, async () => (await rows.count()) >= count);
    }
    await window.sees('That is everything.', '.feed');
    await showsActivities(window, Array.from({ length: 45 }, (_, index) => `number ${45 - index}`));
  },

  async 'without an observer of the end, a button reads on'(stage) {
    for (let index = 1; index <= 25; index += 1) await stage.pulse.createActivity('bea', `number ${index}`);
    const window = await stage.window();
    await window.page.addInitScript(() => { delete globalThis.IntersectionObserver; });
    await signIn(window, 'bea');
    await hasFeed(window);
    await window.page.getByRole('button', { name: 'Load older activities' }).click();
    await window.eventually('25 rows', async () => (await window.page.locator('.feed .item').count()) === 25);
  },

  async 'an activity shows its data and its exact time'(stage) {
    const data = { chapter: 4, tags: ['rust', '<b>bold</b>'] };
    const made = await stage.pulse.rest('POST', '/api/activities', {
      userId: 'cid', type: 'log_created', title: '<img src=x onerror=alert(1)>', description: 'two\nlines', data,
    });
    const window = await openFor(stage, 'cid');
    const row = activity(window, '<img src=x onerror=alert(1)>');
    await row.getByText('Data').click();
    assert.deepEqual(JSON.parse(await row.locator('pre').innerText()), data);
    const time = row.locator('time');
    assert.equal(await time.getAttribute('datetime'), made.timestamp);
    assert.match(await time.getAttribute('title'), /\d{4} at \d/);
    assert.equal(await time.innerText(), 'just now');
  },

  async 'forms say what is wrong at the field, and take it back from the feed'(stage) {
    const window = await openFor(stage, 'dina');
    const form = window.page.getByRole('form', { name: 'New activity' });
    await createActivity(window, '  ');
    await alertIn(form, 'A title is required.');
    await createActivity(window, 'x'.repeat(201));
    await alertIn(form, 'Must have 1 to 200 characters.');
    assert.equal(await form.getByLabel('Title').getAttribute('aria-invalid'), 'true');
    assert.equal(await form.getByLabel('Title').inputValue(), 'x'.repeat(201), 'what was typed stays');
    await window.sees('This is where it happens');

    const notification = await createTab(window, 'Notify', 'New notification');
    await notification.getByLabel('Title').fill('A link');
    await notification.getByLabel('Message').fill('to somewhere');
    await notification.getByLabel('Link').fill('javascript:alert(1)');
    await notification.getByRole('button', { name: 'Send notification' }).click();
    await alertIn(notification, 'Must be a path that starts with one / or an http(s) URL.');
    await countsUnread(window, 0);

    const hours = await createTab(window, 'Hours', 'Log hours');
    await hours.getByLabel('Hours').fill('25');
    await hours.getByRole('button', { name: 'Log hours' }).click();
    await alertIn(hours, 'Must be from 0 to 24.');
    await hours.getByLabel('Hours').fill('many');
    await hours.getByRole('button', { name: 'Log hours' }).click();
    await alertIn(hours, 'Must be a number.');

    const streak = await createTab(window, 'Streak', 'Set the streak');
    await streak.getByLabel('Current streak').fill('-1');
    await streak.getByRole('button', { name: 'Set streak' }).click();
    await alertIn(streak, 'Must be a whole number from 0');
    await window.sees('Nothing to count yet');
    // The form of the first tab is as it was left.
    await window.page.getByRole('tab', { name: 'Activity' }).click();
    assert.equal(await form.getByLabel('Title').inputValue(), 'x'.repeat(201));
    await form.getByLabel('Title').fill('All is well');
    await form.getByLabel('Type').selectOption('Skill');
    await form.getByLabel('Description').fill('at last');
    await form.getByRole('button', { name: 'Create activity' }).click();
    await activity(window, 'All is well').getByText('Skill').waitFor();
    await window.page.getByRole('status').filter({ hasText: 'Activity created.' }).waitFor();
    assert.equal(await form.getByLabel('Title').inputValue(), '');
    assert.equal(await form.getByRole('alert').count(), 0);
  },

  async 'notifications are listed, followed, read and cleared'(stage) {
    const make = (title, more) => stage.pulse.rest('POST', '/api/notifications', {
      userId: 'eli', type: 'system', title, message: 'A message.', ...more,
    });
    for (let index = 1; index <= 22; index += 1) await make(`number ${index}`);
    await make('with a path', { actionUrl: '/goals/1' });
    await make('with an address', { actionUrl: 'https://example.com/a' });
    const window = await openFor(stage, 'eli');
    await countsUnread(window, 24);
    await bell(window).click();
    const panel = window.page.getByRole('dialog', { name: 'Notifications' });
    const rows = panel.locator('.item');
    const link = (title) => panel.getByRole('link', { name: `Open ${title} in a new window` });
    assert.equal(await link('with a path').getAttribute('href'), '/goals/1');
    assert.equal(await link('with an address').getAttribute('href'), 'https://example.com/a');
    assert.equal(await panel.getByRole('link').count(), 2);
    await rows.last().scrollIntoViewIfNeeded();
    await panel.locator('.more').scrollIntoViewIfNeeded();
    await window.eventually('the second page', async () => (await rows.count()) === 24);
    await panel.getByRole('button', { name: 'Delete: number 1', exact: true }).click();
    await countsUnread(window, 23);
    await panel.getByRole('button', { name: 'Mark all read' }).click();
    await countsUnread(window, 0);
    await panel.getByRole('button', { name: 'Clear all' }).click();
    await panel.getByRole('alertdialog').getByRole('button', { name: 'Keep them' }).click();
    assert.equal(await rows.count(), 23);
    await panel.getByRole('button', { name: 'Clear all' }).click();
    await window.isAccessible();
    await panel.getByRole('button', { name: 'Delete all' }).click();
    await window.sees('Nothing to tell', panel);
    // The page shows the deletion before the server has answered it.
    await window.eventually('the deletion', async () => (
      (await stage.pulse.rest('GET', '/api/notifications/eli')).total === 0
    ));
    // What comes now shows in the open panel.
    await make('afterwards');
    await window.sees('afterwards', panel);
  },

  async 'a link that is not safe to follow is none'(stage) {
    for (const [title, actionUrl] of [['good', '/goals'], ['bad', '/forged']]) {
      await stage.pulse.rest('POST', '/api/notifications', { userId: 'elf', type: 'system', title, message: 'x', actionUrl });
    }
    const window = await stage.window();
    // The server takes no such link: one that comes all the same is not followed.
    await window.page.route((url) => url.pathname === '/graphql', async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, body: (await response.text()).replaceAll('/forged', 'javascript:alert(1)') });
    });
    await signIn(window, 'elf');
    await bell(window).click();
    const panel = window.page.getByRole('dialog', { name: 'Notifications' });
    await window.sees('bad', panel);
    const targets = await panel.getByRole('link').evaluateAll((links) => links.map((link) => link.getAttribute('href')));
    assert.deepEqual(targets, ['/goals']);
  },

  async 'the leaderboard marks one’s own row, and shows more'(stage) {
    for (let index = 1; index <= 12; index += 1) {
      await stage.pulse.rest('PATCH', `/api/analytics/learner-${index}/learning-hours`, { hours: 1_000 - index });
    }
    const window = await openFor(stage, 'learner-12');
    const rows = window.page.locator('.leader');
    await window.eventually('ten rows', async () => (await rows.count()) === 10);
    assert.equal(await window.page.locator('.leader-own').count(), 0);
    await window.page.locator('.leaders').getByRole('button', { name: 'Show more' }).click();
    await window.sees('988 h', window.page.locator('.leader-own'));
    await window.sees('You', window.page.locator('.leader-own'));
    assert.equal(await rows.nth(11).locator('.leader-rank').innerText(), '12');
  },

  async 'everything is done from the keyboard'(stage) {
    await stage.pulse.createActivity('fred', 'an activity');
    await stage.pulse.createNotification('fred', 'a notification');
    const window = await openFor(stage, 'fred');
    await countsUnread(window, 1);
    const { keyboard } = window.page;
    const focused = () => window.page.evaluate(() => {
      const { activeElement: element } = document;
      if (element === document.body) return 'BODY';
      const label = element.labels?.[0]?.textContent.trim();
      return label || element.getAttribute('aria-label') || element.textContent.trim() || element.tagName;
    });
    const isVisible = () => window.page.evaluate(() => {
      const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
      return outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2;
    });
    // Through the whole page, once, by Tab alone.
    await window.page.evaluate(() => document.activeElement.blur());
    const seen = [];
    for (let step = 0; step < 80; step += 1) {
      await keyboard.press('Tab');
      const name = await focused();
      if (name === 'BODY' || (seen.length > 0 && name === seen[0])) break;
      assert.ok(await isVisible(), `the focus on '${name}' can be seen`);
      seen.push(name);
    }
    const wanted = [
      'Skip to the activities', 'Use the dark theme', 'Notifications, 1 unread', 'Menu of fred', 'Mark all read', 'All', 'Goal',
      'Unread', 'Mark as read: an activity', 'Delete: an activity', 'Log hours', 'Activity', 'Title', 'Type',
      'Description optional', 'Create activity', 'Open a second window to watch', 'GraphiQL', 'the REST docs',
    ];
    assert.deepEqual(wanted.filter((name) => !seen.includes(name)), [], `Tab reaches: ${seen.join(', ')}`);

    // The panel takes the focus, and gives it back.
    await bell(window).focus();
    await keyboard.press('Enter');
    await window.page.getByRole('dialog', { name: 'Notifications' }).waitFor();
    await keyboard.press('Tab');
    assert.equal(await focused(), 'Close notifications');
    await keyboard.press('Escape');
    await window.page.getByRole('dialog').waitFor({ state: 'detached' });
    assert.equal(await focused(), 'Notifications, 1 unread');
    // Escape in the question closes the question alone.
    await keyboard.press('Enter');
    await window.page.getByRole('button', { name: 'Clear all' }).focus();
    await keyboard.press('Enter');
    await window.page.getByRole('alertdialog').waitFor();
    assert.equal(await focused(), 'Keep them');
    await keyboard.press('Escape');
    await window.page.getByRole('alertdialog').waitFor({ state: 'detached' });
    await window.eventually('the focus is back', async () => (await focused()) === 'Clear all');
    await keyboard.press('Escape');
    assert.equal(await focused(), 'Notifications, 1 unread');
    // The menu, left by Tab, closes.
    await window.page.getByRole('button', { name: 'Menu of fred' }).focus();
    await keyboard.press('Space');
    await window.page.locator('#user-menu').waitFor();
    await keyboard.press('Shift+Tab');
    await window.page.locator('#user-menu').waitFor({ state: 'detached' });
    // Arrows go from tab to tab.
    await window.page.getByRole('tab', { name: 'Activity' }).focus();
    await keyboard.press('ArrowRight');
    assert.equal(await focused(), 'Notify');
    await keyboard.press('End');
    await window.page.getByRole('form', { name: 'Set the streak' }).waitFor();
    await keyboard.press('Home');
    await keyboard.press('Tab');
    await keyboard.type('typed');
    await keyboard.press('Enter');
    await showsActivities(window, ['typed', 'an activity']);
    await countsUnreadActivities(window, 2);
  },

  async 'the theme is chosen, and remembered'(stage) {
    const window = await stage.window();
    await window.open('/');
    const shown = () => window.page.evaluate(() => getComputedStyle(document.documentElement).colorScheme);
    await window.page.getByRole('button', { name: 'Use the dark theme' }).click();
    assert.equal(await shown(), 'dark');
    await window.page.reload();
    await window.page.getByRole('button', { name: 'Use the light theme' }).waitFor();
    assert.equal(await shown(), 'dark');
    await window.page.getByRole('button', { name: 'Use the light theme' }).click();
    // Back at what the system says, it follows the system.
    await window.page.emulateMedia({ colorScheme: 'dark' });
    await window.page.getByRole('button', { name: 'Use the light theme' }).waitFor();
  },

  async 'on a phone there is one part at a time'(stage) {
    const window = await openFor(stage, 'gina', { viewport: PHONE });
    const nav = window.page.getByRole('navigation', { name: 'Parts of the dashboard' });
    const part = (name) => window.page.getByRole('heading', { level: 2, name, exact: true });
    for (const [button, shown, hidden] of [
      ['Progress', 'Progress', 'Activity'], ['Create', 'Create', 'Progress'], ['Leaders', 'Leaderboard', 'Create'],
      ['Activity', 'Activity', 'Leaderboard'],
    ]) {
      await nav.getByRole('button', { name: button }).click();
      await part(shown).waitFor();
      assert.ok(!(await part(hidden).isVisible()), `${hidden} is away`);
      await window.fits();
    }
    await window.page.getByRole('button', { name: 'Write one yourself' }).click();
    await window.eventually('the cursor is in the form', () =>
      window.page.getByRole('form', { name: 'New activity' }).getByLabel('Title').evaluate((field) => field === document.activeElement));
    await createActivity(window, 'From the phone');
    await window.page.getByRole('status').filter({ hasText: 'Activity created.' }).waitFor();
    await nav.getByRole('button', { name: 'Activity' }).click();
    await showsActivities(window, ['From the phone']);
  },
};
