/** The few kinds of panel that the dashboard is made of, with everything they have in common. */
import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  ReduceDataOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  MappingType,
  type Threshold,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type ValueMap,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as GaugePanel } from '@grafana/grafana-foundation-sdk/gauge';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatPanel } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TimelinePanel } from '@grafana/grafana-foundation-sdk/timeseries';

/** The data source as provisioning/datasources/prometheus.yml names it. */
export const PROMETHEUS = { type: 'prometheus', uid: 'prometheus' };

/** A query, and what its series are called: `{{label}}` is filled in. */
export type Target = { expr: string; legend: string };

/** Grafana's grid is 24 wide. */
const [STAT_WIDTH, STAT_HEIGHT, TIMELINE_WIDTH, TIMELINE_HEIGHT] = [4, 5, 12, 8];

/** One figure, now. */
export function stat(title: string, targets: Target[], unit: string): StatPanel {
  const panel = new StatPanel()
    .title(title)
    .datasource(PROMETHEUS)
    .unit(unit)
    .noValue('none')
    .colorMode(BigValueColorMode.Value)
    .graphMode(BigValueGraphMode.None)
    .reduceOptions(newest())
    .span(STAT_WIDTH)
    .height(STAT_HEIGHT);
  for (const query of queries(targets)) panel.withTarget(query.instant());
  return panel;
}

/** A part of 1, now, as a dial: yellow from 80 %, red from 100 %. */
export function share(title: string, targets: Target[]): GaugePanel {
  const panel = new GaugePanel()
    .title(title)
    .datasource(PROMETHEUS)
    .unit('percentunit')
    .min(0)
    .max(1)
    .noValue('none')
    .reduceOptions(newest())
    .thresholds(colours({ green: null, yellow: 0.8, red: 1 }))
    .span(STAT_WIDTH)
    .height(STAT_HEIGHT);
  for (const query of queries(targets)) panel.withTarget(query.instant());
  return panel;
}

/** Figures over time. */
export function timeline(title: string, targets: Target[], unit: string): TimelinePanel {
  const panel = new TimelinePanel()
    .title(title)
    .datasource(PROMETHEUS)
    .unit(unit)
    .min(0)
    .span(TIMELINE_WIDTH)
    .height(TIMELINE_HEIGHT);
  for (const query of queries(targets)) panel.withTarget(query.range());
  return panel;
}

/** Colour from this value on; `null` is the colour below all others. */
export function colours(steps: Record<string, number | null>): ThresholdsConfigBuilder {
  const thresholds = Object.entries(steps).map(([color, value]): Threshold => ({ color, value }));
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(thresholds);
}

/** Words in the place of values. */
export function words(texts: Record<string, string>): ValueMap {
  const options = Object.entries(texts).map(([value, text], index) => [value, { text, index }] as const);
  return { type: MappingType.ValueToText, options: Object.fromEntries(options) };
}

/** The series' name in the place of its value. */
export const NAME_ONLY = BigValueTextMode.Name;

function newest(): ReduceDataOptionsBuilder {
  return new ReduceDataOptionsBuilder().calcs(['lastNotNull']);
}

function queries(targets: Target[]): DataqueryBuilder[] {
  return targets.map(({ expr, legend }, index) =>
    new DataqueryBuilder()
      .datasource(PROMETHEUS)
      .expr(expr)
      .legendFormat(legend)
      .refId(String.fromCharCode(65 + index)),
  );
}
