import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';

/** Colour scheme that the browser asks for; the portal follows it. */
export type Theme = 'light' | 'dark';

const screenshots = join(__dirname, '..', '..', 'e2e-screenshots');
const readmePicture = join(__dirname, '../../../docs/images/backups-tab.png');
const widths = [360, 768, 1440];
const height = 900;
const axeSource = readFileSync(require.resolve('axe-core'), 'utf8');

/** What the portal's own frame is known for; ours is checked without exceptions. */
const ownContent = 'main, [role="main"], article';

/** A page of the portal, with what a story needs beside clicking. */
export class PortalPage {
  /** What the browser's console complained about. */
  readonly complaints: string[] = [];

  private constructor(
    readonly page: Page,
    private readonly context: BrowserContext,
    private readonly theme: Theme,
  ) {
    page.on('console', message => {
      if (message.type() === 'error') {
        this.complaints.push(message.text());
      }
    });
    page.on('pageerror', error => this.complaints.push(String(error)));
  }

  /** A fresh visitor: no cookies, no storage. */
  static async open(browser: Browser, theme: Theme, baseURL: string) {
    const context = await browser.newContext({
      baseURL,
      colorScheme: theme,
      viewport: { width: 1440, height },
      locale: 'en-GB',
      timezoneId: 'Europe/Berlin',
    });
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    return new PortalPage(page, context, theme);
  }

  /** Signs in as the guest, and waits for the catalog. */
  async signIn(): Promise<void> {
    await this.page.goto('/');
    await this.page.getByRole('button', { name: 'Enter' }).click();
    await this.page
      .getByRole('link', { name: 'orders', exact: true })
      .waitFor();
  }

  /** From the catalog to the tab "Backups" of a component, by clicks. */
  async openBackups(component: string): Promise<void> {
    await this.page.goto('/');
    await this.page
      .getByRole('link', { name: component, exact: true })
      .first()
      .click();
    await this.page
      .getByRole('tab', { name: 'Backups', exact: true })
      .or(this.page.getByRole('link', { name: 'Backups', exact: true }))
      .first()
      .click();
  }

  /** Pictures at phone, tablet and desktop width, for people to look at. */
  async picture(name: string): Promise<void> {
    for (const width of widths) {
      await this.page.setViewportSize({ width, height });
      await this.page.waitForTimeout(300);
      const folder = join(screenshots, this.theme, String(width));
      mkdirSync(folder, { recursive: true });
      await this.page.screenshot({
        path: join(folder, `${name}.png`),
        fullPage: true,
      });
    }
    await this.page.setViewportSize({ width: 1440, height });
    await this.page.waitForTimeout(300);
  }

  /** The picture of the README, down to the last row. Returns its size in bytes. */
  async readmePicture(): Promise<number> {
    await this.page.mouse.move(720, 5);
    await this.page.waitForTimeout(300);
    const table = await this.page.getByRole('grid').boundingBox();
    const bottom = Math.ceil((table?.y ?? 0) + (table?.height ?? height)) + 24;
    const picture = await this.page.screenshot({
      path: readmePicture,
      clip: { x: 0, y: 0, width: 1440, height: Math.min(bottom, height) },
    });
    return picture.length;
  }

  /** What axe-core finds wrong in our part of the page, colours included. */
  async axeViolations(): Promise<string[]> {
    await this.page.evaluate(axeSource);
    return this.page.evaluate(async selector => {
      const { axe } = window as unknown as {
        axe: {
          run(context: unknown): Promise<{
            violations: { id: string; nodes: { html: string }[] }[];
          }>;
        };
      };
      const tab = document.querySelector('[data-testid="backups-tab"]');
      const { violations } = await axe.run(
        tab ?? document.querySelector(selector) ?? document,
      );
      return violations.map(
        ({ id, nodes }) => `${id}: ${nodes.map(node => node.html).join(' | ')}`,
      );
    }, ownContent);
  }

  async close(): Promise<void> {
    await this.context.close();
  }
}
