// Makes the pictures of docs/images: the dashboard with the data of `pulse seed`, and things that arrive.
//
//   node pictures.mjs [BINARY] [FOLDER]
//
// Where pngquant is installed, it makes them smaller.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { DEFAULT_BINARY } from '../conformance/server.mjs';
import { launchChromium } from './chromium.mjs';
import { activity, createActivity, hasFeed, signIn } from './dashboard.mjs';
import { demoActivity } from './demo.mjs';
import { Pulse } from './pulse.mjs';
import { PHONE } from './stage.mjs';

const LAPTOP = { width: 1280, height: 800 };
/** How far apart things arrive, so that the line beats. */
const BEAT_MS = 1_700;

const [given = DEFAULT_BINARY, folder = fileURLToPath(new URL('../../docs/images', import.meta.url))] =
  process.argv.slice(2);
const binary = path.resolve(given);

/** A window as the helpers of the scenarios take it, where things move. */
async function open(browser, pulse, { viewport, scheme }) {
  const isMobile = viewport === PHONE;
  const context = await browser.newContext({
    baseURL: pulse.url, colorScheme: scheme, hasTouch: isMobile, isMobile, viewport,
  });
  const page = await context.newPage();
  return { page, open: (route) => page.goto(route) };
}

const keep = (name) => ({ path: path.join(folder, name) });

/** One picture of several: windows by the name of a class and what they show now. */
async function compose(browser, name, size, windows) {
  const context = await browser.newContext({ viewport: size });
  const page = await context.newPage();
  const images = windows.map(([kind, picture]) =>
    `<img class="${kind}" src="data:image/png;base64,${picture.toString('base64')}">`);
  await page.setContent(`
    <style>
      body { box-sizing: border-box; height: 100vh; margin: 0; padding: 48px; background: #ece4f1; overflow: hidden;
        display: flex; justify-content: space-between; align-items: center; }
      img { display: block; box-shadow: 0 18px 40px #3b1a3d40; }
      .laptop { width: ${LAPTOP.width}px; border-radius: 12px; }
      .phone { width: 360px; border-radius: 34px; border: 9px solid #0b0f18; }
      .laptop + .phone { margin: 100px 0 0 -110px; width: 350px; }
    </style>
    ${images.join('')}`);
  await page.screenshot(keep(name));
  await context.close();
}

const data = mkdtempSync(path.join(tmpdir(), 'pulse-pictures-'));
const settings = { DATABASE_URL: `sqlite://${path.join(data, 'pulse.db')}?mode=rwc` };
let browser;
let pulse;
try {
  mkdirSync(folder, { recursive: true });
  // Another binary may do it, where this one has no such command yet.
  execFileSync(process.env.PULSE_SEEDER ?? binary, ['seed', '--users', '8'], { env: { ...process.env, ...settings } });
  pulse = await Pulse.start(binary, settings);
  browser = await launchChromium();
  // Somebody who is at it today.
  const { analytics } = await pulse.rest('GET', '/api/analytics/leaderboard/all');
  const user = analytics.reduce((one, other) => (other.currentStreak > one.currentStreak ? other : one)).userId;

  const laptop = await open(browser, pulse, { viewport: LAPTOP, scheme: 'light' });
  const phone = await open(browser, pulse, { viewport: PHONE, scheme: 'dark' });
  await laptop.open('/');
  await phone.open('/');
  await laptop.page.getByRole('button', { name: user, exact: true }).waitFor();
  // The line is drawn.
  await Promise.all([laptop, phone].map(({ page }) => page.evaluate(() =>
    Promise.all(document.querySelector('.pitch-line path').getAnimations().map(({ finished }) => finished)))));
  await laptop.page.screenshot(keep('dashboard-signin.png'));
  const signin = await phone.page.screenshot();
  for (const window of [laptop, phone]) {
    await signIn(window, user);
    await hasFeed(window);
  }
  await laptop.page.getByRole('button', { name: 'Mark all read' }).click();
  for (const index of [10, 6, 3, 1]) {
    await demoActivity(pulse, user, index);
    await laptop.page.waitForTimeout(BEAT_MS);
  }
  await createActivity(laptop, 'Read a chapter on async Rust');
  await activity(phone, 'Read a chapter on async Rust').waitFor();
  await laptop.page.waitForTimeout(900);
  await laptop.page.getByRole('button', { name: 'Dismiss' }).first().click();
  await laptop.page.mouse.move(0, 0);
  await laptop.page.waitForTimeout(200);
  await compose(browser, 'dashboard.png', { width: 1640, height: 960 }, [
    ['laptop', await laptop.page.screenshot()], ['phone', await phone.page.screenshot()],
  ]);

  const phones = [signin];
  for (const part of ['Activity', 'Progress', 'Create']) {
    await phone.page.getByRole('navigation', { name: 'Parts of the dashboard' }).getByText(part).click();
    await phone.page.waitForTimeout(400);
    phones.push(await phone.page.screenshot());
  }
  await compose(browser, 'dashboard-phone.png', { width: 1640, height: 900 }, phones.map((one) => ['phone', one]));

  const dark = await open(browser, pulse, { viewport: { width: 1440, height: 900 }, scheme: 'dark' });
  await signIn(dark, user);
  await hasFeed(dark);
  for (const index of [7, 2, 11]) {
    await demoActivity(pulse, user, index);
    await dark.page.waitForTimeout(BEAT_MS);
  }
  await dark.page.screenshot(keep('dashboard-dark.png'));
  const pictures = readdirSync(folder).filter((name) => /^dashboard.*\.png$/.test(name)).map((name) => path.join(folder, name));
  spawnSync('pngquant', ['--force', '--ext', '.png', '--quality', '80-98', '--speed', '1', '--strip', ...pictures]);
} finally {
  await browser?.close();
  await pulse?.stop();
  rmSync(data, { recursive: true, force: true });
}
