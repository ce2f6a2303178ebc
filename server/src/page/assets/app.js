// What the page is made of: labels, live streams, a file.
import { setToken, hasTokenForm } from './service.js';
import { labels, colour } from './draw.js';
import { Streams } from './live.js';
import { FilePanel } from './file.js';

const legend = document.getElementById('legend');
for (const label of labels) {
  const item = document.createElement('li');
  const dot = document.createElement('i');
  dot.style.background = colour(label);
  item.append(dot, label);
  legend.append(item);
}

const streams = new Streams();
const panel = new FilePanel();
streams.watch();

hasTokenForm(async (token) => {
  setToken(token);
  streams.watch();
});

// For tests and the console; the page itself does not use it.
window.earmark = { streams, panel };
