// Draws one dashboard as Grafana does, from its JSON and a Prometheus.
import { createRoot } from 'react-dom/client';
import { DashboardCursorSync, EventBusSrv, GrafanaTheme2, ThemeContext, createTheme, locationUtil, setTimeZoneResolver } from '@grafana/data';
import { GlobalStyles, PanelContextProvider, PortalContainer } from '@grafana/ui';
import '@fontsource/inter/400.css';
import '@fontsource/inter/500.css';
import '@fontsource/inter/600.css';
import '@fontsource/roboto-mono/400.css';
import 'uplot/dist/uPlot.min.css';
import { View, readView } from './view';
import { setUp } from './frames';
import { Mark, marksOf } from './marks';
import { Panel, complain, complaints, pending } from './panels';

const cell = 30, gap = 8, columns = 24, margin = 16, telephone = 769; // as Grafana has them, in pixels

type Place = { panel: any; left: number; top: number; width: number; height: number };

// placed puts panels where their grid says; on a telephone one below the other.
function placed(panels: any[], width: number): Place[] {
  const column = (width + gap) / columns;
  const tall = (h: number) => h * cell + (h - 1) * gap;
  let floor = 0;
  return [...panels].sort((a, b) => a.gridPos.y - b.gridPos.y || a.gridPos.x - b.gridPos.x).map((panel) => {
    const { x, y, w, h } = panel.gridPos;
    if (width >= telephone) return { panel, left: x * column, top: y * (cell + gap), width: w * column - gap, height: tall(h) };
    const place = { panel, left: 0, top: floor, width, height: tall(h) };
    floor += place.height + gap;
    return place;
  });
}

type Props = { view: View; theme: GrafanaTheme2; marks: Mark[] };

// The bar of controls is only sketched: Grafana has no component for it.
function Bar({ view, theme }: Omit<Props, 'marks'>) {
  const box = { display: 'inline-flex', alignItems: 'center', height: 32, padding: '0 8px', marginRight: 8, border: `1px solid ${theme.colors.border.medium}`, fontSize: 12, whiteSpace: 'nowrap' } as const;
  const seen = view.board.templating.list.filter((v: any) => !v.hide);
  return <div style={{ margin, marginBottom: 0, color: theme.colors.text.primary }}>
    <div style={{ fontSize: 14, fontWeight: 500, marginBottom: 8 }}>Dashboards › {view.board.title}</div>
    <div data-bar style={{ display: 'flex', flexWrap: 'wrap', rowGap: 8 }}>
      {seen.map((v: any) => <span key={v.name} style={box}><b style={{ marginRight: 8, fontWeight: 500 }}>{v.label}</b>{view.chosen[v.name]?.join(' + ') ?? 'All'} ▾</span>)}
      <span style={{ ...box, marginRight: 0 }}>☰</span>
    </div>
  </div>;
}

function Board({ view, theme, marks }: Props) {
  const width = document.documentElement.clientWidth - 2 * margin;
  const places = placed(view.board.panels, width);
  const height = Math.max(...places.map((p) => p.top + p.height));
  return <div style={{ position: 'relative', height, margin }}>
    {places.map(({ panel, ...box }) => <div key={panel.id} data-panel={panel.id} data-title={panel.title} style={{ position: 'absolute', ...box }}>
      {panel.type === 'row'
        ? <div style={{ lineHeight: `${cell}px`, fontSize: 16, fontWeight: 500, color: theme.colors.text.primary }}>{panel.collapsed ? '▸' : '▾'} {panel.title}</div>
        : <Panel panel={panel} view={view} theme={theme} marks={marks} width={box.width} height={box.height} />}
    </div>)}
  </div>;
}

async function draw() {
  window.addEventListener('error', (e) => complain(e.message));
  window.addEventListener('unhandledrejection', (e) => complain(String(e.reason?.stack ?? e.reason)));
  setUp();
  setTimeZoneResolver(() => 'utc');
  locationUtil.initialize({ config: { appSubUrl: '' }, getVariablesUrlParams: () => ({}), getTimeRangeForUrl: () => ({}) } as any);
  const view = await readView();
  const theme = createTheme({ colors: { mode: view.theme } });
  const marks = await marksOf(view);
  await document.fonts.ready;
  document.body.style.background = theme.colors.background.canvas;
  const surroundings: any = { eventBus: new EventBusSrv(), eventsScope: 'board', sync: () => DashboardCursorSync.Off, app: 'dashboard' };
  createRoot(document.getElementById('root')!).render(
    <ThemeContext.Provider value={theme}>
      <GlobalStyles {...({ hackNoBackdropBlur: true, isExtensionSidebarOpen: false } as any)} />
      <PanelContextProvider value={surroundings}>
        <Bar view={view} theme={theme} />
        <Board view={view} theme={theme} marks={marks} />
        <PortalContainer />
      </PanelContextProvider>
    </ThemeContext.Provider>,
  );
  setTimeout(() => { (window as any).drawn = { pending, complaints }; }, 300);
}

draw().catch((error) => { complain('page: ' + (error?.stack ?? error)); (window as any).drawn = { pending, complaints }; });
