// The dashboard, as the scenarios use it.

import assert from 'node:assert/strict';

/** What a browser says of a server that is gone, and of a request that it took along. */
export const GONE = /ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE/;

/** Signs in on a development server as a user of this name, and waits until events arrive. */
export async function signIn(window, user, { service = false } = {}) {
  await window.open('/');
  await window.page.getByRole('textbox', { name: /Or be somebody else|Who are you\?/ }).fill(user);
  if (service) await window.page.getByLabel(/Act as a service/).check();
  await window.page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await isLive(window);
}

/** Signs in with a token. */
export async function pasteToken(window, token) {
  // In development the way in by token is folded up.
  const other = window.page.locator('details:not([open]) > summary', { hasText: 'Sign in with a token instead' });
  if (await other.isVisible()) await other.click();
  await window.page.getByLabel('Token', { exact: true }).fill(token);
  await window.page.getByRole('button', { name: 'Sign in with this token' }).click();
}

/** Waits until events arrive. */
export const isLive = (window) => window.page.locator('.connection-live').waitFor();

/** Waits until the window's feed was read. */
export async function hasFeed(window) {
  await window.page.locator('.feed .item, .feed .state').first().waitFor();
}

/** The activities that are shown, as a locator of the rows with this title. */
export const activity = (window, title) =>
  window.page.locator('.feed .item').filter({ has: window.page.getByRole('heading', { name: title }) });

/** Waits until the titles that the feed shows are these, newest first. */
export async function showsActivities(window, titles) {
  let shown;
  await window
    .eventually('the list of activities', async () => {
      shown = await titlesOf(window);
      return JSON.stringify(shown) === JSON.stringify(titles);
    })
    .catch(() => assert.deepEqual(shown, titles, `${window.name} shows other activities`));
}

async function titlesOf(window) {
  const titles = await window.page.locator('.feed .item h3').allInnerTexts();
  return titles.map((title) => title.replace(/^Unread:\s+/, ''));
}

export const bell = (window) => window.page.getByRole('button', { name: /^Notifications/ });

/** Waits until the bell counts this many unread notifications. */
export const countsUnread = (window, count) =>
  window.page
    .getByRole('button', { name: count === 0 ? /^Notifications$/ : `Notifications, ${count} unread` })
    .waitFor();

/** Waits until the head of the feed counts this many unread activities. */
export async function countsUnreadActivities(window, count) {
  const words = window.page.getByTestId('unread-activities');
  if (count === 0) await words.waitFor({ state: 'detached' });
  else await words.getByText(`${count} unread`, { exact: true }).waitFor();
}

/** Creates an activity with the form. */
export async function createActivity(window, title) {
  const form = window.page.getByRole('form', { name: 'New activity' });
  await form.getByLabel('Title').fill(title);
  await form.getByRole('button', { name: 'Create activity' }).click();
}

/** Opens a tab of the create panel; gives its form. */
export async function createTab(window, tab, form) {
  await window.page.getByRole('tab', { name: tab }).click();
  return window.page.getByRole('form', { name: form });
}
