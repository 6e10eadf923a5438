import { Component, ReactNode, useEffect, useLayoutEffect, useState } from 'react';
import { DataFrame, GrafanaTheme2, VizOrientation, getDisplayValueAlignmentFactors, getFieldDisplayValues } from '@grafana/data';
import { BigValue, PanelChrome, TimeSeries, UPlotConfigBuilder, VizRepeater } from '@grafana/ui';
import { TableNG } from '@grafana/ui/unstable';
import { View } from './view';
import { framesOf, replacer } from './frames';
import { timeRange } from './prometheus';
import { Mark } from './marks';
import { Timeline } from './timeline';

export type Drawn = { panel: any; frames: DataFrame[]; view: View; marks: Mark[]; theme: GrafanaTheme2; width: number; height: number };

const isEmpty = (frames: DataFrame[]) => frames.every((f) => f.length === 0);

function Nothing({ panel, theme }: Drawn) {
  const centered = { height: '100%', display: 'flex', alignItems: 'center', justifyContent: 'center', textAlign: 'center' } as const;
  return <div data-nothing style={{ ...centered, color: theme.colors.text.secondary, fontSize: 14 }}>{panel.fieldConfig.defaults.noValue ?? 'No data'}</div>;
}

function Stat({ panel, frames, view, theme, width, height }: Drawn) {
  const { reduceOptions, colorMode, graphMode, justifyMode, textMode, wideLayout } = panel.options;
  const values = () => getFieldDisplayValues({
    fieldConfig: panel.fieldConfig, reduceOptions: { values: false, ...reduceOptions }, replaceVariables: replacer(view), theme, data: frames, sparkline: false, timeZone: 'utc',
  });
  return <VizRepeater getValues={values} getAlignmentFactors={getDisplayValueAlignmentFactors as any} source={frames} width={width} height={height}
    orientation={VizOrientation.Auto} itemSpacing={3} renderCounter={0} autoGrid
    renderValue={(one: any) => <BigValue value={one.value.display} count={one.count} width={one.width} height={one.height} alignmentFactors={one.alignmentFactors} theme={theme}
      colorMode={colorMode} graphMode={graphMode} justifyMode={justifyMode} textMode={textMode} wideLayout={wideLayout} />} />;
}

function Lines(drawn: Drawn) {
  const { panel, frames, view, marks, theme, width, height } = drawn;
  if (isEmpty(frames)) return <Nothing {...drawn} />;
  return <TimeSeries frames={frames} width={width} height={height} timeRange={timeRange(view)} timeZone="utc" legend={panel.options.legend} options={panel.options}>
    {(config: UPlotConfigBuilder) => <Marked config={config} marks={marks} theme={theme} />}
  </TimeSeries>;
}

function Marked({ config, marks, theme }: { config: UPlotConfigBuilder; marks: Mark[]; theme: GrafanaTheme2 }) {
  useLayoutEffect(() => {
    config.addHook('draw', (plot) => {
      const { left, top, width, height } = plot.bbox;
      plot.ctx.save();
      plot.ctx.lineWidth = 2;
      plot.ctx.setLineDash([6, 6]);
      for (const mark of marks) {
        const x = plot.valToPos(mark.from, 'x', true);
        if (x < left || x > left + width) continue;
        plot.ctx.strokeStyle = theme.visualization.getColorByName(mark.color);
        plot.ctx.beginPath(); plot.ctx.moveTo(x, top); plot.ctx.lineTo(x, top + height); plot.ctx.stroke();
      }
      plot.ctx.restore();
    });
  }, [config]);
  return null;
}

function Table(drawn: Drawn) {
  const { panel, frames, width, height } = drawn;
  if (isEmpty(frames)) return <Nothing {...drawn} />;
  const { showHeader, showTypeIcons, cellHeight, sortBy } = panel.options;
  return <div data-table><TableNG data={frames[0]} width={width} height={height} noHeader={!showHeader} showTypeIcons={showTypeIcons} cellHeight={cellHeight}
    initialSortBy={sortBy} fieldConfig={panel.fieldConfig} structureRev={1} {...({ sortBy, noValue: panel.fieldConfig.defaults.noValue } as any)} /></div>;
}

function States(drawn: Drawn) { return isEmpty(drawn.frames) ? <Nothing {...drawn} /> : <Timeline {...drawn} />; }

const kinds: Record<string, (drawn: Drawn) => ReactNode> = { stat: Stat, timeseries: Lines, table: Table, 'state-timeline': States };

// Guard keeps what one panel throws from the others.
class Guard extends Component<{ title: string; children: ReactNode }, { error?: unknown }> {
  state: { error?: unknown } = {};
  static getDerivedStateFromError(error: unknown) { return { error }; }
  componentDidCatch(error: any) { complain(`${this.props.title}: ${error?.stack ?? error}`); }
  render() { return this.state.error ? <div>not drawn: {String(this.state.error)}</div> : this.props.children; }
}

export const complaints: string[] = [];
export function complain(what: string) { complaints.push(what); }

export const pending = { panels: 0 };

export function Panel({ panel, width, height, ...rest }: Omit<Drawn, 'frames'>) {
  const [frames, setFrames] = useState<DataFrame[]>();
  useEffect(() => {
    pending.panels++;
    framesOf(rest.view, panel, width, rest.theme).then(setFrames, (error) => complain(`${panel.title}: ${error?.stack ?? error}`)).finally(() => pending.panels--);
  }, []);
  const Kind = kinds[panel.type];
  return <PanelChrome width={width} height={height} title={panel.title} description={panel.description} padding="md">
    {(w, h) => <Guard title={panel.title}>{frames && <Kind {...rest} {...{ panel, frames }} width={w} height={h} />}</Guard>}
  </PanelChrome>;
}
