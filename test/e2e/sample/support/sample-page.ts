import type { Browser, Locator, Page } from 'playwright-core';

/** The page as a person uses it: by labels, names and what is to be read. */
export class SamplePage {
  readonly #page: Page;

  private constructor(page: Page) {
    this.#page = page;
  }

  static async open(browser: Browser, url: string): Promise<SamplePage> {
    const page = await browser.newPage();
    // The test's limit holds, which goes by the machine's time.
    page.setDefaultTimeout(0);
    await page.goto(url);
    const sample = new SamplePage(page);
    await sample.connection('Live');
    return sample;
  }

  get page(): Page {
    return this.#page;
  }

  /** Resolves when the page shows that state. */
  connection(state: string): Promise<void> {
    return this.#page.locator('#connection', { hasText: state }).waitFor();
  }

  async defineCourse(title: string, seats: number): Promise<void> {
    await this.#page.getByLabel('Course title').fill(title);
    await this.#page.locator('#define-course').getByLabel('Seats').fill(String(seats));
    await this.#page.getByRole('button', { name: 'Define course' }).click();
    await this.course(title).waitFor();
  }

  async registerStudent(name: string): Promise<void> {
    await this.#page.getByLabel('Student name').fill(name);
    await this.#page.getByRole('button', { name: 'Register' }).click();
    await this.student(name).waitFor();
  }

  async enrol(title: string, name: string): Promise<void> {
    const course = this.course(title);
    await course.getByLabel(`Student for ${title}`).selectOption({ label: name });
    await course.getByRole('button', { name: 'Enrol' }).click();
  }

  course(title: string): Locator {
    const heading = this.#page.getByRole('heading', { name: title });
    return this.#page.getByRole('article').filter({ has: heading });
  }

  /** Resolves when the course shows that many taken seats. */
  seats(title: string, text: string): Promise<void> {
    return this.course(title).getByText(text, { exact: true }).waitFor();
  }

  student(name: string): Locator {
    return this.#page.locator('#student-list').getByRole('button', { name });
  }

  fact(text: string): Locator {
    return this.#page.locator('#fact-list li', { hasText: text });
  }
}
