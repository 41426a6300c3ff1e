// The REST docs.

import assert from 'node:assert/strict';
import { PHONE } from '../stage.mjs';

async function openDocs(window, fragment = '') {
  await window.open(`/docs/api${fragment}`);
  await window.page.getByRole('heading', { level: 1, name: /Pulse REST API/ }).waitFor();
}

/** Every method and path of the document. */
async function routesOf(pulse) {
  const { paths } = await pulse.rest('GET', '/api/openapi.json');
  return Object.entries(paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${path}`));
}

export const tests = {
  async 'shows every route of the document, and what it takes and answers'(stage) {
    const routes = await routesOf(stage.pulse);
    assert.ok(routes.length >= 22, `${routes.length} routes`);
    const window = await stage.window();
    await openDocs(window);
    const shown = await window.page.locator('.operation h3').allInnerTexts();
    const plain = shown.map((text) => text.toLowerCase().replace(/\s+/g, ' ').trim());
    assert.deepEqual(plain.toSorted(), routes.map((route) => route.toLowerCase()).toSorted());
    await openDocs(window, '#createActivity');
    const operation = window.page.locator('#createActivity');
    const told = ['portfolio_updated', '1 to 200 characters', 'Any JSON', 'The body is too large'];
    for (const text of told) await window.sees(text, operation);
    for (const status of ['201', '400', '401', '403', '413', '415', '503']) {
      await operation.locator('.answers').getByText(status, { exact: true }).waitFor();
    }
  },

  async 'sends a request as the chosen user'(stage) {
    const window = await stage.window();
    await openDocs(window, '#createActivity');
    await window.runAs('ada');
    const form = window.page.getByRole('form', { name: 'Try createActivity' });
    const body = { type: 'login', title: 'from the docs', data: { deep: [1, 'two'] } };
    await form.getByLabel('Body').fill(JSON.stringify(body));
    await form.getByRole('button', { name: 'Send' }).click();
    await window.sees(/^201 /, form);
    const { activities } = await stage.pulse.rest('GET', '/api/activities/ada');
    assert.deepEqual(activities.map(({ title, data }) => ({ title, data })), [{ title: 'from the docs', data: body.data }]);

    await window.page.getByRole('link', { name: /delete \/activities\// }).click();
    const removal = window.page.getByRole('form', { name: 'Try deleteActivity' });
    await removal.getByRole('textbox').fill(activities[0]._id);
    await removal.getByRole('button', { name: 'Send' }).click();
    await window.sees('Activity deleted', removal);
    assert.equal((await stage.pulse.rest('GET', '/api/activities/ada')).total, 0);
  },

  async 'shows a refusal as it came'(stage) {
    const window = await stage.window();
    await openDocs(window, '#activities');
    await window.runAs('bob');
    window.allow(/console: .*403 /);
    const form = window.page.getByRole('form', { name: 'Try activities' });
    await form.getByLabel('id').fill('ada/she');
    await form.getByLabel('limit').fill('5');
    await window.sees('GET /api/activities/ada%2Fshe?limit=5', form);
    await form.getByRole('button', { name: 'Send' }).click();
    await window.sees(/^403 /, form);
    await window.sees('FORBIDDEN', form);
  },

  async 'can be used by everybody'(stage) {
    const window = await stage.window();
    await openDocs(window, '#createNotification');
    await window.sees('Try it');
    await window.isAccessible();
    await window.pictures('apidocs-operation', {
      settle: () => window.page.locator('#createNotification').scrollIntoViewIfNeeded(),
    });
    await window.page.setViewportSize(PHONE);
    await window.fits();
    await window.page.emulateMedia({ colorScheme: 'dark' });
    await window.isAccessible();
    // From the keyboard alone.
    await openDocs(window);
    await window.pictures('apidocs');
    const summary = window.page.locator('#ready summary');
    await summary.focus();
    await window.page.keyboard.press('Enter');
    await window.page.getByRole('form', { name: 'Try ready' }).getByRole('button', { name: 'Send' }).focus();
    await window.page.keyboard.press('Enter');
    await window.sees(/^200 /, '#ready');
  },
};
