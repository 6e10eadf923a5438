import { DataFrame, Field, FieldType, dateTime, rangeUtil, TimeRange } from '@grafana/data';
import { View, fill } from './view';

export type Series = { metric: Record<string, string>; values: [number, string][] };

async function api(path: string, form: Record<string, string>): Promise<Series[]> {
  const answer = await (await fetch('/prometheus/api/v1/' + path, { method: 'POST', body: new URLSearchParams(form) })).json();
  if (answer.status !== 'success') throw new Error(answer.error);
  return answer.data.result.map((r: any) => ({ metric: r.metric, values: r.values ?? [r.value] }));
}

export function timeRange(view: View): TimeRange {
  const from = dateTime(view.from * 1000), to = dateTime(view.to * 1000);
  return { from, to, raw: { from, to } };
}

// stepOf is how far apart the points are, as Grafana computes it from the width.
function stepOf(view: View, width: number): number {
  const interval = rangeUtil.calculateInterval(timeRange(view), Math.max(100, Math.round(width)), `${view.scrape}s`);
  return Math.max(1, interval.intervalMs / 1000);
}

export function ranged(view: View, expr: string, step: number): Promise<Series[]> {
  const aligned = (t: number) => String(Math.floor(t / step) * step);
  const times: Record<string, string> = {
    __rate_interval: Math.max(step + view.scrape, 4 * view.scrape) + 's', __interval: step + 's', __range: Math.round(view.to - view.from) + 's',
  };
  return api('query_range', { query: fill(view, expr, (name) => times[name]), start: aligned(view.from), end: aligned(view.to), step: String(step) });
}

function instant(view: View, expr: string): Promise<Series[]> {
  const range = Math.round(view.to - view.from) + 's';
  return api('query', { query: fill(view, expr, (name) => (name === '__range' ? range : undefined)), time: String(view.to) });
}

const number = (text: string) => Number(text.replace('Inf', 'Infinity'));

function tableFrame(refId: string, alone: boolean, list: Series[]): DataFrame {
  const labels = [...new Set(list.flatMap((s) => Object.keys(s.metric)))].filter((l) => l !== '__name__').sort();
  const rows = list.flatMap((s) => s.values.map(([time, value]) => ({ metric: s.metric, time, value })));
  const column = (name: string, type: FieldType, values: unknown[]): Field => ({ name, type, config: {}, values });
  return { refId, length: rows.length, fields: [
    column('Time', FieldType.time, rows.map((r) => r.time * 1000)),
    ...labels.map((l) => column(l, FieldType.string, rows.map((r) => r.metric[l] ?? ''))),
    column(alone ? 'Value' : `Value #${refId}`, FieldType.number, rows.map((r) => number(r.value))),
  ] };
}

function seriesFrame(refId: string, legend: string, step: number, { metric, values }: Series): DataFrame {
  const { __name__, ...labels } = metric;
  const shown = legend ? legend.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, label) => metric[label] ?? '') : JSON.stringify(labels);
  return { refId, length: values.length, fields: [
    { name: 'Time', type: FieldType.time, config: { interval: step * 1000 }, values: values.map(([t]) => t * 1000) },
    { name: 'Value', type: FieldType.number, labels, config: { displayNameFromDS: shown }, values: values.map(([, v]) => number(v)) },
  ] };
}

// ask runs the queries of a panel, and returns what Grafana's data source makes of the answers.
export async function ask(view: View, panel: any, width: number): Promise<DataFrame[]> {
  const step = stepOf(view, width);
  const frames = await Promise.all(panel.targets.map(async (target: any) => {
    const list = target.instant && !target.range ? await instant(view, target.expr) : await ranged(view, target.expr, step);
    if (target.format === 'table') return list.length > 0 ? [tableFrame(target.refId, panel.targets.length === 1, list)] : [];
    return list.map((s) => seriesFrame(target.refId, target.legendFormat ?? '', step, s));
  }));
  return frames.flat();
}
