// A video goes to the server as the body of a request; the view then shows it by its id.
import { ask, note } from './fetching.js';

const limit = Number(document.body.dataset.maxUpload);

export function acceptUploads() {
  for (const drop of document.querySelectorAll('[data-upload]')) {
    const input = drop.querySelector('input');
    input.addEventListener('change', () => {
      if (input.files.length) send(drop, input.files[0]);
      input.value = ''; // so that the same file can be chosen again
    });
    drop.addEventListener('dragover', (event) => {
      event.preventDefault();
      drop.classList.add('over');
    });
    drop.addEventListener('dragleave', () => drop.classList.remove('over'));
    drop.addEventListener('drop', (event) => {
      event.preventDefault();
      drop.classList.remove('over');
      if (event.dataTransfer.files.length) send(drop, event.dataTransfer.files[0]);
    });
  }
  // A video dropped beside the field must not replace the page.
  for (const name of ['dragover', 'drop']) addEventListener(name, (event) => event.preventDefault());
}

async function send(drop, file) {
  const view = drop.dataset.upload;
  const results = document.querySelector(`#${view} .results`);
  try {
    if (file.size > limit) {
      const most = Math.round(limit / 2 ** 20);
      throw new Error(`${file.name}: the file is larger than ${most} MB. Remedy: upload a shorter part of it.`);
    }
    note(results, `Reading ${file.name} …`, 'busy');
    const answer = await ask(`/uploads?name=${encodeURIComponent(file.name)}`, {
      method: 'POST',
      body: file,
      headers: { 'content-type': 'application/octet-stream' },
    });
    location.hash = `${view}?upload=${(await answer.json()).id}`;
  } catch (error) {
    history.replaceState(null, '', `#${view}`);
    note(results, error.message, 'error');
    const back = document.createElement('button');
    back.textContent = 'Back';
    back.addEventListener('click', () => location.reload());
    results.append(back);
  }
}
