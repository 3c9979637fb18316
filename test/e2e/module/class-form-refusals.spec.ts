import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Injectable, Scope, UseGuards } from '@nestjs/common';
import type { Type } from '@nestjs/common';
import {
  ApplyFact,
  DurableProjection,
  FactstrModule,
  InvalidOptionsError,
  OnFacts,
  facts,
} from 'nestjs-factstr';
import type { EventRecord } from 'nestjs-factstr';
import { Fixtures } from '../../support/fixtures/applications.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

describe('The class form is refused at bootstrap', () => {
  const refused = async (type: Type, message: RegExp, controller = false) => {
    const opening = fixtures.app({
      imports: [FactstrModule.forRoot()],
      ...(controller ? { controllers: [type] } : { providers: [type] }),
    });
    await expect(opening).rejects.toThrow(message);
    await expect(opening).rejects.toBeInstanceOf(InvalidOptionsError);
  };

  it('without a method', async () => {
    @DurableProjection({ name: 'items' })
    class Empty {}
    await refused(Empty, /class Empty carries @DurableProjection, but none.*@ApplyFact/);
  });

  it('without a name', async () => {
    @DurableProjection({ name: '' })
    class Nameless {
      @ApplyFact('a')
      apply() {}
    }
    await refused(Nameless, /Nameless has no name/);
  });

  it('when facts are narrowed, or of every type', () => {
    const reason = /@ApplyFact takes facts by their types.*without where/;
    expect(() => ApplyFact(facts('a').where({ b: 1 }))).toThrow(reason);
    expect(() => ApplyFact(facts())).toThrow(reason);
    expect(() => ApplyFact(facts())).toThrow(InvalidOptionsError);
  });

  it('when a store’s own facts are not applied by a method of an instance', async () => {
    class Outside {
      @ApplyFact(facts('a'))
      apply() {}
    }
    await refused(Outside, /^Outside\.apply carries @ApplyFact, but its class Outside is no/);
  });

  it('when the class is no projection', async () => {
    class Outside {
      @ApplyFact('a')
      apply() {}
    }
    await refused(Outside, /^Outside\.apply carries @ApplyFact, but its class Outside is no/);
  });

  it('when a method has both forms', async () => {
    @DurableProjection({ name: 'items' })
    class Both {
      // @ts-expect-error a batch is not one fact
      @OnFacts('a')
      @ApplyFact('a')
      apply(_one: EventRecord) {}
    }
    await refused(Both, /Both\.apply carries @ApplyFact and also @OnFacts/);
  });

  it('when two methods apply one type', async () => {
    @DurableProjection({ name: 'items' })
    class Twice {
      @ApplyFact('a')
      first() {}

      @ApplyFact(['b', 'a'])
      second() {}
    }
    await refused(Twice, /Twice applies "a" in first and in second/);
  });

  it('when a method names no type', async () => {
    @DurableProjection({ name: 'items' })
    class Nothing {
      @ApplyFact([])
      apply() {}
    }
    await refused(Nothing, /@ApplyFact of Nothing\.apply names no event type/);
  });

  it('when the class is request-scoped', async () => {
    @Injectable({ scope: Scope.REQUEST })
    @DurableProjection({ name: 'items' })
    class Scoped {
      @ApplyFact('a')
      apply() {}
    }
    await refused(Scoped, /Scoped\.apply .*request-scoped/);
  });

  it('when a method carries what Nest cannot apply', async () => {
    @Controller()
    @DurableProjection({ name: 'items' })
    class Guarded {
      @ApplyFact('a')
      @UseGuards({ canActivate: () => true })
      apply() {}
    }
    await refused(Guarded, /Guarded\.apply .*guards/, true);
  });

  it('when another projection has its name', async () => {
    @DurableProjection({ name: 'items' })
    class One {
      @ApplyFact('a')
      apply() {}

      @DurableProjection({ name: 'items', query: 'b' })
      other() {}
    }
    await refused(One, /"items" of store "default" is declared by One\.other and One\./);
  });
});

describe('A decorator on something else throws at once:', () => {
  it('@DurableProjection without a query on a method', () => {
    expect(() => {
      class Misused {
        // @ts-expect-error the class form decorates classes
        @DurableProjection({ name: 'items' })
        project() {}
      }
      return Misused;
    }).toThrow(/without a query decorates classes.*"project" is none/);
  });

  it('@DurableProjection with a query on a class', () => {
    expect(() => {
      // @ts-expect-error the method form decorates methods
      @DurableProjection({ name: 'items', query: 'a' })
      class Misused {}
      return Misused;
    }).toThrow(/decorate methods.*"Misused" is none/);
  });

  it('@ApplyFact on a static method', () => {
    expect(() => {
      class Misused {
        @ApplyFact('a')
        static apply() {}
      }
      return Misused;
    }).toThrow(/@ApplyFact decorates methods.*"apply" is none/);
  });
});
