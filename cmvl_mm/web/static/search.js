// Random clips, or the clips nearest to a query.
import { fill } from './fetching.js';
import { playIn } from './playing.js';

const panel = document.getElementById('search');
const form = document.getElementById('search-tools');
const results = panel.querySelector('.results');
const newSeed = () => Math.floor(Math.random() * 2 ** 31);
let seed = newSeed();
let page = 0;
let query = new URLSearchParams();
let shown = null;

async function show() {
  const label = form.elements.label.value;
  const given = query.has('row') ? `row=${encodeURIComponent(query.get('row'))}`
    : query.has('upload') ? `upload=${encodeURIComponent(query.get('upload'))}` : '';
  const others = Number(form.elements.others.checked);
  const url = given
    ? `/nearest?${given}&k=${form.elements.k.value}&label=${label}&others=${others}`
    : `/clips?seed=${seed}&page=${page}&label=${label}`;
  if (url === shown) return;
  shown = url;
  const waiting = query.has('upload') ? 'Computing the features of the video. The first time, the network is loaded, too …' : 'Searching …';
  if (await fill(results, url, waiting)) playIn(results);
  else if (shown === url) shown = null; // asked again next time
}

export function showSearch(params) {
  if (params === null) return;
  const changed = params.toString() !== query.toString();
  query = params;
  if (changed) scrollTo({ top: 0 });
  show();
  results.querySelectorAll('video').forEach((video) => video.src && video.play().catch(() => {}));
}

form.addEventListener('submit', (event) => event.preventDefault());
form.addEventListener('change', (event) => {
  if (event.target.type === 'file') return;
  page = 0;
  if (form.reportValidity()) show();
});
document.getElementById('shuffle').addEventListener('click', () => {
  seed = newSeed();
  page = 0;
  if (query.toString()) location.hash = 'search';
  else show();
});
results.addEventListener('click', (event) => {
  const button = event.target.closest('[data-page]');
  if (!button) return;
  page = Number(button.dataset.page);
  show();
  scrollTo({ top: 0 });
});
