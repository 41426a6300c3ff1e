// One test's stage: windows of people, and what no window may do.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';

export const PHONE = { width: 390, height: 844 };
export const DESKTOP = { width: 1440, height: 900 };

/** How long something may take to show. */
const SHOWN_MS = 40_000;
/** How often `eventually` tries again. */
const AGAIN_MS = 250;

/** How long a page may go on loading before a test goes on. */
const QUIET_MS = 5_000;

export class Stage {
  #browser;
  #screenshots;
  #windows = [];
  #forgotten = [];

  constructor({ browser, pulse, screenshots }) {
    this.#browser = browser;
    this.#screenshots = screenshots;
    this.pulse = pulse;
  }

  /** A window with a profile of its own, as another person's browser has it. */
  async window({ name = `window ${this.#windows.length + 1}`, viewport = DESKTOP, scheme = 'light' } = {}) {
    const context = await this.#browser.newContext({
      baseURL: this.pulse.url,
      colorScheme: scheme,
      reducedMotion: 'reduce',
      viewport,
    });
    context.setDefaultTimeout(SHOWN_MS);
    const window = new Window(name, context, this.pulse.url, this.#screenshots);
    this.#windows.push(window);
    await window.start();
    return window;
  }

  /** Fails where a window did what none may do. */
  checkAll() {
    for (const window of this.#windows) window.check();
  }

  /** Leaves out a window at the end: the test has looked at it. */
  forget(window) {
    this.#windows = this.#windows.filter((one) => one !== window);
    this.#forgotten.push(window);
  }

  /** What the windows and the server said, for who looks for a failure's cause. */
  told() {
    return [...this.#windows.flatMap((window) => window.told()), ...this.pulse.log().map((line) => `server: ${line}`)];
  }

  /** Keeps a picture of each window as the failure left it, where pictures are asked for. */
  async keepFailure(test) {
    if (this.#screenshots === undefined) return;
    mkdirSync(this.#screenshots, { recursive: true });
    for (const window of this.#windows) {
      const file = `FAILED ${test} ${window.name}.png`.replace(/[^\w.]+/g, '-');
      await window.page.screenshot({ path: path.join(this.#screenshots, file) }).catch(() => {});
    }
  }

  async close() {
    for (const window of [...this.#windows, ...this.#forgotten]) await window.close();
  }
}

/** A window with one page in it. Any other host, any error in the console and any breach of the policy is a problem. */
class Window {
  #allowed = [];
  #problems = [];
  /** Windows of the same browser. */
  #others = [];
  #context;
  #origin;
  #screenshots;

  constructor(name, context, origin, screenshots) {
    this.name = name;
    this.#context = context;
    this.#origin = origin;
    this.#screenshots = screenshots;
  }

  async start() {
    await this.#context.addInitScript(() => {
      addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sourceFile, lineNumber }) => {
        console.error(`policy: ${violatedDirective} forbids ${blockedURI} (${sourceFile}:${lineNumber})`);
      });
    });
    this.#context.on('request', (request) => this.#look(request.url()));
    this.#watch(await this.#context.newPage());
  }

  /** Another window of the same browser: it shares what the browser keeps. */
  async another(name) {
    return this.#adopt(name, await this.#context.newPage());
  }

  /** The window of the same browser that `act` opens. */
  async opens(act) {
    const [page] = await Promise.all([this.#context.waitForEvent('page'), act()]);
    return this.#adopt(`${this.name}, opened`, page);
  }

  #adopt(name, page) {
    const other = new Window(name, this.#context, this.#origin, this.#screenshots);
    other.#watch(page);
    this.#others.push(other);
    return other;
  }

  #watch(page) {
    this.page = page;
    this.page.on('console', (message) => {
      if (message.type() === 'error') this.#problem(`console: ${message.text()} ${message.location().url}`.trim());
    });
    this.page.on('pageerror', (error) => this.#problem(`uncaught: ${error.message} ${error.stack}`));
    this.page.on('websocket', (socket) => this.#look(socket.url()));
  }

  #look(url) {
    const { protocol, host } = new URL(url);
    const local = ['data:', 'blob:', 'about:'].includes(protocol) || host === new URL(this.#origin).host;
    if (!local) this.#problem(`request to another host: ${url}`);
  }

  #problem(text) {
    this.#problems.push(text);
  }

  /** Expects a problem: it is none where it comes, and fails the test where it does not. */
  allow(pattern) {
    this.#allowed.push(pattern);
  }

  check() {
    const unexpected = this.#problems.filter((text) => !this.#allowed.some((pattern) => pattern.test(text)));
    assert.deepEqual(unexpected, [], `${this.name} has problems`);
    const missing = this.#allowed.filter((pattern) => !this.#problems.some((text) => pattern.test(text)));
    assert.deepEqual(missing, [], `${this.name} was to have problems that it did not have`);
    for (const other of this.#others) other.check();
  }

  told() {
    const own = this.#problems.map((text) => `${this.name}: ${text}`);
    return [...own, ...this.#others.flatMap((other) => other.told())];
  }

  async close() {
    await this.#context.close();
  }

  /** Opens a path of the server; gives the response. */
  open(route) {
    return this.page.goto(route);
  }

  /** Waits until `text` (a string or a pattern) is to be seen within `where` (a selector or locator). */
  async sees(text, where = 'body') {
    const within = typeof where === 'string' ? this.page.locator(where) : where;
    await within.getByText(text).first().waitFor();
  }

  /** Waits until `look` gives what is neither false nor nothing. It may act, as by asking once more. */
  async eventually(what, look) {
    const deadline = Date.now() + SHOWN_MS;
    for (;;) {
      const found = await look();
      if (found) return found;
      if (Date.now() > deadline) throw new Error(`${this.name}: ${what} did not come within ${SHOWN_MS} ms`);
      await this.page.waitForTimeout(AGAIN_MS);
    }
  }

  /** Waits until the page loads nothing more, but not for long: Chromium does not always say so. */
  async isQuiet() {
    await this.page.waitForLoadState('networkidle', { timeout: QUIET_MS }).catch(() => undefined);
  }

  /** Chooses a user at "Run as", which GraphiQL and the REST docs have; an empty name is no user at all. */
  async runAs(user) {
    await this.page.getByLabel('Run as').fill(user);
    await this.page.getByRole('button', { name: 'Use', exact: true }).click();
    await this.sees(user === '' ? 'No token: as a service' : `As ${user}`, '.run-as');
  }

  /**
   * Fails where axe finds something serious or critical. `except` lists what is known inside a third party's widget:
   * `{ rule, within, why }`; one that nothing needs any more fails too.
   */
  async isAccessible(except = []) {
    const { violations } = await new AxeBuilder({ page: this.page }).analyze();
    const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
    const found = serious.flatMap(({ id, nodes }) =>
      nodes.map(({ target, html }) => ({ rule: id, target: target.flat().join(' '), html: html.slice(0, 200) })));
    const used = new Set();
    const wrong = [];
    for (const one of found) {
      const exception = await this.#exceptionFor(one, except);
      if (exception) used.add(exception);
      else wrong.push(one);
    }
    assert.deepEqual(wrong, [], `axe finds on ${this.page.url()}`);
    const idle = except.filter((exception) => !used.has(exception));
    assert.deepEqual(idle, [], 'these exceptions are not needed any more');
  }

  async #exceptionFor({ rule, target }, except) {
    for (const exception of except.filter((one) => one.rule === rule)) {
      const inside = await this.page.locator(target).first().evaluate(
        (element, selector) => element.closest(selector) !== null,
        exception.within,
      );
      if (inside) return exception;
    }
    return undefined;
  }

  /** That the page is not wider than the window, once it has arranged itself: a person would have to move it sideways. */
  async fits() {
    let content;
    let room;
    await this.eventually('a page that fits', async () => {
      [content, room] = await this.page.evaluate(() => [
        document.documentElement.scrollWidth,
        document.documentElement.clientWidth,
      ]);
      return content <= room;
    }).catch(() => assert.fail(`${this.page.url()} is ${content} px wide in a window of ${room}`));
  }

  /** Keeps pictures as phone and desktop show the page, light and dark, where pictures are asked for. */
  async pictures(name, { settle = async () => {} } = {}) {
    if (this.#screenshots === undefined) return;
    mkdirSync(this.#screenshots, { recursive: true });
    const before = this.page.viewportSize();
    for (const [size, viewport] of Object.entries({ phone: PHONE, desktop: DESKTOP })) {
      await this.page.setViewportSize(viewport);
      for (const colorScheme of ['light', 'dark']) {
        await this.page.emulateMedia({ colorScheme });
        await settle();
        await this.page.screenshot({ path: path.join(this.#screenshots, `${name}-${size}-${colorScheme}.png`) });
      }
    }
    await this.page.setViewportSize(before);
    await this.page.emulateMedia({ colorScheme: 'light' });
  }
}
