// Lines over one axis as SVG, with the values under the pointer.

const NS = 'http://www.w3.org/2000/svg';
const WIDTH = 560, HEIGHT = 240, LEFT = 64, RIGHT = 12, TOP = 10, BOTTOM = 34;

function svg(name, attributes, text) {
  const element = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

function html(name, className, ...children) {
  const element = document.createElement(name);
  element.className = className;
  element.append(...children);
  return element;
}

// Round numbers that span low to high in about `count` steps.
function ticks(low, high, count) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
  const found = [];
  for (let tick = Math.ceil(low / step - 1e-9); tick * step <= high + step * 1e-9; tick++) found.push(tick * step);
  return found;
}

const short = (value) => (value === null ? 'not finite'
  : value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e6) ? value.toExponential(1)
    : String(Number(value.toPrecision(4))));

function span(values) {
  const low = Math.min(...values), high = Math.max(...values);
  return low === high ? [low - (Math.abs(low) || 1) * 0.1, high + (Math.abs(high) || 1) * 0.1] : [low, high];
}

export function drawChart({ title, unit, axis, lines, mean_of: meanOf }) {
  const points = lines.flatMap((line) => line.points).filter(([, y]) => y !== null);
  const picture = svg('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': `${title} over ${axis}s` });
  const legend = html('ul', 'lines');
  const tip = html('p', 'tip quiet', `Point at the chart to read its values.`);
  const unitText = unit ? ` (${unit})` : '';
  const meanText = meanOf > 1 ? `, each point is the mean of up to ${meanOf} logged values` : '';
  const figure = html('figure', 'chart', html('figcaption', '', html('b', '', title + unitText), ` over ${axis}s${meanText}`), picture, legend, tip);
  if (!points.length) {
    tip.textContent = 'No finite values.';
    return figure;
  }
  const [x0, x1] = span(points.map(([x]) => x));
  const [y0, y1] = span(points.map(([, y]) => y));
  const atX = (x) => LEFT + ((x - x0) / (x1 - x0)) * (WIDTH - LEFT - RIGHT);
  const atY = (y) => HEIGHT - BOTTOM - ((y - y0) / (y1 - y0)) * (HEIGHT - TOP - BOTTOM);
  for (const tick of ticks(y0, y1, 5)) {
    picture.append(svg('line', { class: 'rule', x1: LEFT, x2: WIDTH - RIGHT, y1: atY(tick), y2: atY(tick) }));
    picture.append(svg('text', { x: LEFT - 8, y: atY(tick) + 4, 'text-anchor': 'end' }, short(tick)));
  }
  for (const tick of ticks(x0, x1, 6)) picture.append(svg('text', { x: atX(tick), y: HEIGHT - 12, 'text-anchor': 'middle' }, short(tick)));
  lines.forEach((line, number) => {
    let path = '', begun = false;
    for (const [x, y] of line.points) {
      if (y !== null) path += `${begun ? 'L' : 'M'}${atX(x).toFixed(1)} ${atY(y).toFixed(1)}`;
      begun = y !== null;
    }
    picture.append(svg('path', { class: `line c${number % 6}`, d: path }));
    if (line.points.length === 1 && path) {
      picture.append(svg('circle', { class: `dot c${number % 6}`, cx: atX(line.points[0][0]), cy: atY(line.points[0][1]), r: 3 }));
    }
    legend.append(html('li', `c${number % 6}`, `${line.name} `, html('b', '', short(line.last))));
  });
  const cursor = svg('line', { class: 'cursor', y1: TOP, y2: HEIGHT - BOTTOM, visibility: 'hidden' });
  picture.append(cursor);
  picture.addEventListener('pointermove', (event) => {
    const box = picture.getBoundingClientRect();
    const x = x0 + (((event.clientX - box.left) / box.width) * WIDTH - LEFT) / (WIDTH - LEFT - RIGHT) * (x1 - x0);
    const nearest = (line) => line.points.reduce((best, point) => (Math.abs(point[0] - x) < Math.abs(best[0] - x) ? point : best));
    const at = nearest(lines[0])[0];
    cursor.setAttribute('x1', atX(at));
    cursor.setAttribute('x2', atX(at));
    cursor.setAttribute('visibility', 'visible');
    tip.textContent = `${axis} ${short(at)}: ${lines.map((line) => `${line.name} ${short(nearest(line)[1])}`).join(' · ')}`;
  });
  return figure;
}
