// Clips play while they can be seen, and load when they first are.
import { ask, kind } from './fetching.js';

const still = matchMedia('(prefers-reduced-motion: reduce)');

const watcher = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (isIntersecting) {
      load(target);
      if (!still.matches) play(target);
    } else {
      target.pause();
    }
  }
}, { rootMargin: '100px' });

export function load(video) {
  if (video.src) return;
  const url = `${video.dataset.src}&kind=${kind}`;
  video.addEventListener('error', () => explain(video, url), { once: true });
  const card = video.closest('.play');
  card?.classList.add('loading');
  for (const event of ['loadeddata', 'error']) video.addEventListener(event, () => card?.classList.remove('loading'), { once: true });
  video.muted = true;
  video.src = url;
}

export function play(video) {
  video.play().catch(() => {}); // taken off the page meanwhile, or in error, which `explain` shows
}

// A <video> does not tell what the server said.
async function explain(video, url) {
  let message = 'This browser cannot play the video.';
  try {
    await ask(url);
  } catch (error) {
    message = error.message;
  }
  const line = document.createElement('span');
  line.className = 'broken';
  line.textContent = message;
  video.replaceWith(line);
}

export function playIn(element) {
  for (const video of element.querySelectorAll('.card video')) {
    watcher.observe(video);
    if (!still.matches) continue;
    const card = video.closest('.card'); // where motion is unwanted, only on demand
    for (const event of ['mouseenter', 'focusin']) card.addEventListener(event, () => play(video));
    for (const event of ['mouseleave', 'focusout']) card.addEventListener(event, () => video.pause());
  }
}
