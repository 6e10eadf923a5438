// A view is one way to look at a dashboard: what the address of the page says.
export type View = {
  board: any;                                 // the dashboard's JSON
  theme: 'dark' | 'light';
  from: number; to: number;                   // in seconds
  scrape: number;                             // how far apart scrapes are, in seconds
  chosen: Record<string, string[] | undefined>; // of the variables; none is All
};

export async function readView(): Promise<View> {
  const asked = new URLSearchParams(location.search);
  const board = await (await fetch(`/boards/${asked.get('board')}.json`)).json();
  const chosen: View['chosen'] = {};
  for (const { name } of board.templating.list) {
    const values = asked.getAll('var-' + name);
    chosen[name] = values.length > 0 ? values : undefined;
  }
  const to = Number(asked.get('to'));
  return { board, theme: asked.get('theme') === 'light' ? 'light' : 'dark', from: to - Number(asked.get('range')), to, scrape: Number(asked.get('scrape') ?? 1), chosen };
}

const quoted = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\\\$&');

// pattern is what a variable becomes in a query.
function pattern(view: View, name: string): string | undefined {
  const variable = view.board.templating.list.find((v: any) => v.name === name);
  if (!variable) return undefined;
  const values = view.chosen[name];
  if (!values) return variable.allValue ?? '.*';
  return values.length === 1 ? quoted(values[0]) : `(${values.map(quoted).join('|')})`;
}

// The lookup of what a text names besides variables: a field, a row of a table.
export type Lookup = (name: string, path: string[]) => unknown;

const parameter = (view: View, name: string) =>
  (view.chosen[name] ?? ['$__all']).map((v) => `var-${name}=${encodeURIComponent(v)}`).join('&');

// fill puts values in place of the variables of a text: ${name.path:format} or $name.
export function fill(view: View, text: string, lookup?: Lookup): string {
  return text.replace(/\$\{([\w]+)([^:}]*)(?::(\w+))?\}|\$(\w+)/g, (all, long, path, format, short) => {
    const name = long ?? short;
    if (name === '__url_time_range') return `from=${view.from * 1000}&to=${view.to * 1000}`;
    if (format === 'queryparam') return parameter(view, name);
    const value = lookup?.(name, path ? path.slice(1).split('.') : []) ?? pattern(view, name);
    if (value === undefined) return all;
    return format === 'percentencode' ? encodeURIComponent(String(value)) : String(value);
  });
}
