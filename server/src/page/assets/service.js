// Calls of the service. The page lies below the same path as everything else.
const base = new URL('.', document.baseURI);
let token = sessionStorage.getItem('token') || '';

export function setToken(value) {
  token = value.trim();
  sessionStorage.setItem('token', token);
  document.getElementById('token-form').hidden = true;
  notice('');
}

export function hasTokenForm(use) {
  document.getElementById('token-form').addEventListener('submit', (event) => {
    event.preventDefault();
    use(document.getElementById('token').value);
  });
}

export function notice(text) {
  const line = document.getElementById('notice');
  line.textContent = text;
  line.hidden = !text;
}

// A request; what is wrong with it is said in the server's words.
export async function call(path, options = {}) {
  const headers = new Headers(options.headers);
  if (token) headers.set('Authorization', `Bearer ${token}`);
  const response = await fetch(new URL(path, base), { ...options, headers });
  if (response.ok) return response;
  if (response.status === 401) document.getElementById('token-form').hidden = false;
  const problem = await response.json().catch(() => ({}));
  throw new Error(problem.detail || `${response.status} ${response.statusText}`);
}

export function socket(path) {
  const url = new URL(path, base);
  url.protocol = url.protocol.replace('http', 'ws');
  // Browsers set no headers on a WebSocket; the token goes as a protocol.
  return new WebSocket(url, token ? ['earmark', `bearer.${token}`] : ['earmark']);
}

// Server-sent events with the token in a header, which EventSource cannot do.
export async function* events(path, signal) {
  const response = await call(path, { signal, headers: { Accept: 'text/event-stream' } });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    text += value;
    const parts = text.split('\n\n');
    text = parts.pop();
    for (const part of parts) {
      const data = part.split('\n').filter((line) => line.startsWith('data:')).map((line) => line.slice(5).trim());
      if (data.length) yield JSON.parse(data.join('\n'));
    }
  }
}
