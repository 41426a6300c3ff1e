// The frontend's socket service, with the calls and events of the guide that the Express backend came with. It knows
// nothing of Pulse but the address.

import { io } from 'socket.io-client';

let socket = null;

export const initializeSocket = (userId, url) => {
  if (socket) return socket;
  socket = io(url, { transports: ['websocket', 'polling'], reconnection: true, reconnectionDelay: 100 });
  socket.on('connect', () => socket.emit('user:login', userId));
  return socket;
};

export const getSocket = () => socket;

export const disconnectSocket = () => {
  socket?.disconnect();
  socket = null;
};

export const on = (event, listener) => socket?.on(event, listener);

export const off = (event, listener) => socket?.off(event, listener);

export const emit = (event, data) => socket?.emit(event, data);
