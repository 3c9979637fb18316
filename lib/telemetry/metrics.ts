import type { MetricDefinition } from './meters.js';

/** From a memory append to a statement that runs into its deadline. */
const SECONDS = [
  0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
  10,
];

const PROJECTION = ['factstr.store', 'factstr.projection'];

/** Every metric of this package. */
export const METRICS = {
  operationDuration: {
    name: 'db.client.operation.duration',
    description: 'How long an operation of a store took.',
    unit: 's',
    labels: ['factstr.store', 'db.system.name', 'db.operation.name', 'error.type'],
    buckets: SECONDS,
  },
  appendDuration: {
    name: 'factstr.append.duration',
    description: 'How long an append took until its verdict.',
    unit: 's',
    labels: ['factstr.store', 'factstr.outcome'],
    buckets: SECONDS,
  },
  appendFacts: {
    name: 'factstr.append.facts',
    description: 'Facts that this process has appended.',
    unit: '{fact}',
    labels: ['factstr.store'],
  },
  groupSize: {
    name: 'factstr.append.group_size',
    description: 'How many appends were committed together.',
    unit: '{append}',
    labels: ['factstr.store'],
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256],
  },
  handleDuration: {
    name: 'factstr.projection.handle.duration',
    description: 'How long a call of a projection’s handler took.',
    unit: 's',
    labels: [...PROJECTION, 'factstr.outcome'],
    buckets: [...SECONDS, 30],
  },
  attempts: {
    name: 'factstr.projection.attempts',
    description: 'Calls of a projection’s handler.',
    unit: '{call}',
    labels: [...PROJECTION, 'factstr.outcome'],
  },
  lag: {
    name: 'factstr.projection.lag',
    description: 'Facts between a projection’s cursor and the head.',
    unit: '{fact}',
    labels: PROJECTION,
  },
  lagAge: {
    name: 'factstr.projection.lag.age',
    description: 'How long the oldest fact has waited that a projection has not processed.',
    unit: 's',
    labels: PROJECTION,
  },
  parked: {
    name: 'factstr.projection.parked',
    description: 'Facts that are parked.',
    unit: '{fact}',
    labels: PROJECTION,
  },
  parkedAge: {
    name: 'factstr.projection.parked.age',
    description: 'How long the fact has been parked that has been so longest.',
    unit: 's',
    labels: PROJECTION,
  },
  state: {
    name: 'factstr.projection.state',
    description: '1 for the state that a projection is in.',
    unit: '1',
    labels: [...PROJECTION, 'factstr.state'],
  },
  owned: {
    name: 'factstr.projection.owned',
    description: '1 where an owner that shows signs of life runs a projection, else 0.',
    unit: '1',
    labels: PROJECTION,
  },
} as const satisfies Record<string, MetricDefinition>;

/** Those that are read when metrics are collected. */
export const PROJECTION_GAUGES: readonly MetricDefinition[] = [
  METRICS.lag,
  METRICS.lagAge,
  METRICS.parked,
  METRICS.parkedAge,
  METRICS.state,
  METRICS.owned,
];
