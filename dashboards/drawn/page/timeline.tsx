// The state timeline is no public component of Grafana's: this one keeps its rules. A
// row for each series, equal values in one block, the word in it if there is room.
import { DataFrame, FieldType, GrafanaTheme2, formattedValueToString, getFieldDisplayName } from '@grafana/data';
import { View } from './view';
import { Mark } from './marks';

type Block = { from: number; to: number; color: string; text: string };

function blocksOf(frame: DataFrame, end: number) {
  const time = frame.fields.find((f) => f.type === FieldType.time)!;
  return frame.fields.filter((f) => f !== time).map((field) => {
    const step = time.config.interval ?? 0;
    const blocks: Block[] = [];
    for (let i = 0; i < frame.length; i++) {
      if (field.values[i] == null) continue;
      const shown = field.display!(field.values[i]);
      const from = time.values[i], text = formattedValueToString(shown), color = shown.color ?? '#808080';
      const last = blocks.at(-1);
      const next = i + 1 < frame.length ? time.values[i + 1] : end;
      const to = step && next - from > 2 * step ? from + step : next;
      if (last && last.text === text && last.to === from) last.to = to;
      else blocks.push({ from, to, color, text });
    }
    return { field, blocks };
  });
}

type Props = { frames: DataFrame[]; view: View; marks: Mark[]; theme: GrafanaTheme2; width: number; height: number };

export function Timeline({ frames, view, marks, theme, width, height }: Props) {
  const from = view.from * 1000, to = view.to * 1000;
  const axis = 24, labels = Math.min(Math.round(width * 0.35), 260), room = width - labels - 8;
  const rows = frames.flatMap((frame) => blocksOf(frame, to).map((r) => ({ ...r, name: getFieldDisplayName(r.field, frame, frames) })));
  const high = Math.max(4, (height - axis) / rows.length);
  const x = (t: number) => ((Math.min(Math.max(t, from), to) - from) / (to - from)) * room;
  const small = { fontSize: 12, color: theme.colors.text.primary, overflow: 'hidden', whiteSpace: 'nowrap' } as const;
  const hours = [...Array(5).keys()].map((i) => from + ((i + 0.5) * (to - from)) / 5);
  return <div style={{ position: 'relative', width, height, overflow: 'hidden' }}>
    {rows.map((row, i) => <div key={i} data-line={row.name} style={{ position: 'absolute', top: i * high, left: 0, width, height: high * 0.85 }}>
      <div style={{ ...small, position: 'absolute', width: labels - 8, height: '100%', direction: 'rtl', textAlign: 'right', lineHeight: `${high * 0.85}px` }}><bdi>{row.name}</bdi></div>
      {row.blocks.map((b, k) => <div key={k} data-state={b.text} style={{
        ...small, position: 'absolute', left: labels + x(b.from), width: Math.max(1, x(b.to) - x(b.from)), height: '100%', lineHeight: `${high * 0.85}px`,
        background: b.color, opacity: 0.9, color: theme.colors.getContrastText(b.color),
      }}>{x(b.to) - x(b.from) > 8 * b.text.length && high > 12 ? ' ' + b.text : ''}</div>)}
    </div>)}
    {marks.map((m, i) => <div key={'m' + i} style={{ position: 'absolute', top: 0, height: height - axis, left: labels + x(m.from), width: 0, borderLeft: `2px dashed ${theme.visualization.getColorByName(m.color)}` }} />)}
    {hours.map((t) => <div key={t} style={{ ...small, position: 'absolute', bottom: 0, left: labels + x(t) - 16 }}>{new Date(t).toISOString().slice(11, 16)}</div>)}
  </div>;
}
