import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { storableText } from '../../lib/support/storable-text.js';

const HORSE = '🐎';
const HIGH = '\ud83d';
const LOW = '\udc0e';

describe('A text of ours', () => {
  it('that every database takes is left as it is', () => {
    for (const text of ['', 'x', 'größe', HORSE, '\u0001\u2028\ud7ff\ue000\uffff', 'a\nb']) {
      expect(storableText(text)).toBe(text);
    }
  });

  it.each([
    ['\0', '\\u0000'],
    ['a\0b\0', 'a\\u0000b\\u0000'],
    [HIGH, '\\ud83d'],
    [LOW, '\\udc0e'],
    [`a${HIGH}b`, 'a\\ud83db'],
    [`${LOW}${HIGH}`, '\\udc0e\\ud83d'],
    [`${HIGH}${HORSE}`, `\\ud83d${HORSE}`],
    [`${HORSE}${LOW}`, `${HORSE}\\udc0e`],
    [`${HORSE}${HORSE}`, `${HORSE}${HORSE}`],
    ['\ud800', '\\ud800'],
    ['\udbff', '\\udbff'],
    ['\udc00', '\\udc00'],
    ['\udfff', '\\udfff'],
  ])('has an escape for what none takes: %j', (text, escaped) => {
    expect(storableText(text)).toBe(escaped);
  });

  it.each([100, 101, 2_000])(
    'of %d characters at the most is cut behind them, and says so',
    (most) => {
      for (const length of [most - 1, most]) {
        expect(storableText('x'.repeat(length), most)).toBe('x'.repeat(length));
      }
      for (const length of [most + 1, most + 2, 10 * most]) {
        expect(storableText('x'.repeat(length), most)).toBe(
          `${'x'.repeat(most - 40)}… (cut: ${length} characters)`,
        );
      }
    },
  );

  it('has 2,000 characters at the most where nothing else is said', () => {
    expect(storableText('x'.repeat(2_000))).toBe('x'.repeat(2_000));
    expect(storableText('x'.repeat(2_001))).toBe(`${'x'.repeat(1_960)}… (cut: 2001 characters)`);
  });

  it('is cut between characters, not inside of one', () => {
    const most = 100;
    const kept = most - 40;
    // The half of a pair behind the cut takes the other half with it.
    for (const before of [kept - 2, kept - 1, kept]) {
      const text = 'x'.repeat(before) + HORSE + 'y'.repeat(most);
      const expected = before === kept - 2 ? 'x'.repeat(before) + HORSE : 'x'.repeat(before);
      expect(storableText(text, most)).toBe(`${expected}… (cut: ${text.length} characters)`);
    }
    // The last character that is none of a pair.
    expect(storableText('\uffff'.repeat(most + 1), most)).toBe(
      `${'\uffff'.repeat(kept)}… (cut: ${most + 1} characters)`,
    );
    expect(storableText('\uffff'.repeat(most), most)).toBe('\uffff'.repeat(most));
    // Nor is one of its end's halves taken for a lone one.
    for (const before of [most - 2, most - 1, most]) {
      const text = 'x'.repeat(before) + HORSE;
      expect(storableText(text, most)).not.toContain('\\u');
      expect(storableText(text, most).includes('cut')).toBe(text.length > most);
    }
  });

  it('is cut too when its escapes make it too long', () => {
    const most = 120;
    const fits = '\0'.repeat(20);
    expect(storableText(fits, most)).toBe('\\u0000'.repeat(20));
    expect(storableText(`${fits}x`, most)).toBe(`${'\\u0000'.repeat(13)}\\u… (cut: 21 characters)`);
  });

  it('is storable and bounded, whatever it was', () => {
    const unit = fc.constantFrom('x', '\0', HIGH, LOW, HORSE, '\n');
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 150 }), (units) => {
        const given = units.join('');
        const text = storableText(given, 100);
        expect(text.length).toBeLessThanOrEqual(100);
        expect(text.isWellFormed() && !text.includes('\0')).toBe(true);
        if (given.length <= 100 && given.isWellFormed() && !given.includes('\0')) {
          expect(text).toBe(given);
        }
      }),
    );
  });
});
