// Tabs, and which view the address asks for: #search?row=3, #vectors?upload=…, #training.
import { showSearch } from './search.js';
import { showVectors } from './vectors.js';
import { showTraining } from './training.js';
import { acceptUploads } from './upload.js';

const views = { search: showSearch, vectors: showVectors, training: showTraining };
const tabs = [...document.querySelectorAll('[role=tab]')];
const last = {}; // view -> the address it had

function route() {
  const [asked, query = ''] = location.hash.slice(1).split('?');
  const name = asked in views ? asked : 'search';
  last[name] = location.hash;
  for (const tab of tabs) {
    const chosen = tab.id === `tab-${name}`;
    tab.setAttribute('aria-selected', chosen);
    tab.tabIndex = chosen ? 0 : -1;
    const panel = document.getElementById(tab.getAttribute('aria-controls'));
    panel.hidden = !chosen;
    if (!chosen) panel.querySelectorAll('video').forEach((video) => video.pause());
  }
  for (const [each, show] of Object.entries(views)) show(each === name ? new URLSearchParams(query) : null);
}

for (const [place, tab] of tabs.entries()) {
  tab.addEventListener('click', () => {
    const name = tab.getAttribute('aria-controls');
    location.hash = last[name] || name;
  });
  tab.addEventListener('keydown', (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = tabs[(place + step + tabs.length) % tabs.length];
    next.focus();
    next.click();
  });
}
acceptUploads();
addEventListener('hashchange', route);
route();
