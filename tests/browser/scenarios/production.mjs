// Production: the pages load, and nothing is given away.

import assert from 'node:assert/strict';

export const settings = { NODE_ENV: 'production' };

export const tests = {
  async 'the REST docs take a token, and none is to be had'(stage) {
    const window = await stage.window();
    await window.open('/docs/api#unreadActivityCount');
    const form = window.page.getByRole('form', { name: 'Try unreadActivityCount' });
    await form.getByRole('textbox').fill('ada');
    window.allow(/console: .*401 /);
    await form.getByRole('button', { name: 'Send' }).click();
    await window.sees('A token is required.', form);
    await window.page.getByLabel('Token').fill('nonsense');
    await window.page.getByRole('button', { name: 'Use', exact: true }).click();
    await form.getByRole('button', { name: 'Send' }).click();
    await window.sees('The token is not a JWT.', form);
    await window.sees('Refused', '.run-as');
    assert.equal(await window.page.getByLabel('Run as').count(), 0);
    await window.isAccessible();
  },

  async 'GraphiQL waits for a token before it asks for the schema'(stage) {
    const window = await stage.window();
    const asked = [];
    window.page.on('request', (request) => {
      if (request.method() === 'POST') asked.push(new URL(request.url()).pathname);
    });
    await window.open('/graphiql');
    await window.page.getByRole('button', { name: /^Execute query/ }).waitFor();
    await window.sees('<token>', '.graphiql-editor-tool');
    assert.deepEqual(asked, []);
    await window.pictures('graphiql-production');
    await window.page.getByLabel('Token').fill(stage.pulse.sign('ada'));
    await window.page.getByRole('button', { name: 'Use', exact: true }).click();
    await window.eventually('the schema is asked for', () => asked.includes('/graphql'));
    await window.page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
    await window.sees('A GraphQL schema provides a root type', '.graphiql-plugin');
  },

  async 'there is no token to be had'(stage) {
    for (const [method, route] of [['POST', '/dev/token'], ['GET', '/dev/users']]) {
      const response = await fetch(`${stage.pulse.url}${route}`, {
        method,
        ...(method === 'POST'
          ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify({ user: 'ada' }) }
          : {}),
      });
      assert.equal(response.status, 404, route);
      assert.equal((await response.json()).code, 'NOT_FOUND', route);
    }
  },
};
