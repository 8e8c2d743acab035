import { ownSnapshots } from './ownSnapshots';

const uid = '6dfda17b-1faf-4e1c-a39f-db95a20b8cf0';
const otherUid = '00620553-a95a-4230-a94d-f80e26239ab3';
const source = (path: string) => ({
  host: 'default',
  userName: 'default',
  path,
});
const moved = (id: string, backup: string) => ({
  id,
  source: source('snapshot-data-upload-download/kopia/shop/data'),
  tags: { 'velero.io/async-operation-id': `du-${backup}.b02e8030-9541-441137` },
});

describe('the snapshots of a backup', () => {
  it('are those with its operations, whether or not it recorded them', () => {
    expect(
      ownSnapshots(
        [uid],
        [{ snapshotID: 'a', volumeNamespace: 'shop' }],
        [moved('a', uid), moved('b', uid), moved('c', otherUid)],
      ),
    ).toEqual({ own: ['a', 'b'], others: [] });
  });

  it('are never those of another, though its tarball carries the DataUploads of both', () => {
    expect(
      ownSnapshots(
        [uid],
        ['a', 'c'].map(snapshotID => ({ snapshotID, volumeNamespace: 'shop' })),
        [moved('a', uid), moved('c', otherUid)],
      ),
    ).toEqual({ own: ['a'], others: ['c'] });
  });

  it('of pods are recognised by their UID, else by the record and the source in it', () => {
    const path = 'snapshot-pod-volume/kopia/shop/web-0/data';
    const recorded = [
      {
        snapshotID: 'p',
        volumeNamespace: 'shop',
        podVolume: 'shop/web-0/data',
      },
      { snapshotID: 'q', volumeNamespace: 'shop', podVolume: 'shop/db-0/data' },
      {
        snapshotID: 'r',
        volumeNamespace: 'shop',
        podVolume: 'shop/web-0/data',
      },
    ];
    expect(
      ownSnapshots([uid], recorded, [
        { id: 'p', source: source(path), tags: {} },
        { id: 'q', source: source(path), tags: {} },
        { id: 'r', source: source(path), tags: { 'backup-uid': otherUid } },
        { id: 's', source: source(path), tags: { 'backup-uid': uid } },
        { id: 't', source: source(path) },
      ]),
    ).toEqual({ own: ['p', 's'], others: ['q', 'r'] });
  });

  it('are none of a plain kopia user', () => {
    expect(
      ownSnapshots(
        [uid],
        [{ snapshotID: 'k', volumeNamespace: 'shop' }],
        [{ id: 'k', source: source('/home/someone') }],
      ),
    ).toEqual({ own: [], others: ['k'] });
  });
});
