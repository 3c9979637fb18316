import 'reflect-metadata';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Body, Controller, Injectable, Post, StandardSchemaValidationPipe } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { Test } from '@nestjs/testing';
import type { INestApplication } from '@nestjs/common';
import type { App } from 'supertest/types.js';
import {
  DurableProjection,
  FactstrExceptionFilter,
  FactstrModule,
  FactstrProjections,
  FactstrStore,
  OnFacts,
  defineFacts,
  factQuery,
} from 'nestjs-factstr';
import type { EventRecord } from 'nestjs-factstr';
import request from 'supertest';
import { optionsOf, Fixtures } from '../support/fixtures/applications.js';
import type { ProviderName } from '../support/fixtures/applications.js';
import { until } from '../support/waiting/until.js';
import { LIBRARIES } from './support/libraries.js';
import type { Library } from './support/libraries.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

/** An application whose requests, facts, records and OpenAPI are made of one schema. */
async function application({ course, enrolled }: Library, provider: ProviderName) {
  const facts = defineFacts({
    'course-defined': {
      schema: course,
      // A course was defined by its name alone.
      from: {
        'course-created': {
          up: (old) => ({ course_id: String(old), title: String(old) }),
          where: ({ course_id }) => course_id,
        },
      },
      checkAppend: async ({ title }) => title !== 'Taken',
    },
    'student-enrolled': enrolled,
  });
  const delivered: { live: EventRecord[]; projected: EventRecord[] } = { live: [], projected: [] };

  @Controller()
  class Courses {
    constructor(private readonly store: FactstrStore<object>) {}

    @Post('courses')
    async define(@Body({ schema: facts.schemas['course-defined'] }) payload: object) {
      await this.store.append([{ event_type: 'course-defined', payload }]);
    }

    @Post('unchecked')
    async unchecked(@Body() payload: object) {
      await this.store.append([{ event_type: 'course-defined', payload }]);
    }
  }

  @Injectable()
  class Handlers {
    @OnFacts(['course-defined'])
    live(records: EventRecord[]) {
      delivered.live.push(...records);
    }

    @DurableProjection({ name: 'courses', query: ['course-defined'] })
    project(records: EventRecord[]) {
      delivered.projected.push(...records);
    }
  }

  const module = await Test.createTestingModule({
    imports: [FactstrModule.forRoot({ ...(await optionsOf(provider, fixtures)), facts })],
    controllers: [Courses],
    providers: [Handlers, { provide: APP_FILTER, useClass: FactstrExceptionFilter }],
  })
    .setLogger(fixtures.log)
    .compile();
  const app: INestApplication<App> = module.createNestApplication();
  fixtures.later(() => app.close());
  app.useGlobalPipes(new StandardSchemaValidationPipe({ transform: false }));
  await app.init();
  return { app, facts, delivered };
}

const bodyOf = (app: INestApplication, path: string): unknown => {
  const document = SwaggerModule.createDocument(app, new DocumentBuilder().build());
  const { content } = document.paths[path]!.post!.requestBody as {
    content: Record<string, { schema: unknown }>;
  };
  return content['application/json']!.schema;
};

describe.each(LIBRARIES)('An application on schemas of $name', (library) => {
  it.each<ProviderName>(['memory', 'sqlite', 'postgres'])(
    'has requests, facts, records, projections and OpenAPI of one schema, on %s',
    async (provider) => {
      const { app, facts, delivered } = await application(library, provider);
      const http = request(app.getHttpServer());
      const store: FactstrStore<object> = app.get(FactstrStore);

      await http.post('/courses').send({ course_id: 'a', title: ' A ' }).expect(201);
      // Refused by the request's schema, and by the fact's where the request has none.
      await http.post('/courses').send({ course_id: 'b' }).expect(400);
      const { body } = await http.post('/unchecked').send({ course_id: 'hunter2', capacity: 'x' });
      expect(body).toMatchObject({ statusCode: 422, code: 'INVALID_FACT' });
      expect(JSON.stringify(body)).toMatch(/\$\.(title|capacity)/);
      expect(JSON.stringify(body)).not.toContain('hunter2');
      await http.post('/courses').send({ course_id: 'c', title: 'Taken' }).expect(422);
      await http.post('/courses').send({ course_id: 'd', title: 'D', capacity: 3 }).expect(201);

      const read = [
        { course_id: 'a', title: 'A', capacity: 20 },
        { course_id: 'd', title: 'D', capacity: 3 },
      ];
      const payloads = (records: readonly EventRecord[]): unknown[] =>
        records.map(({ payload }) => payload);
      const all = factQuery(facts.facts('course-defined'));
      expect(payloads((await store.query(all)).event_records)).toEqual(read);
      const some = factQuery(facts.facts('course-defined').where({ course_id: 'd' }));
      expect(payloads((await store.query(some)).event_records)).toEqual([read[1]]);
      await app.get(FactstrProjections).drained();
      await until(
        () => delivered.live.length === 2,
        () => `live: ${JSON.stringify(payloads(delivered.live))}`,
      );
      expect(payloads(delivered.projected)).toEqual(read);
      expect(payloads(delivered.live)).toEqual(read);
      expect(await store.check()).toEqual({
        head: 2n,
        facts: 2,
        unread: [],
        unregistered: [],
        other: 0,
      });

      const members = (schema: unknown): string[] =>
        Object.keys((schema as { properties: object }).properties).toSorted();
      const expected = ['capacity', 'course_id', 'title'];
      expect(members(bodyOf(app, '/courses'))).toEqual(expected);
      if (library.name !== 'valibot') {
        expect(members(facts.jsonSchemas({ of: 'output' })['course-defined'])).toEqual(expected);
      } else {
        expect(() => facts.jsonSchemas()).toThrow(
          'The schema of the type "student-enrolled" does not describe itself as JSON Schema.',
        );
      }
    },
  );
});
