import { ApiContext } from '../ApiContext';
import { KubeObject } from '../KubeObject';
import { badRequest } from '../StatusError';
import { partialMetadata } from '../table/partialMetadata';
import { tableOf } from '../table/tableOf';
import { WatchEvent, watchObjects } from '../verbs/watchObjects';
import { accepted, includeObject, isTrue, ResourceCall } from './serveResource';

const bookmarkInterval = 10_000;
const defaultTimeoutSeconds = 3600;

/** Streams a watch as one JSON document per line until the client leaves or its time is over. */
export function serveWatch(context: ApiContext, call: ResourceCall) {
  const { response, query, type, info } = call;
  const seconds = Number(query.get('timeoutSeconds') || defaultTimeoutSeconds);
  if (!Number.isFinite(seconds) || seconds < 0) {
    throw badRequest('timeoutSeconds is not a number of seconds');
  }
  const form = accepted(call, ['Table', 'PartialObjectMetadata']);
  const include = includeObject(call);
  let first = true;
  const shown = (event: WatchEvent) => {
    if (event.type === 'ERROR') return event.object;
    if (form.as === 'Table') {
      const columns = first;
      first = false;
      const rows =
        event.type === 'BOOKMARK' ? [] : [event.object as KubeObject];
      const table = tableOf(type, rows, include, form.version, {
        resourceVersion: (event.object as KubeObject).metadata.resourceVersion,
      });
      return columns ? table : { ...table, columnDefinitions: null };
    }
    return form.as === 'PartialObjectMetadata'
      ? partialMetadata(event.object as KubeObject)
      : event.object;
  };
  const lines: string[] = [];
  let started = false;
  const write = (event: WatchEvent) => {
    const text = `${JSON.stringify({
      type: event.type,
      object: shown(event),
    })}\n`;
    if (!started) lines.push(text);
    // A client that reads slowly closes long after the answer has ended.
    else if (!response.writableEnded) response.write(text);
    if (event.type === 'ERROR' && started) response.end();
  };
  const watch = watchObjects(context, type, info.namespace, query, {
    bookmarks: isTrue(query.get('allowWatchBookmarks')),
    onEvent: write,
  });
  response.writeHead(200, {
    'Content-Type':
      form.as === undefined
        ? 'application/json'
        : `application/json;as=${form.as};g=${form.group};v=${form.version}`,
    'Cache-Control': 'no-cache, private',
  });
  response.flushHeaders();
  started = true;
  for (const line of lines) response.write(line);
  const failed = lines.some(line => line.startsWith('{"type":"ERROR"'));
  const bookmarks = setInterval(() => watch.bookmark(), bookmarkInterval);
  const end = () => {
    watch.stop();
    response.end();
  };
  const timeout = setTimeout(() => {
    watch.bookmark();
    end();
  }, seconds * 1000);
  response.on('close', () => {
    watch.stop();
    clearInterval(bookmarks);
    clearTimeout(timeout);
  });
  if (failed) end();
}
