// The old stack: Express for REST, Socket.IO for what is live.
import { createServer } from 'node:http';
import express from 'express';
import jwt from 'jsonwebtoken';
import { Server } from 'socket.io';
import { BadInput, newActivity, shown, window } from './lib/activity.mjs';
import { bearer, secret, settings, versions } from './lib/start.mjs';
import { openStore } from './lib/store.mjs';

versions('express', 'socket.io', 'better-sqlite3', 'pg', 'jsonwebtoken');

const store = await openStore(process.env);
const viewerOf = (token) => jwt.verify(bearer(token), secret, { algorithms: ['HS256'] }).sub;

const app = express();
const server = createServer(app);
const io = new Server(server);
// Socket.IO's page on performance: the first request of a connection need not be kept.
io.engine.on('connection', (socket) => {
  socket.request = null;
});

app.use((request, response, next) => {
  try {
    request.viewer = viewerOf(request.headers.authorization);
    next();
  } catch {
    response.status(401).json({ error: 'no token that can be trusted', code: 'UNAUTHENTICATED' });
  }
});
app.use(express.json({ limit: '64kb' }));

app.get('/api/activities/:userId', async (request, response) => {
  if (forbidden(request.params.userId, request, response)) return;
  const page = await store.page(request.params.userId, window(request.query));
  response.json({ ...page, activities: page.activities.map(shown) });
});

app.post('/api/activities', async (request, response) => {
  const checked = newActivity(request.body);
  if (forbidden(checked.userId, request, response)) return;
  const activity = shown(await store.create(checked));
  io.to(`user:${activity.userId}`).emit('activity:created', activity);
  response.status(201).json(activity);
});

// Express knows an error handler by its four parameters.
app.use((error, request, response, next) => {
  if (error instanceof BadInput) return response.status(400).json({ error: error.message, ...error.extensions });
  console.error(error);
  response.status(error.status ?? 500).json({ error: 'internal error', code: 'INTERNAL' });
});

function forbidden(userId, request, response) {
  if (userId === request.viewer) return false;
  response.status(403).json({ error: 'another user', code: 'FORBIDDEN' });
  return true;
}

io.use((socket, next) => {
  try {
    socket.data.viewer = viewerOf(socket.handshake.auth.token);
    next();
  } catch (error) {
    next(error);
  }
});

// Two tabs of a user count once.
const active = new Map();
io.on('connection', (socket) => {
  const { viewer } = socket.data;
  socket.on('user:login', (userId, acknowledge) => {
    if (userId !== viewer) return acknowledge?.({ error: 'another user', code: 'FORBIDDEN' });
    socket.join(`user:${userId}`);
    active.set(userId, (active.get(userId) ?? 0) + 1);
    socket.once('disconnect', () => {
      const left = active.get(userId) - 1;
      if (left) active.set(userId, left);
      else active.delete(userId);
      announce();
    });
    announce();
    acknowledge?.({ userId });
  });
});

// `users:status` goes to all, at most once a second.
let announcing;
function announce() {
  announcing ??= setTimeout(() => {
    announcing = undefined;
    io.emit('users:status', { activeUsers: active.size, activeCount: active.size, timestamp: new Date() });
  }, 1000);
}

server.listen(settings.port, settings.host);
