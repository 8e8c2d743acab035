import type { RestorePreview } from '@lifeboat/backstage-plugin-backup-common';
import {
  changesRunningService,
  previewRequest,
  RestoreChoice,
  restoreRequest,
  targetFault,
  touchedObjects,
} from './restoreChoice';

const copy: RestoreChoice = {
  point: 'p',
  way: 'copy',
  targetNamespace: 'shop-copy',
  existing: 'none',
  safetyPoint: true,
  confirmation: '',
};
const preview: RestorePreview = {
  backup: 'p',
  sourceNamespace: 'shop',
  targetNamespace: 'shop-copy',
  suggestedNamespace: 'shop-copy',
  namespaceState: 'new',
  allowed: true,
  problems: [],
  resources: [],
  totals: { create: 3, update: 2, exists: 4, skipped: 1 },
  notes: [],
};

describe('targetFault', () => {
  it('refuses the original namespace and bad names', () => {
    expect(targetFault({ ...copy, targetNamespace: 'shop' }, 'shop')).toBe(
      'same',
    );
    expect(targetFault({ ...copy, targetNamespace: 'A' }, 'shop')).toBe(
      'invalid',
    );
    expect(targetFault(copy, 'shop')).toBeUndefined();
  });

  it('has nothing to check in place, or before a name is known', () => {
    expect(
      targetFault({ ...copy, way: 'in-place', targetNamespace: '' }, 'shop'),
    ).toBeUndefined();
    expect(
      targetFault({ ...copy, targetNamespace: undefined }, 'shop'),
    ).toBeUndefined();
  });
});

describe('previewRequest', () => {
  it('asks for a suggestion first, then for the name', () => {
    expect(
      previewRequest({ ...copy, targetNamespace: undefined }, 'shop'),
    ).toEqual({});
    expect(previewRequest(copy, 'shop')).toEqual({
      targetNamespace: 'shop-copy',
    });
    expect(
      previewRequest({ ...copy, targetNamespace: '-' }, 'shop'),
    ).toBeUndefined();
  });

  it('asks for a restore in place with what happens to existing objects', () => {
    expect(
      previewRequest({ ...copy, way: 'in-place', existing: 'update' }, 'shop'),
    ).toEqual({ inPlace: true, existingResourcePolicy: 'update' });
  });
});

describe('restoreRequest', () => {
  it('is what was previewed', () => {
    expect(restoreRequest(copy, preview)).toEqual({
      backup: 'p',
      targetNamespace: 'shop-copy',
    });
    expect(restoreRequest({ ...copy, way: 'in-place' }, preview)).toEqual({
      backup: 'p',
      inPlace: true,
      existingResourcePolicy: 'none',
    });
  });
});

describe('the safety point', () => {
  const inPlace: RestoreChoice = { ...copy, way: 'in-place' };

  it('is for a running service', () => {
    const existing = { ...preview, namespaceState: 'existing' as const };
    expect(changesRunningService(inPlace, existing)).toBe(true);
    expect(changesRunningService(inPlace, preview)).toBe(false);
    expect(changesRunningService(copy, existing)).toBe(false);
  });

  it('is named when it was made, and left out only by choice', () => {
    expect(restoreRequest(inPlace, preview, 'safe')).toMatchObject({
      safetyPoint: 'safe',
    });
    expect(restoreRequest(inPlace, preview)).not.toHaveProperty(
      'skipSafetyPoint',
    );
    expect(
      restoreRequest({ ...inPlace, safetyPoint: false }, preview),
    ).toMatchObject({ skipSafetyPoint: true });
  });
});

describe('touchedObjects', () => {
  it('counts what is created and what is changed back', () => {
    expect(touchedObjects(preview)).toBe(5);
  });
});
