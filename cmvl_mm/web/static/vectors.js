// A video with its motion vectors: play, step by frame, and say of each frame what it has.
import { fill, note } from './fetching.js';
import { load, play } from './playing.js';

const panel = document.getElementById('vectors');
const results = panel.querySelector('.results');
const finder = document.getElementById('find-video');
const found = document.getElementById('found-videos');
let shown = null;

async function open(source, part) {
  const url = `/vectors?${source}&part=${part}`;
  if (url === shown) return;
  shown = url;
  if (await fill(results, url, 'Reading the motion vectors …')) start(results.querySelector('.player'));
  else if (shown === url) shown = null;
}

function start(player) {
  const video = player.querySelector('video');
  const slider = player.querySelector('input[type=range]');
  const toggle = player.querySelector('[data-do=play]');
  const speed = player.querySelector('[data-do=speed]');
  const { fps, first, missing, source } = player.dataset;
  const reasons = JSON.parse(missing);
  const strip = player.querySelector('.strip');
  strip.append(...reasons.map((reason) => {
    const cell = document.createElement('i');
    cell.className = reason === null ? '' : 'none';
    return cell;
  }));

  function say(frame) {
    slider.value = frame;
    strip.querySelector('.now')?.classList.remove('now');
    strip.children[frame].classList.add('now');
    const number = Number(first) + frame;
    const text = reasons[frame] === null ? 'has vectors' : `no vectors: ${reasons[frame]}`;
    player.querySelector('.frame').textContent = `Frame ${number} · ${(number / fps).toFixed(2)} s · ${text}`;
    slider.setAttribute('aria-valuetext', `frame ${number}, ${text}`);
  }
  const clamp = (frame) => Math.max(0, Math.min(reasons.length - 1, frame));
  function go(frame) {
    video.pause();
    video.currentTime = (clamp(frame) + 0.5) / fps; // the middle of a frame, so that no rounding shows its neighbour
    say(clamp(frame));
  }
  const follow = (_, { mediaTime }) => {
    if (!video.paused) say(clamp(Math.round(mediaTime * fps)));
    video.requestVideoFrameCallback(follow);
  };
  if (video.requestVideoFrameCallback) video.requestVideoFrameCallback(follow);
  else video.addEventListener('timeupdate', () => video.paused || say(clamp(Math.floor(video.currentTime * fps))));

  const named = () => {
    toggle.textContent = video.paused ? 'Play' : 'Pause';
    toggle.setAttribute('aria-label', toggle.textContent);
  };
  video.addEventListener('play', named);
  video.addEventListener('pause', named);
  const ready = () => player.querySelector('.wait')?.remove();
  video.addEventListener('loadeddata', ready);
  video.addEventListener('error', ready);
  toggle.addEventListener('click', () => (video.paused ? play(video) : video.pause()));
  slider.addEventListener('input', () => go(Number(slider.value)));
  player.querySelector('[data-do=back]').addEventListener('click', () => go(Number(slider.value) - 1));
  player.querySelector('[data-do=on]').addEventListener('click', () => go(Number(slider.value) + 1));
  const setSpeed = () => { video.defaultPlaybackRate = video.playbackRate = Number(speed.value); };
  speed.addEventListener('change', setSpeed);
  strip.addEventListener('click', (event) => {
    const place = [...strip.children].indexOf(event.target);
    if (place >= 0) go(place);
  });
  player.querySelector('.pager')?.addEventListener('click', (event) => {
    const button = event.target.closest('[data-part]');
    if (button) open(source, button.dataset.part);
  });
  setSpeed();
  say(0);
  load(video);
  if (matchMedia('(prefers-reduced-motion: reduce)').matches) named();
  else play(video);
}

export function showVectors(params) {
  if (params === null) return;
  const name = ['row', 'upload'].find((each) => params.has(each));
  if (name) open(`${name}=${encodeURIComponent(params.get(name))}`, 0);
  else if (!shown) note(results, 'Choose a video above, or “vectors” below a clip in the search.', 'empty');
}

finder.addEventListener('input', () => {
  const text = finder.value.trim();
  if (text) fill(found, `/videos?text=${encodeURIComponent(text)}`, 'Searching …');
  else found.replaceChildren();
});
found.addEventListener('click', (event) => {
  if (!event.target.closest('a')) return;
  finder.value = '';
  found.replaceChildren();
});
