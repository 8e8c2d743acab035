import type { MoverCommand } from './MoverCommand';
import {
  moverArguments,
  moverPaths,
  readMoverArguments,
  readWaitArguments,
  waitArguments,
} from './moverArguments';

const settings = { ...moverPaths, namespace: 'openshift-adp' };

describe('moverArguments', () => {
  const commands: MoverCommand[] = [
    {
      command: 'backup',
      owner: { kind: 'DataUpload', name: 'nightly-1' },
      volumePath: '/uid',
      volumeMode: 'Block',
      settings: {
        ...settings,
        parallelFiles: 4,
        memoryLimitMiB: 256,
        requireReadable: true,
      },
    },
    {
      command: 'restore',
      owner: { kind: 'PodVolumeRestore', name: 'restore-1' },
      volumePath: '/uid',
      volumeMode: 'Filesystem',
      settings: { ...settings, requireReadable: false },
    },
    {
      command: 'maintain',
      owner: { kind: 'BackupRepository', name: 'shop-default-kopia' },
      settings: { ...settings, requireReadable: false },
    },
  ];

  it.each(commands)('are read as they were written: $command', command => {
    expect(readMoverArguments(moverArguments(command))).toEqual(command);
  });

  it('leaves out what there is none of', () => {
    const { credentialsFile, certificateAuthorityFile, ...rest } = settings;
    expect(
      moverArguments({ ...commands[2], settings: rest }).join(' '),
    ).not.toMatch(/credentials-file|ca-file/);
  });

  it.each([
    [[], /backup, restore or maintain/],
    [['move'], /backup, restore or maintain/],
    [['backup', 'more'], /one argument too many/],
    [['backup', '--namespace', 'n'], /--password-file is missing/],
    [
      ['backup', '--namespace', 'n', '--password-file', 'p'],
      /--data-upload or --pod-volume-backup/,
    ],
    [
      [
        'restore',
        '--namespace',
        'n',
        '--password-file',
        'p',
        '--data-upload',
        'd',
      ],
      /--data-download or --pod-volume-restore/,
    ],
    [['backup', '--namespace', 'n', '--unknown'], /unknown/],
    [
      [
        'backup',
        '--namespace=n',
        '--password-file=p',
        '--data-upload=d',
        '--volume-path=/v',
        '--volume-mode=Tape',
      ],
      /Filesystem and Block/,
    ],
    [
      [
        'maintain',
        '--namespace=n',
        '--password-file=p',
        '--backup-repository=r',
        '--parallel-files=0',
      ],
      /at least 1/,
    ],
  ])('refuses %j', (args, message) => {
    expect(() => readMoverArguments(args)).toThrow(message);
  });
});

describe('waitArguments', () => {
  it('are read as they were written', () => {
    const [command, ...rest] = waitArguments('uid-1', ['/a', '/b']);
    expect(command).toBe('wait');
    expect(readWaitArguments(rest)).toEqual({
      restoreUid: 'uid-1',
      volumes: ['/a', '/b'],
    });
  });

  it('must name a restore', () => {
    expect(() => readWaitArguments(['--volume', '/a'])).toThrow(
      /--restore is missing/,
    );
  });
});
