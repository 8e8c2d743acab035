import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { openStorage } from '../blob/openStorage';
import { KopiaError } from '../errors';
import { initializeRepository } from '../maintenance/parameters';
import { runMaintenance } from '../maintenance/runMaintenance';
import { Repository } from '../Repository';
import { restoreTree } from '../restore/restoreTree';
import { readFile, restoreToDevice, tarOf, zipOf } from '../restore/streams';
import { verifyContents, verifySnapshots } from '../restore/verify';
import {
  deleteSnapshot,
  findEntry,
  getSnapshot,
  listSnapshots,
  readDirectory,
} from '../snapshot/snapshots';
import {
  uploadDevice,
  UploadOptions,
  uploadTree,
} from '../snapshot/upload/uploadSnapshot';
import {
  checkForm,
  CommandLine,
  numberOption,
  parsePlace,
  parseSource,
  parseUser,
  readPassword,
  textOption,
  UsageError,
  VerbForm,
} from './arguments';
import { likelySize } from './likelySize';
import { formatBytes, Output, printable } from './output';
import { startTransfer } from './progressLine';
import { refuseOtherFiles } from './refuseOtherFiles';
import { writeArchive } from './writeArchive';

/** What a command works with. */
export interface CommandContext {
  readonly line: CommandLine;
  readonly environment: NodeJS.ProcessEnv;
  readonly output: Output;
  readonly signal: AbortSignal;
  /** The stream of standard output, for bytes. */
  readonly stdout: NodeJS.WritableStream;
}

type Command = (
  repository: Repository,
  context: CommandContext,
) => Promise<boolean>;

function show({ line, output }: CommandContext, result: unknown, text: string) {
  output.done();
  if (line.options.json)
    output.write(`${JSON.stringify(result, undefined, 2)}\n`);
  else if (text) output.write(`${text}\n`);
}

const counted = (number: number, one: string, many = `${one}s`) =>
  `${number} ${number === 1 ? one : many}`;

/** A snapshot by its ID or the beginning of it. */
function snapshotOf(repository: Repository, id: string) {
  if (/^[0-9a-f]{4,31}$/.test(id)) {
    const found = listSnapshots(repository).filter(snapshot =>
      snapshot.id.startsWith(id),
    );
    if (found.length > 1)
      throw new KopiaError(
        'invalid-argument',
        `${id} is the beginning of ${found.length} snapshots`,
      );
    if (found.length === 1) return found[0];
  }
  return getSnapshot(repository, id);
}

async function placeOf(
  repository: Repository,
  operand: string | undefined,
  signal: AbortSignal,
) {
  const { id, path } = parsePlace(operand);
  const snapshot = snapshotOf(repository, id);
  return {
    snapshot,
    path,
    entry: await findEntry(repository, snapshot, path, { signal }),
  };
}

const upload: Command = async (repository, context) => {
  const { line, signal, output } = context;
  const [path] = line.operands;
  const tags: Record<string, string> = {};
  for (const tag of (line.options.tag ?? []) as string[]) {
    const match = /^([^=]+)=(.*)$/s.exec(tag);
    if (!match) throw new UsageError('--tag needs the form KEY=VALUE');
    tags[match[1]] = match[2];
  }
  const source = parseSource(textOption(line, 'source'));
  const total = await likelySize(repository, path, source);
  const transfer = startTransfer();
  const options: UploadOptions = {
    source,
    description: textOption(line, 'description'),
    tags,
    pins: line.options.pin as string[] | undefined,
    parallelFiles: numberOption(line, 'parallel', { least: 1 }),
    failFast: line.options['fail-fast'] === true,
    applyRetention: true,
    signal,
    onProgress: ({
      files,
      cachedFiles,
      hashedBytes,
      cachedBytes,
      uploadedBytes,
      errors,
    }) =>
      output.progress(
        [
          transfer(hashedBytes + cachedBytes, total),
          `${formatBytes(uploadedBytes)} uploaded`,
          `${counted(files, 'file')} (${cachedFiles} unchanged)`,
          ...(errors ? [counted(errors, 'error')] : []),
        ].join('  '),
      ),
  };
  const { snapshot, report } = await (line.options.stream
    ? uploadDevice
    : uploadTree)(repository, resolve(path), options);
  output.done();
  for (const { path: failed, error } of report.errors)
    output.note(`error: ${printable(failed)}: ${error}`);
  for (const name of report.invalidNames)
    output.note(
      `error: ${printable(
        name,
      )}: the name is not UTF-8 and was stored with replacement characters`,
    );
  const { hardLinks, specialFiles, attributes } = report.lost;
  if (hardLinks)
    output.note(
      `note: ${hardLinks} hard links are stored as separate files (their data once)`,
    );
  if (specialFiles)
    output.note(
      `note: ${specialFiles} sockets, FIFOs and devices were left out`,
    );
  if (attributes.accessControlLists)
    output.note(
      `note: ${attributes.accessControlLists} access control lists are not stored`,
    );
  if (attributes.extendedAttributes)
    output.note(
      `note: ${attributes.extendedAttributes} entries have extended attributes, which are not stored`,
    );
  const { progress } = report;
  show(
    context,
    { snapshot, report },
    `${snapshot.id}  ${counted(progress.files, 'file')}, ${formatBytes(
      progress.hashedBytes + progress.cachedBytes,
    )}, ${formatBytes(progress.uploadedBytes)} uploaded`,
  );
  return report.complete;
};

const list: Command = async (repository, context) => {
  const snapshots = listSnapshots(repository);
  const lines = snapshots.map(
    ({ id, startTime, source, rootEntry, incomplete, description, pins }) =>
      [
        id,
        startTime.slice(0, 19).replace('T', ' '),
        formatBytes(rootEntry?.summ?.size ?? rootEntry?.size ?? 0).padStart(10),
        `${source.userName}@${source.host}:${source.path}`,
        ...(description ? [JSON.stringify(description)] : []),
        ...(incomplete ? [`incomplete: ${incomplete}`] : []),
        ...(pins?.length ? [`pinned: ${pins.join(', ')}`] : []),
      ]
        .map(printable)
        .join('  '),
  );
  show(context, snapshots, lines.join('\n'));
  return true;
};

const ls: Command = async (repository, context) => {
  const { entry } = await placeOf(
    repository,
    context.line.operands[0],
    context.signal,
  );
  const entries =
    entry.type === 'd'
      ? await readDirectory(repository, entry, { signal: context.signal })
      : [entry];
  const lines = entries.map(
    ({
      type,
      mode = '0',
      uid = 0,
      gid = 0,
      size = 0,
      summ,
      mtime = '1970-01-01T00:00:00Z',
      name,
    }) =>
      [
        type,
        mode.padStart(9),
        String(uid).padStart(5),
        String(gid).padStart(5),
        String(summ?.size ?? size).padStart(13),
        mtime.slice(0, 19),
        printable(name),
      ].join(' '),
  );
  show(context, entries, lines.join('\n'));
  return true;
};

const cat: Command = async (repository, { line, stdout, signal }) => {
  const { entry } = await placeOf(repository, line.operands[0], signal);
  if (entry.type === 'd')
    throw new KopiaError('invalid-argument', `${entry.name} is a directory`);
  await pipeline(readFile(repository, entry, { signal }), stdout, {
    end: false,
    signal,
  });
  return true;
};

const restore: Command = async (repository, context) => {
  const { line, signal, output } = context;
  const target = line.operands[1];
  const { entry } = await placeOf(repository, line.operands[0], signal);
  if (line.options.tar || line.options.zip) {
    const stream = (line.options.tar ? tarOf : zipOf)(repository, entry, {
      signal,
    });
    const bytes = await writeArchive(stream, target, {
      stdout: context.stdout,
      signal,
      onProgress: written => output.progress(`${formatBytes(written)} written`),
    });
    if (target !== '-')
      show(context, { target, bytes }, `${formatBytes(bytes)} in ${target}`);
    return true;
  }
  const total = entry.summ?.size ?? entry.size ?? 0;
  const transfer = startTransfer();
  const existing = await stat(target).catch(() => undefined);
  if (existing?.isBlockDevice()) {
    const bytes = await restoreToDevice(repository, entry, target, {
      signal,
      onProgress: written => output.progress(transfer(written, total)),
    });
    show(context, { target, bytes }, `${formatBytes(bytes)} on ${target}`);
    return true;
  }
  const report = await restoreTree(repository, entry, resolve(target), {
    overwrite: line.options['keep-existing'] !== true,
    deleteExtra: line.options['delete-extra'] === true,
    parallel: numberOption(line, 'parallel', { least: 1 }),
    sparse: line.options.sparse !== false,
    signal,
    onProgress: ({ files, bytes }) =>
      output.progress(`${transfer(bytes, total)}  ${counted(files, 'file')}`),
  });
  output.done();
  for (const { path, error } of report.errors)
    output.note(`error: ${printable(path)}: ${error}`);
  const { files, directories, symlinks, bytes, skipped } = report.progress;
  show(
    context,
    report,
    `${counted(files, 'file')}, ${counted(
      directories,
      'directory',
      'directories',
    )}, ${counted(symlinks, 'link')}, ${formatBytes(
      bytes,
    )}, ${skipped} skipped`,
  );
  return report.errors.length === 0;
};

const verify: Command = async (repository, context) => {
  const { line, signal, output } = context;
  const [id] = line.operands;
  const snapshots = id
    ? [snapshotOf(repository, id)]
    : listSnapshots(repository);
  const transfer = startTransfer();
  const report = await verifySnapshots(repository, snapshots, {
    sample:
      (numberOption(line, 'sample', { most: 100, fractions: true }) ?? 100) /
      100,
    signal,
    onProgress: ({ files, directories, bytes, errors }) =>
      output.progress(
        [
          `${transfer(bytes)} read`,
          counted(files, 'file'),
          counted(directories, 'directory', 'directories'),
          ...(errors ? [counted(errors, 'error')] : []),
        ].join('  '),
      ),
  });
  const contents = line.options.contents
    ? await verifyContents(repository, {
        signal,
        onProgress: count => output.progress(`${count} contents`),
      })
    : undefined;
  output.done();
  for (const { snapshot, path, error } of report.damage)
    output.note(`damage: ${snapshot}:${printable(path)}: ${error}`);
  for (const { error } of contents?.damage ?? [])
    output.note(`damage: ${error}`);
  const damaged = report.damage.length + (contents?.damage.length ?? 0);
  show(
    context,
    { ...report, contents },
    `${counted(report.snapshots, 'snapshot')}, ${counted(
      report.directories,
      'directory',
      'directories',
    )}, ${counted(report.files, 'file')}, ${formatBytes(
      report.readBytes,
    )} read${contents ? `, ${counted(contents.contents, 'content')}` : ''}: ${
      damaged === 0 ? 'sound' : counted(damaged, 'error')
    }`,
  );
  return damaged === 0;
};

const maintain: Command = async (repository, context) => {
  const { line, signal, output } = context;
  const wanted = line.options.quick ? 'quick' : 'auto';
  const mode = line.options.full ? 'full' : wanted;
  const report = await runMaintenance(repository, {
    mode,
    force: line.options.force === true,
    safety: line.options['unsafe-immediately'] ? 'none' : 'full',
    signal,
    onTask: task => output.progress(task),
  });
  const lines = report.tasks.map(
    ({ task, result }) => `${task}: ${JSON.stringify(result)}`,
  );
  show(
    context,
    report,
    report.mode === 'none' ? 'nothing is due' : lines.join('\n'),
  );
  return true;
};

const remove: Command = async (repository, context) => {
  const { operands } = context.line;
  const ids = operands.map(id => snapshotOf(repository, id).id);
  for (const id of ids) deleteSnapshot(repository, id);
  await repository.flush(context.signal);
  show(
    context,
    { deleted: ids },
    ids
      .map(id => `${id} deleted; its data goes with a later maintenance`)
      .join('\n'),
  );
  return true;
};

const password: Command = async (repository, context) => {
  const changed = readPassword(
    context.line,
    context.environment,
    'new-password-file',
    'KOPIA_NEW_PASSWORD',
  );
  await repository.changePassword(changed, context.signal);
  show(
    context,
    { changed: true },
    'The password was changed; data was not rewritten',
  );
  return true;
};

interface Verb extends VerbForm {
  readonly run: Command;
  readonly writes?: boolean;
}

const verbs: Record<string, Verb> = {
  upload: {
    run: upload,
    writes: true,
    operands: ['DIR', 1, 1],
    options: [
      'description',
      'tag',
      'pin',
      'source',
      'parallel',
      'fail-fast',
      'stream',
    ],
  },
  list: { run: list },
  ls: { run: ls, operands: ['ID[:PATH]', 1, 1] },
  cat: { run: cat, operands: ['ID:PATH', 1, 1] },
  restore: {
    run: restore,
    operands: ['ID[:PATH] TARGET', 2, 2],
    options: [
      'tar',
      'zip',
      'keep-existing',
      'delete-extra',
      'parallel',
      'sparse',
    ],
    alternatives: ['tar', 'zip'],
  },
  verify: {
    run: verify,
    operands: ['[ID]', 0, 1],
    options: ['sample', 'contents'],
  },
  maintain: {
    run: maintain,
    writes: true,
    options: ['quick', 'full', 'force', 'unsafe-immediately'],
    alternatives: ['quick', 'full'],
  },
  delete: { run: remove, writes: true, operands: ['ID…', 1, Infinity] },
  password: { run: password, writes: true, options: ['new-password-file'] },
};

const creation: VerbForm = { options: ['hash', 'encryption', 'splitter'] };

/** Runs a command. @returns whether it succeeded in full */
export async function runCommand(context: CommandContext): Promise<boolean> {
  const { line, environment, signal } = context;
  const creates = line.verb === 'create';
  const verb = Object.hasOwn(verbs, line.verb) ? verbs[line.verb] : undefined;
  if (!verb && !creates)
    throw new UsageError(`There is no verb "${line.verb}"`);
  checkForm(line, verb ?? creation);
  const location =
    textOption(line, 'repository') ?? environment.KOPIA_REPOSITORY;
  if (!location) throw new UsageError('--repository is missing');
  const key = readPassword(
    line,
    environment,
    'password-file',
    'KOPIA_PASSWORD',
  );
  const user = parseUser(textOption(line, 'user'));
  const workers = numberOption(line, 'workers');
  if (creates) await refuseOtherFiles(location);
  const storage = await openStorage(location, { create: creates });
  const options = {
    storage,
    password: key,
    user,
    signal,
    workers,
  };
  try {
    if (!verb) {
      const repository = await Repository.create({
        ...options,
        hash: textOption(line, 'hash'),
        encryption: textOption(line, 'encryption'),
        splitter: textOption(line, 'splitter'),
      });
      await initializeRepository(repository, signal);
      const { hash, encryption, splitter, version } = repository.format;
      const uniqueId = repository.uniqueId.toString('hex');
      await repository.close();
      show(
        context,
        { uniqueId, version, hash, encryption, splitter },
        `created in ${storage.description}: ${hash}, ${encryption}, ${splitter}`,
      );
      return true;
    }
    const repository = await Repository.open({
      ...options,
      readOnly: !verb.writes,
    });
    for (const warning of repository.warnings)
      context.output.note(`warning: ${warning}`);
    try {
      return await verb.run(repository, context);
    } finally {
      await repository.close();
    }
  } finally {
    await storage.close();
  }
}
