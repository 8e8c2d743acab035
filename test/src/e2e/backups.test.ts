import type { Browser } from 'playwright-core';
import { launchChromium } from './launchChromium';
import { boundVolume, OrdersVolume } from './OrdersVolume';
import { PortalPage, Theme } from './PortalPage';
import { breakDemo, Demo, startDemo } from './startDemo';

jest.setTimeout(180_000);

describe('the Backups tab, by clicks', () => {
  let demo: Demo;
  let browser: Browser;

  beforeAll(async () => {
    [demo, browser] = await Promise.all([startDemo(), launchChromium()]);
  }, 300_000);

  afterAll(async () => {
    await browser?.close();
    await demo?.stop();
  }, 60_000);

  describe.each<Theme>(['light', 'dark'])('in the %s theme', theme => {
    let portal: PortalPage;

    beforeAll(async () => {
      portal = await PortalPage.open(browser, theme, demo.url);
      await portal.signIn();
    });

    afterAll(async () => {
      await portal?.close();
    });

    afterEach(() => {
      const complaints = portal.complaints.splice(0);
      if (complaints.length > 0) {
        throw new Error(`The console complains:\n${complaints.join('\n')}`);
      }
    });

    it('backs up, shows what is in the point, and restores a copy that opens', async () => {
      const { page } = portal;
      await portal.openBackups('orders');
      const points = page.getByRole('grid', {
        name: 'Recovery points of orders',
      });
      await points.waitFor();
      await page
        .getByRole('region', { name: 'Protection of orders' })
        .getByText(/^(Protected|At risk)$/)
        .waitFor();
      await portal.picture('recovery-points');
      expect(await portal.axeViolations()).toEqual([]);

      const started = Date.now();
      await page.getByRole('button', { name: 'Back up now' }).click();
      const notice = page.getByText(/ is being made\.$/);
      await notice.waitFor();
      const name = (await notice.innerText()).split(' ')[0];
      const row = points.getByRole('row').filter({ hasText: name });
      await row.waitFor();
      expect(Date.now() - started).toBeLessThan(3_000);
      await row.getByText('Done', { exact: true }).waitFor({ timeout: 60_000 });

      await row.getByText(name).click();
      const detail = page.getByRole('region', {
        name: `Recovery point ${name}`,
      });
      await detail.getByText('StatefulSet', { exact: true }).waitFor();
      await detail
        .getByRole('list', { name: 'Volumes' })
        .getByText('data-db-0')
        .waitFor();
      expect(await detail.getByText(/^Objects only/).count()).toBe(0);
      expect(page.url()).toContain(`point=${name}`);
      await detail.getByText('Log', { exact: true }).click();
      await detail.getByRole('list', { name: 'Log lines' }).waitFor();
      await portal.picture('recovery-point');
      expect(await portal.axeViolations()).toEqual([]);
      await page.reload();
      await detail.getByText('StatefulSet', { exact: true }).waitFor();
      await detail.getByRole('button', { name: 'Restore…' }).click();

      await page.getByRole('heading', { name: 'What comes back?' }).waitFor();
      await portal.picture('restore-what');
      expect(await portal.axeViolations()).toEqual([]);
      await page.getByRole('button', { name: 'Next' }).click();
      const field = page.getByRole('textbox', {
        name: 'Name of the new namespace',
      });
      await page.getByText(/ is free\. It will be created\.$/).waitFor();
      const namespace = await field.inputValue();
      await portal.picture('restore-where');
      expect(await portal.axeViolations()).toEqual([]);
      await page.getByRole('button', { name: 'Next' }).click();
      const start = page.getByRole('button', {
        name: new RegExp(`^Create ${namespace} with \\d+ objects$`),
      });
      await start.waitFor();
      await portal.picture('restore-check');
      expect(await portal.axeViolations()).toEqual([]);
      await start.click();

      const open = page
        .getByRole('region', { name: /^Restore / })
        .getByRole('link', { name: 'Open the copy' });
      await open.waitFor({ timeout: 90_000 });
      await portal.picture('restore-done');
      expect(await portal.axeViolations()).toEqual([]);
      const [copy] = await Promise.all([
        page.context().waitForEvent('page'),
        open.click(),
      ]);
      await copy.waitForLoadState();
      expect(copy.url()).toContain(`/demo/${namespace}/`);
      await copy.close();
    });

    it('restores in place after a safety point, which the result names', async () => {
      const { page } = portal;
      await breakDemo(demo.url);
      await portal.openBackups('orders');
      await page.getByRole('button', { name: 'Restore…' }).first().click();
      await page.getByRole('button', { name: 'Next' }).click();
      await page.getByText('In place, in shop', { exact: true }).click();
      await page.getByRole('textbox', { name: /^Type orders/ }).fill('orders');
      await portal.picture('restore-in-place-where');
      await page.getByRole('button', { name: 'Next' }).click();
      await page.getByText('A safety point is taken first').waitFor();
      await portal.picture('restore-in-place-check');
      expect(await portal.axeViolations()).toEqual([]);
      await page
        .getByRole('button', { name: /^Restore \d+ objects? into shop$/ })
        .click();
      await page.getByText(/^Taking the safety point /).waitFor();
      const result = page.getByRole('region', { name: /^Restore / });
      await result.getByText('shop was restored.').waitFor({ timeout: 90_000 });
      await portal.picture('restore-in-place-done');
      expect(await portal.axeViolations()).toEqual([]);
      const safety = result
        .locator('dd')
        .filter({ has: page.getByRole('link') })
        .last()
        .getByRole('link');
      const name = await safety.innerText();
      await safety.click();
      await page
        .getByRole('region', { name: `Recovery point ${name}` })
        .getByText('StatefulSet', { exact: true })
        .waitFor();
      expect(page.url()).toContain(`point=${name}`);
    });

    it('brings data back in place, and undoes it when it was not what was wanted', async () => {
      const { page } = portal;
      const before = await boundVolume(demo.url);
      await portal.openBackups('orders');
      await page.getByRole('button', { name: 'Restore…' }).first().click();
      await page.getByRole('button', { name: 'Next' }).click();
      await page.getByText('In place, in shop', { exact: true }).click();
      await page.getByText('Change them back', { exact: true }).click();
      await page.getByRole('textbox', { name: /^Type orders/ }).fill('orders');
      await page.getByRole('button', { name: 'Next' }).click();
      await page.getByText('A safety point is taken first').waitFor();
      await portal.picture('restore-data-in-place-check');
      await page
        .getByRole('button', { name: /^Restore .* into shop$/ })
        .click();
      const result = page.getByRole('region', { name: /^Restore / });
      await result.getByText('shop was restored.').waitFor({ timeout: 90_000 });
      await portal.picture('restore-data-in-place-done');
      expect(await portal.axeViolations()).toEqual([]);
      expect(await boundVolume(demo.url)).not.toBe(before);

      await result.getByRole('button', { name: 'Undo…' }).click();
      const dialog = page.getByRole('dialog', { name: 'Undo this restore?' });
      await dialog
        .getByText(/^The volume from before the restore comes back/)
        .waitFor();
      await portal.picture('undo-question');
      expect(await portal.axeViolations()).toEqual([]);
      await dialog.getByRole('button', { name: 'Undo restore' }).click();
      await result
        .getByText(
          'The restore was undone: the volume from before is back (data-db-0)',
        )
        .waitFor({ timeout: 60_000 });
      await portal.picture('undo-done');
      expect(await portal.axeViolations()).toEqual([]);
      expect(await boundVolume(demo.url)).toBe(before);
    });

    it('works by keyboard, and comes back to where it was', async () => {
      const { page } = portal;
      await portal.openBackups('orders');
      const points = page.getByRole('grid', {
        name: 'Recovery points of orders',
      });
      await points.waitFor();
      const focused = () =>
        page.evaluate(() => {
          const { activeElement } = document;
          return `${activeElement?.getAttribute('role') ?? ''} ${
            activeElement?.getAttribute('aria-label') ?? ''
          }`;
        });
      const row = points.getByRole('row').nth(1);
      await row.focus();
      await page.keyboard.press('Enter');
      await page.getByRole('region', { name: /^Recovery point / }).waitFor();
      await page.keyboard.press('Escape');
      await page.waitForFunction(
        () => document.activeElement?.getAttribute('role') === 'row',
      );

      const menu = points
        .getByRole('button', { name: /^More actions for/ })
        .first();
      await menu.focus();
      await page.keyboard.press('Enter');
      const item = page.getByRole('menuitem', { name: 'Delete…' });
      await item.waitFor();
      await item.focus();
      await page.keyboard.press('Enter');
      const dialog = page.getByRole('dialog', {
        name: 'Delete this recovery point?',
      });
      await dialog.waitFor();
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });
      await page.waitForFunction(
        () =>
          document.activeElement !== document.body &&
          document.activeElement?.closest('[role=row]') !== null,
      );
      expect(await focused()).toMatch(/More actions for|row/);
    });

    it('checks a name while it is typed, and leaves on Esc', async () => {
      const { page } = portal;
      await portal.openBackups('orders');
      await page.getByRole('button', { name: 'Restore…' }).first().click();
      await page.getByRole('button', { name: 'Next' }).click();
      const field = page.getByRole('textbox', {
        name: 'Name of the new namespace',
      });
      await page.getByText(/ is free\. It will be created\.$/).waitFor();
      await field.fill('Not a name');
      await page.getByText(/^Only lower-case letters/).waitFor();
      await field.fill('payments');
      await page.getByText('payments cannot be used.').waitFor();
      expect(
        await page.getByRole('button', { name: 'Next' }).isDisabled(),
      ).toBe(true);
      await portal.picture('restore-where-refused');
      expect(await portal.axeViolations()).toEqual([]);
      await field.press('Escape');
      await page
        .getByRole('grid', { name: 'Recovery points of orders' })
        .waitFor();
    });

    it('creates, pauses, resumes and deletes a schedule', async () => {
      const { page } = portal;
      await portal.openBackups('orders');
      await page.getByRole('tab', { name: 'Schedules' }).click();
      await page.getByRole('button', { name: 'New schedule' }).click();
      await page.getByText(/^Next 5 runs/).waitFor();
      await portal.picture('schedule-form');
      expect(await portal.axeViolations()).toEqual([]);
      await page.getByRole('button', { name: 'Create schedule' }).click();
      await page.getByText(/^The schedule is active/).waitFor();
      const table = page.getByRole('grid', { name: 'Schedules of orders' });
      await table.getByText('Active').waitFor();
      // All parts of the page know it at once.
      await page
        .getByRole('region', { name: 'Protection of orders' })
        .getByText(/^(today|tomorrow) 02:00$/)
        .waitFor({ timeout: 3_000 });
      await portal.picture('schedules');

      const menu = table.getByRole('button', { name: /^More actions for/ });
      await menu.click();
      await page.getByRole('menuitem', { name: 'Pause' }).click();
      await table.getByText('Paused', { exact: true }).waitFor();
      await menu.click();
      await page.getByRole('menuitem', { name: 'Resume' }).click();
      await table.getByText('Active').waitFor();
      await menu.click();
      await page.getByRole('menuitem', { name: 'Delete…' }).click();
      await page
        .getByRole('dialog')
        .getByRole('button', { name: 'Delete schedule' })
        .click();
      await page.getByText('No schedule yet').waitFor();
      expect(await table.count()).toBe(0);
    });

    it('shows how far the data of a volume is, live', async () => {
      const { page } = portal;
      const volume = await OrdersVolume.open(demo.url);
      volume.fill(192);
      const movers = volume.slowMovers(0.05);
      try {
        await portal.openBackups('orders');
        await page.getByRole('button', { name: 'Back up now' }).click();
        const notice = page.getByText(/ is being made\.$/);
        await notice.waitFor();
        const name = (await notice.innerText()).split(' ')[0];
        await page.getByRole('row').filter({ hasText: name }).click();
        const detail = page.getByRole('region', {
          name: `Recovery point ${name}`,
        });
        const volumes = detail.getByRole('list', { name: 'Volumes' });
        await volumes
          .getByText(
            /^[\d.]+\sMiB of [\d.]+\sMiB, [\d.]+\s[KM]iB\/s, .*\sleft$/,
          )
          .waitFor({ timeout: 60_000 });
        const bar = volumes.getByRole('progressbar', { name: /^data-db-0: / });
        movers.hold();
        await portal.picture('volume-on-its-way');
        expect(await portal.axeViolations()).toEqual([]);
        const first = Number(await bar.getAttribute('aria-valuenow'));
        movers.goOn();
        await page.waitForFunction(
          before =>
            Number(
              document
                .querySelector('[role=progressbar][aria-label^="data-db-0"]')
                ?.getAttribute('aria-valuenow'),
            ) > before,
          first,
        );
        await movers.letGo();
        await volumes
          .getByText(
            /^[\d.]+\sMiB · [\d.]+\sMiB in new or changed files · [\d.]+\sMiB newly stored$/,
          )
          .waitFor({ timeout: 60_000 });
        await detail.getByText(/^[\d.]+\sMiB, [\d.]+\sMiB new$/).waitFor();
        await portal.picture('volume-in-the-storage');
        expect(await portal.axeViolations()).toEqual([]);
      } finally {
        await movers.letGo();
        volume.empty();
      }
    });

    it('deletes a recovery point after asking', async () => {
      const { page } = portal;
      await portal.openBackups('orders');
      const points = page.getByRole('grid', {
        name: 'Recovery points of orders',
      });
      const menu = points
        .getByRole('button', { name: /^More actions for/ })
        .first();
      const label = await menu.getAttribute('aria-label');
      const name = label!.replace('More actions for ', '');
      await menu.click();
      await page.getByRole('menuitem', { name: 'Delete…' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByText(/This cannot be undone/).waitFor();
      await portal.picture('delete-point');
      await dialog
        .getByRole('button', { name: 'Delete recovery point' })
        .click();
      await page.getByText(`${name} is being deleted.`).waitFor();
      const row = page.getByRole('row').filter({ hasText: name });
      await row.waitFor({ state: 'detached', timeout: 60_000 });
      expect(await row.count()).toBe(0);
    });

    it('explains what a recovery point is where there is none', async () => {
      const { page } = portal;
      await portal.openBackups('reports');
      await page.getByText('Unprotected', { exact: true }).waitFor();
      await page
        .getByRole('heading', { name: 'No recovery point yet' })
        .waitFor();
      await portal.picture('nothing-yet');
      expect(await portal.axeViolations()).toEqual([]);
    });

    it('says what the platform team must run where a namespace has not agreed', async () => {
      const { page } = portal;
      await portal.openBackups('newsletter');
      await page
        .getByText('The namespace does not let this component be backed up')
        .waitFor();
      await page
        .getByText(
          `kubectl annotate namespace newsletter lifeboat.dev/entities='["component:default/newsletter"]'`,
        )
        .waitFor();
      expect(
        await page.getByRole('button', { name: 'Back up now' }).count(),
      ).toBe(0);
      await portal.picture('no-consent');
      expect(await portal.axeViolations()).toEqual([]);
    });

    it("says who owns the other team's component, and nothing else", async () => {
      const { page } = portal;
      // The catalog's first page shows what the guest owns.
      await page.goto('/catalog/default/component/payments');
      await page
        .getByRole('tab', { name: 'Backups', exact: true })
        .or(page.getByRole('link', { name: 'Backups', exact: true }))
        .first()
        .click();
      await page
        .getByRole('link', { name: /team-payments/ })
        .last()
        .waitFor();
      expect(await page.getByText(/\d+ objects/).count()).toBe(0);
      expect(
        await page.getByRole('button', { name: 'Back up now' }).count(),
      ).toBe(0);
      await portal.picture('not-the-owner');
      expect(await portal.axeViolations()).toEqual([]);
      // The refusal itself is a complaint of the browser's: status 403.
      portal.complaints.splice(
        0,
        portal.complaints.length,
        ...portal.complaints.filter(text => !text.includes('403')),
      );
    });
  });

  // `LIFEBOAT_README_SCREENSHOT=1` renews the picture of the README.
  if (process.env.LIFEBOAT_README_SCREENSHOT === '1') {
    it('is shown in the README', async () => {
      const portal = await PortalPage.open(browser, 'light', demo.url);
      await portal.signIn();
      const { page } = portal;
      await portal.openBackups('orders');
      await page.getByRole('tab', { name: 'Schedules' }).click();
      await page.getByRole('button', { name: 'New schedule' }).click();
      await page.getByRole('button', { name: 'Create schedule' }).click();
      await page.getByText(/^The schedule is active/).waitFor();
      await portal.openBackups('orders');
      const points = page.getByRole('grid', {
        name: 'Recovery points of orders',
      });
      const done = points.getByText('Done', { exact: true });
      for (const rows of [2, 3]) {
        await page.getByRole('button', { name: 'Back up now' }).click();
        await done.nth(rows - 1).waitFor();
      }
      await page
        .getByRole('region', { name: 'Protection of orders' })
        .getByText(/^(today|tomorrow) 02:00$/)
        .waitFor();
      const volume = await OrdersVolume.open(demo.url);
      volume.fill(192);
      const movers = volume.slowMovers(0.05);
      try {
        await page.getByRole('button', { name: 'Back up now' }).click();
        await points
          .getByText(/MiB of [\d.]+\sMiB, .*\sleft$/)
          .waitFor({ timeout: 60_000 });
        await page
          .getByText(/ is being made\.$/)
          .waitFor({ state: 'detached', timeout: 60_000 });
        const size = await portal.readmePicture();
        expect(size).toBeLessThan(300_000);
      } finally {
        await movers.letGo();
        volume.empty();
        await portal.close();
      }
    });
  }
});
