import type { Page } from 'playwright-core';

/** What has the focus after a press of Tab. */
export interface TabStop {
  /** The element’s kind and what it is called. */
  readonly name: string;
  /** Whether a person sees that it has the focus. */
  readonly isSeen: boolean;
}

export interface Walk {
  readonly stops: readonly TabStop[];
  /** What can be clicked, typed into or chosen, and no press of Tab comes to. */
  readonly missed: readonly string[];
}

/** Presses Tab from the page’s beginning until the focus has been everywhere. */
export async function walkByTab(page: Page): Promise<Walk> {
  await page.evaluate(prepare);
  const stops: TabStop[] = [];
  for (;;) {
    await page.keyboard.press('Tab');
    const stop = await page.evaluate(() => globalThis.tabWalk.step());
    if (stop === 'end') break;
    stops.push(stop);
  }
  return { stops, missed: await page.evaluate(() => globalThis.tabWalk.missed()) };
}

interface TabWalk {
  step(): TabStop | 'end';
  missed(): string[];
}

declare global {
  // In the page, while it is walked through.
  var tabWalk: TabWalk;
}

/** In the page. Elements that a page draws anew are taken for the former ones by their name. */
function prepare(): void {
  const CONTROLS =
    'a[href], button, input:not([type=hidden]), select, textarea, summary, [contenteditable], [tabindex], [role=button], [role=link], [role=tab], [onclick]';
  const seen = new Set<Element>();
  const names = new Set<string>();

  const nameOf = (element: Element): string => {
    const label = 'labels' in element ? (element.labels as NodeListOf<Element> | null)?.[0] : null;
    const text =
      element.getAttribute('aria-label') ?? label?.textContent ?? element.textContent ?? '';
    return `${element.localName} “${text.trim().replaceAll(/\s+/g, ' ').slice(0, 80)}”`;
  };

  const lookOf = (element: Element): string => {
    const { outlineStyle, outlineWidth, outlineColor, boxShadow, borderColor, backgroundColor } =
      getComputedStyle(element);
    const outline =
      outlineStyle === 'none' ? '' : `${outlineStyle} ${outlineWidth} ${outlineColor}`;
    return [outline, boxShadow, borderColor, backgroundColor].join('; ');
  };

  const isSeen = (element: HTMLElement): boolean => {
    const focused = lookOf(element);
    const { width, height } = element.getBoundingClientRect();
    element.blur();
    const left = lookOf(element);
    element.focus({ preventScroll: true });
    return focused !== left && width > 0 && height > 0;
  };

  const isUsable = (element: Element): boolean =>
    element.checkVisibility({ visibilityProperty: true, opacityProperty: true }) &&
    !element.matches(':disabled, [inert], [inert] *, [tabindex="-1"]');

  // Of a group of radio buttons Tab comes to one; the arrows lead to the others.
  const isRadioOfSeen = (element: Element): boolean =>
    element instanceof HTMLInputElement &&
    element.type === 'radio' &&
    [...seen].some((other) => other instanceof HTMLInputElement && other.name === element.name);

  // Tab starts from what had the focus last.
  document.body.tabIndex = -1;
  document.body.focus();
  document.body.removeAttribute('tabindex');
  globalThis.tabWalk = {
    step() {
      const element = document.activeElement;
      if (!(element instanceof HTMLElement) || element === document.body) return 'end';
      if (seen.has(element)) return 'end';
      seen.add(element);
      names.add(nameOf(element));
      return { name: nameOf(element), isSeen: isSeen(element) };
    },
    missed: () =>
      [...document.querySelectorAll(CONTROLS)]
        .filter((element) => isUsable(element) && !seen.has(element) && !isRadioOfSeen(element))
        .map(nameOf)
        .filter((name) => !names.has(name)),
  };
}
