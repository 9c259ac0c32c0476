// Curves of the work directory, asked for anew while the view is open.
import { ask, note } from './fetching.js';
import { drawChart } from './chart.js';

const results = document.querySelector('#training .results[data-watch]');
const state = document.getElementById('training-state');
const EVERY = 3000; // ms
let timer = null;
let tag = null;

async function refresh() {
  timer = null;
  try {
    const answer = await ask('/training', { headers: tag ? { 'if-none-match': tag } : {}, cache: 'no-store' });
    if (answer.status !== 304) {
      tag = answer.headers.get('etag');
      const { panels } = await answer.json();
      if (panels.length) results.replaceChildren(...panels.map(drawChart));
      else note(results, 'No curves yet: they appear after the first logged iterations.', 'empty');
      state.textContent = `Updated ${new Date().toLocaleTimeString()}.`;
    }
  } catch (error) {
    tag = null;
    note(results, error.message, 'error');
  }
  if (!document.getElementById('training').hidden) timer = setTimeout(refresh, EVERY);
}

export function showTraining(params) {
  if (!results) return;
  clearTimeout(timer);
  timer = null;
  if (params !== null) refresh();
}
