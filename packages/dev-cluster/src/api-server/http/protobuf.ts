import { badRequest } from '../StatusError';
import { JsonObject, setField } from '../json';
import {
  kubernetesDefinitions,
  ProtobufFields,
  resolve,
  Schema,
  schemaNameOfKind,
} from '../kubernetes/definitions';

const magic = Buffer.from([0x6b, 0x38, 0x73, 0x00]);
const types = {
  quantity: 'io.k8s.apimachinery.pkg.api.resource.Quantity',
  intOrString: 'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
  time: 'io.k8s.apimachinery.pkg.apis.meta.v1.Time',
  microTime: 'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime',
  raw: 'io.k8s.apimachinery.pkg.runtime.RawExtension',
  fields: 'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1',
};

const malformed = () =>
  badRequest('the object provided is unrecognized: malformed protobuf');

/** Nothing is dropped silently: a field without a name here would be lost. */
const unknownField = (number: number) =>
  badRequest(
    `the object provided has a protobuf field ${number} that this server does not know: send it as JSON`,
  );

interface Field {
  number: number;
  value: bigint | Buffer;
}

/** The fields of one protobuf message in wire format. Throws 400 for bytes that are none. */
function readFields(message: Buffer): Field[] {
  const fields: Field[] = [];
  let position = 0;
  const varint = (): bigint => {
    let result = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = message[position];
      if (byte === undefined) throw malformed();
      position += 1;
      result |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, result);
    }
    throw malformed();
  };
  const bytes = (length: number): Buffer => {
    if (position + length > message.length) throw malformed();
    position += length;
    return message.subarray(position - length, position);
  };
  while (position < message.length) {
    const tag = Number(varint());
    const number = tag >> 3;
    switch (tag & 7) {
      case 0:
        fields.push({ number, value: varint() });
        break;
      case 1:
        fields.push({ number, value: bytes(8) });
        break;
      case 2:
        fields.push({ number, value: bytes(Number(varint())) });
        break;
      case 5:
        fields.push({ number, value: bytes(4) });
        break;
      default:
        throw malformed();
    }
  }
  return fields;
}

function asBuffer(value: bigint | Buffer): Buffer {
  if (!Buffer.isBuffer(value)) throw malformed();
  return value;
}

function text(fields: Field[], number: number): string {
  const found = fields.find(f => f.number === number);
  return found ? asBuffer(found.value).toString('utf8') : '';
}

function integer(fields: Field[], number: number): bigint {
  const found = fields.find(f => f.number === number)?.value ?? 0n;
  if (Buffer.isBuffer(found)) throw malformed();
  return found;
}

/**
 * The JSON form of an object of a built-in kind in Kubernetes' protobuf envelope (apimachinery,
 * pkg/runtime/serializer/protobuf), which typed Go clients such as `kubectl create configmap` send.
 * Throws 400 for what cannot be read.
 */
export function parseProtobuf(body: Buffer): JsonObject {
  if (!body.subarray(0, magic.length).equals(magic)) throw malformed();
  const envelope = readFields(body.subarray(magic.length));
  const meta = envelope.find(f => f.number === 1);
  const typeMeta = meta ? readFields(asBuffer(meta.value)) : [];
  const apiVersion = text(typeMeta, 1);
  const kind = text(typeMeta, 2);
  const [group, version] = apiVersion.includes('/')
    ? apiVersion.split('/')
    : ['', apiVersion];
  const name = schemaNameOfKind(group, version, kind);
  if (!name) {
    throw badRequest(
      `no kind ${JSON.stringify(
        kind,
      )} is registered for version ${JSON.stringify(apiVersion)}`,
    );
  }
  const raw = envelope.find(f => f.number === 2);
  const object = raw
    ? decodeMessage(asBuffer(raw.value), kubernetesDefinitions.schemas[name])
    : {};
  return { ...object, apiVersion, kind };
}

function decodeMessage(message: Buffer, schema: Schema): JsonObject {
  const result: JsonObject = {};
  decodeInto(result, message, schema, schema['x-go-protobuf'] ?? {});
  return result;
}

function decodeInto(
  result: JsonObject,
  message: Buffer,
  schema: Schema,
  names: ProtobufFields,
) {
  for (const { number, value } of readFields(message)) {
    const name = names[number];
    if (name === undefined) throw unknownField(number);
    if (typeof name !== 'string') {
      decodeInto(result, asBuffer(value), schema, name);
      continue;
    }
    const property = schema.properties?.[name];
    if (!property) throw unknownField(number);
    const shape = resolve(property);
    if (shape.type === 'array') {
      const list = (result[name] ??= []) as unknown[];
      list.push(decodeValue(value, shape.items ?? {}));
    } else if (isMap(shape)) {
      const map = (result[name] ??= {}) as JsonObject;
      const entry = readFields(asBuffer(value));
      const found = entry.find(f => f.number === 2)?.value;
      setField(
        map,
        text(entry, 1),
        decodeValue(
          found ?? Buffer.alloc(0),
          shape.additionalProperties as Schema,
        ),
      );
    } else {
      const decoded = decodeValue(value, property);
      if (decoded !== undefined) result[name] = decoded;
    }
  }
}

function isMap(shape: Schema): boolean {
  return (
    shape.type === 'object' &&
    !shape.properties &&
    typeof shape.additionalProperties === 'object'
  );
}

function decodeValue(value: bigint | Buffer, schema: Schema): unknown {
  const reference = schema.$ref ?? schema.allOf?.[0]?.$ref ?? '';
  const name = reference.slice(reference.lastIndexOf('/') + 1);
  switch (name) {
    case types.quantity:
      return text(readFields(asBuffer(value)), 1);
    case types.intOrString: {
      const fields = readFields(asBuffer(value));
      return integer(fields, 1) === 0n
        ? Number(integer(fields, 2))
        : text(fields, 3);
    }
    case types.time:
    case types.microTime:
      return decodeTime(asBuffer(value), name === types.microTime);
    case types.raw:
    case types.fields:
      return JSON.parse(text(readFields(asBuffer(value)), 1) || '{}');
    default:
  }
  const shape = resolve(schema);
  switch (shape.type) {
    case 'object':
      return decodeMessage(asBuffer(value), shape);
    case 'string':
      return asBuffer(value).toString(
        shape.format === 'byte' ? 'base64' : 'utf8',
      );
    case 'boolean':
      return value !== 0n;
    case 'integer': {
      if (Buffer.isBuffer(value)) throw malformed();
      const number = Number(value);
      return Number.isSafeInteger(number)
        ? number
        : JSON.rawJSON(String(value));
    }
    case 'number':
      return asBuffer(value).readDoubleLE();
    default:
      throw badRequest(
        'the object provided has a field that this server reads as JSON only',
      );
  }
}

function decodeTime(message: Buffer, micro: boolean): string | undefined {
  const fields = readFields(message);
  if (fields.length === 0) return undefined;
  const seconds = integer(fields, 1);
  const iso = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  if (!micro) return `${iso}Z`;
  const micros = String(integer(fields, 2) / 1000n).padStart(6, '0');
  return `${iso}.${micros}Z`;
}
