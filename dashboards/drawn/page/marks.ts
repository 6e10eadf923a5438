import { View, fill } from './view';
import { ranged } from './prometheus';

// A mark is an annotation: a moment, or a time.
export type Mark = { name: string; color: string; from: number; to: number }; // in milliseconds

export async function marksOf(view: View): Promise<Mark[]> {
  const step = 60; // Grafana asks for no more
  const list: Mark[] = [];
  for (const annotation of view.board.annotations.list) {
    if (!annotation.enable || !annotation.expr) continue;
    for (const { values } of await ranged(view, annotation.expr, step)) {
      const add = (from: number, to: number) => list.push({ name: annotation.name, color: annotation.iconColor, from, to });
      if (annotation.useValueForTime) {
        for (const time of new Set(values.map(([, v]) => Number(v)))) if (time >= view.from * 1000) add(time, time);
        continue;
      }
      let begin = 0;
      values.forEach(([time], i) => {
        if (i === 0 || time - values[i - 1][0] > step) begin = time;
        if (i === values.length - 1 || values[i + 1][0] - time > step) add(begin * 1000, time * 1000);
      });
    }
  }
  return list;
}
