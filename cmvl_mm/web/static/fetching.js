// Ask the server, and say on the page what it refuses.

export const kinds = Object.entries(JSON.parse(document.body.dataset.kinds));
const canPlay = (mime) => document.createElement('video').canPlayType(mime) !== '';
export const kind = (kinds.find(([, mime]) => canPlay(mime)) || kinds[0])[0];

// The answer, or an error whose message is the server's.
export async function ask(url, options) {
  let answer;
  try {
    answer = await fetch(url, options);
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Error('The server does not respond. Remedy: start `cmvl web` again.');
  }
  if (answer.ok || answer.status === 304) return answer;
  let message = `The server failed (${answer.status}). Remedy: read the error in its terminal.`;
  if ((answer.headers.get('content-type') || '').includes('json')) message = (await answer.json()).message;
  throw new Error(message);
}

// Put the server's HTML into an element; of two calls for one element, the later one counts.
const running = new WeakMap();
export async function fill(element, url, waiting) {
  running.get(element)?.abort();
  const abort = new AbortController();
  running.set(element, abort);
  element.setAttribute('aria-busy', 'true');
  const timer = setTimeout(() => note(element, waiting, 'busy'), 400);
  try {
    const html = await (await ask(url, { signal: abort.signal })).text();
    if (running.get(element) !== abort) return false;
    element.innerHTML = html;
    return true;
  } catch (error) {
    if (error.name !== 'AbortError') note(element, error.message, 'error');
    return false;
  } finally {
    clearTimeout(timer);
    if (running.get(element) === abort) element.removeAttribute('aria-busy');
  }
}

// One sentence instead of what the element holds.
export function note(element, message, style) {
  const line = document.createElement('p');
  line.className = style;
  if (style === 'error') line.setAttribute('role', 'alert');
  line.textContent = message;
  element.replaceChildren(line);
}
