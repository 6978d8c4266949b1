/**
 * The results of bench/compare as one picture (SVG): a panel a metric, a bar a contender, a line from the smallest to the
 * largest round. Every panel has its own scale, from zero.
 */
import { describe } from '../statistics.ts';
import { figure, type Report, type Result } from './report.ts';

const COLUMNS = 3;
const PANEL_WIDTH = 350;
const LABEL_WIDTH = 96;
const VALUE_WIDTH = 48;
const ROW_HEIGHT = 17;
const BAR_HEIGHT = 11;
const TITLE_HEIGHT = 30;
const MARGIN = 16;
const HEAD_HEIGHT = 52;

/** Ours stand out; the others are shades. Readable on white and on black, and without colours. */
const COLOURS: Readonly<Record<string, string>> = {
  kernel: '#9aa0a6',
  TAYGA: '#c9a26b',
  'TAYGA new': '#b07f3a',
  'C reference': '#7f93b2',
};
const OURS_COLOUR = '#1a7f5a';

export function plot(report: Report): string {
  const names = Object.keys(report.contenders);
  const height = TITLE_HEIGHT + names.length * ROW_HEIGHT + MARGIN;
  const lines = Math.ceil(report.results.length / COLUMNS);
  const size = { width: COLUMNS * PANEL_WIDTH + 2 * MARGIN, height: HEAD_HEIGHT + lines * height + MARGIN };
  const panels = report.results.map((result, i) => {
    const x = MARGIN + (i % COLUMNS) * PANEL_WIDTH;
    const y = HEAD_HEIGHT + Math.floor(i / COLUMNS) * height;
    return `<g transform="translate(${x} ${y})">${panel(result, names)}</g>`;
  });
  const about = `${report.date.slice(0, 10)}: medians of ${report.rounds} rounds of ${report.seconds} s; ${describe(report.machine)}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" font-family="sans-serif" font-size="11">
<rect width="100%" height="100%" fill="#ffffff"/>
${text(MARGIN, 22, 'nat46 side by side', 'font-size="15" font-weight="bold"')}
${text(MARGIN, 40, about, 'fill="#555555"')}
${panels.join('\n')}
</svg>
`;
}

function panel(result: Result, names: readonly string[]): string {
  const shown = names.filter((name) => result.contenders[name]);
  const most = Math.max(...shown.map((name) => result.contenders[name]!.max), Number.MIN_VALUE);
  const scale = (PANEL_WIDTH - LABEL_WIDTH - VALUE_WIDTH - MARGIN) / most;
  const title = `${result.name} (${result.unit}, ${result.better} is better)`;
  const bars = shown.map((name, i) => bar(name, result, TITLE_HEIGHT + i * ROW_HEIGHT, scale));
  return [text(0, 18, title, 'font-weight="bold"'), ...bars].join('');
}

function bar(name: string, result: Result, y: number, scale: number): string {
  const { median, min, max } = result.contenders[name]!;
  const middle = y + BAR_HEIGHT / 2;
  const [left, right, width] = [min, max, median].map((value) => (value * scale).toFixed(1));
  const spread = `M${left} ${middle}H${right}M${left} ${middle - 3}v6M${right} ${middle - 3}v6`;
  return [
    text(LABEL_WIDTH - 6, y + BAR_HEIGHT - 2, name, 'text-anchor="end"'),
    `<g transform="translate(${LABEL_WIDTH} 0)">`,
    `<rect y="${y}" width="${width}" height="${BAR_HEIGHT}" fill="${COLOURS[name] ?? OURS_COLOUR}"/>`,
    `<path d="${spread}" stroke="#222222" fill="none"/>`,
    text(max * scale + 5, y + BAR_HEIGHT - 2, figure(median), ''),
    '</g>',
  ].join('');
}

function text(x: number, y: number, words: string, attributes: string): string {
  const safe = words.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${x.toFixed(1)}" y="${y}" ${attributes}>${safe}</text>`;
}
