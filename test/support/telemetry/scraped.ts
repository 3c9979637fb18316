import type { IncomingMessage, ServerResponse } from 'node:http';
import type { PrometheusExporter } from '@opentelemetry/exporter-prometheus';

type Labels = Readonly<Record<string, string>>;

/** What a scrape has: the text of Prometheus's exposition format, parsed. */
export class Scrape {
  readonly text: string;
  readonly samples: readonly {
    readonly name: string;
    readonly labels: Labels;
    readonly value: number;
  }[];

  constructor(text: string) {
    this.text = text;
    this.samples = text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => {
        const [, name, labels = '', value] = /^([\w:]+)(?:\{(.*)\})? (\S+)/.exec(line)!;
        const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)];
        return {
          name: name!,
          labels: Object.fromEntries(pairs.map(([, key, text]) => [key!, text!])),
          value: Number(value),
        };
      });
  }

  /** The one series of that name with those labels. */
  valueOf(name: string, labels: Labels = {}): number | undefined {
    return this.samples.find(
      (sample) =>
        sample.name === name &&
        Object.entries(labels).every(([key, text]) => sample.labels[key] === text),
    )?.value;
  }
}

/** Scrapes as Prometheus does, without a server. */
export async function scraped(exporter: PrometheusExporter): Promise<Scrape> {
  const text = await new Promise<string>((resolve) => {
    const response = {
      statusCode: 0,
      setHeader: () => undefined,
      end: (body: string) => resolve(body),
    };
    exporter.getMetricsRequestHandler({} as IncomingMessage, response as unknown as ServerResponse);
  });
  return new Scrape(text);
}
