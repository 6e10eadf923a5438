// What Grafana does between an answer and what is drawn: transformations, units,
// mappings, thresholds, overrides.
import {
  DataFrame, Field, FieldType, GrafanaTheme2, Registry, applyFieldOverrides, cacheFieldDisplayNames, dataLinksOverrideProcessor, displayNameOverrideProcessor,
  getFieldDisplayValuesProxy, identityOverrideProcessor, numberOverrideProcessor, standardFieldConfigEditorRegistry, standardTransformers,
  standardTransformersRegistry, stringOverrideProcessor, thresholdsOverrideProcessor, transformDataFrame, unitOverrideProcessor, valueMappingsOverrideProcessor,
} from '@grafana/data';
import { lastValueFrom, map } from 'rxjs';
import { View, Lookup, fill } from './view';
import { ask } from './prometheus';

// Grafana's application has this transformation, and its packages do not.
const partitionByValues = {
  id: 'partitionByValues', name: 'Partition by values', defaultOptions: {},
  operator: (options: any) => (source: any) => source.pipe(map((frames: any) => (frames as DataFrame[]).flatMap((frame) => {
    const by = (options.fields as string[]).flatMap((name) => frame.fields.filter((f) => f.name === name));
    const parts = new Map<string, number[]>();
    for (let row = 0; row < frame.length; row++) {
      const key = JSON.stringify(by.map((f) => f.values[row]));
      parts.set(key, [...(parts.get(key) ?? []), row]);
    }
    return [...parts.values()].map((rows): DataFrame => ({
      refId: frame.refId, length: rows.length,
      fields: frame.fields.filter((f) => !by.includes(f)).map((f): Field => ({
        ...f, state: undefined, values: rows.map((r) => f.values[r]),
        labels: f.type === FieldType.time ? undefined : Object.fromEntries(by.map((b) => [b.name, b.values[rows[0]]])),
      })),
    }));
  }))),
};

const none: any = () => null; // the editor of an option, which nobody opens here

export function setUp() {
  const transformers = new Map<string, any>();
  for (const t of [...Object.values(standardTransformers), partitionByValues] as any[]) transformers.set(t.id, t);
  standardTransformersRegistry.setInit(() => [...transformers.values()].map((t) => ({
    id: t.id, name: t.name ?? t.id, transformation: () => Promise.resolve(t), editor: none, imageDark: '', imageLight: '',
  })) as any);
  standardFieldConfigEditorRegistry.setInit(() => Object.entries(standard).map(([id, process]) => option(id, process)) as any);
}

const standard: Record<string, any> = {
  unit: unitOverrideProcessor, min: numberOverrideProcessor, max: numberOverrideProcessor, decimals: numberOverrideProcessor,
  displayName: displayNameOverrideProcessor, noValue: stringOverrideProcessor, mappings: valueMappingsOverrideProcessor,
  thresholds: thresholdsOverrideProcessor, links: dataLinksOverrideProcessor, color: identityOverrideProcessor,
  filterable: identityOverrideProcessor, actions: identityOverrideProcessor, fieldMinMax: identityOverrideProcessor,
};

const option = (path: string, process: any, custom = false) => ({
  id: custom ? 'custom.' + path : path, path, name: path, description: '', isCustom: custom, editor: none, override: none, process,
  shouldApply: () => true, getItemsCount: () => 0, settings: path === 'displayName' ? { expandTemplateVars: true } : {},
});

// What the panels' own options are where a dashboard does not give them.
const own: Record<string, Record<string, unknown>> = {
  timeseries: {
    drawStyle: 'line', lineInterpolation: 'linear', lineWidth: 1, fillOpacity: 0, gradientMode: 'none', spanNulls: false, insertNulls: false, showPoints: 'auto',
    pointSize: 5, stacking: { mode: 'none', group: 'A' }, axisPlacement: 'auto', axisLabel: '', axisColorMode: 'text', axisBorderShow: false, axisCenteredZero: false,
    axisSoftMin: undefined, axisSoftMax: undefined, axisWidth: undefined, axisGridShow: undefined, lineStyle: undefined, scaleDistribution: { type: 'linear' },
    barAlignment: 0, barWidthFactor: 0.6, hideFrom: { tooltip: false, viz: false, legend: false }, thresholdsStyle: { mode: 'off' }, showValues: false,
  },
  'state-timeline': { lineWidth: 0, fillOpacity: 70, spanNulls: false, insertNulls: false, hideFrom: { tooltip: false, viz: false, legend: false }, axisPlacement: 'auto', axisWidth: undefined },
  table: {
    align: 'auto', cellOptions: { type: 'auto' }, width: undefined, minWidth: 150, inspect: false, filterable: undefined, hidden: undefined,
    wrapText: false, wrapHeaderText: false, hideFrom: { viz: false }, footer: { reducers: [] }, tooltip: undefined, styleField: undefined,
  },
  stat: {},
};

// ofRow looks up what a link or a name says of a field or of a row of a table.
function ofRow(scoped: any): Lookup {
  const context = scoped?.__dataContext?.value;
  return (name, path) => {
    if (!context) return undefined;
    const { field, frame, rowIndex } = context;
    if (name === '__field') return path.reduce<any>((at, key) => at?.[key], { name: field?.name, labels: field?.labels ?? {} });
    if (name === '__value') {
      const value = field.values[rowIndex];
      return path[0] === 'text' ? field.display?.(value).text : value;
    }
    if (name === '__data') return getFieldDisplayValuesProxy({ frame, rowIndex } as any)[path.slice(1).join('.')]?.toString();
    return undefined;
  };
}

export const replacer = (view: View): any => (text: string, scoped: any) => (typeof text === 'string' ? fill(view, text, ofRow(scoped)) : text);

export async function framesOf(view: View, panel: any, width: number, theme: GrafanaTheme2): Promise<DataFrame[]> {
  let data = await ask(view, panel, width);
  if (panel.transformations?.length) {
    data = await lastValueFrom(transformDataFrame(panel.transformations, data, { interpolate: (text: string) => fill(view, text) } as any));
  }
  const { defaults, overrides } = panel.fieldConfig;
  const fieldConfig = { overrides, defaults: { ...defaults, custom: { ...own[panel.type], ...defaults.custom } } };
  const fieldConfigRegistry = new Registry<any>(() => [
    ...standardFieldConfigEditorRegistry.list(), ...Object.keys(own[panel.type]).map((path) => option(path, identityOverrideProcessor, true)),
  ]);
  const frames = applyFieldOverrides({ data, fieldConfig, fieldConfigRegistry, replaceVariables: replacer(view), theme, timeZone: 'utc' });
  cacheFieldDisplayNames(frames);
  return frames;
}
