// Documents at random, with variables, some of them broken: over the types of the schema, so that most are valid.

import {
  getNamedType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isRequiredArgument,
} from 'graphql';
import { damaged } from './damage.mjs';
import { USERS } from './fixture.mjs';

/** Numbers of a seed, always the same: mulberry32. */
export function seeded(seed) {
  let state = seed | 0;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (count) => Math.floor(next() * count);
  return { below, chance: (share) => next() < share, pick: (list) => list[below(list.length)] };
}

/** How often something is written wrong on purpose. */
const WRONG = 0.004;
const BROKEN = 0.15;
const SCRATCH_USERS = ['scratch', 'scratch two'];

/** Writes one request. */
export class Writer {
  #random;
  #schema;
  #cursors;
  #composites;
  #variables = new Map();
  #values = {};
  #fragments = new Map();
  #keys = new Map();
  #mutates = false;

  constructor({ random, schema, cursors }) {
    this.#random = random;
    this.#schema = schema;
    this.#cursors = cursors;
    const roots = [schema.getMutationType(), schema.getSubscriptionType()];
    this.#composites = Object.values(schema.getTypeMap()).filter(
      (type) => isCompositeType(type) && !type.name.startsWith('__') && !roots.includes(type),
    );
  }

  request() {
    const { chance, pick, below } = this.#random;
    const kind = pick([...Array(20).fill('query'), 'mutation', 'mutation', 'subscription']);
    const root = {
      query: this.#schema.getQueryType(),
      mutation: this.#schema.getMutationType(),
      subscription: this.#schema.getSubscriptionType(),
    }[kind];
    this.#mutates = kind === 'mutation';
    const selections = this.#selections(root, 1 + below(4), kind);
    const name = chance(0.5) ? 'Op' : '';
    const definitions = this.#definitions();
    const isShort = kind === 'query' && name === '' && definitions === '' && chance(0.7);
    const directive = chance(WRONG) ? '@skip(if:true)' : '';
    let query = `${isShort ? '' : `${kind} ${name}${definitions}${directive}`}{${selections}}`;
    for (const [fragment, { type, text }] of this.#fragments) {
      const definition = `fragment ${fragment} on ${type.name}{${text}}`;
      query = chance(0.7) ? `${query} ${definition}` : `${definition} ${query}`;
    }
    let operationName = name !== '' && chance(0.3) ? name : undefined;
    if (name !== '' && chance(0.1)) {
      query += ' query Other{activeUsers}';
      operationName = chance(0.9) ? pick(['Op', 'Other']) : undefined;
    }
    return { query: chance(BROKEN) ? damaged(query, this.#random) : query, variables: this.#values, operationName };
  }

  #definitions() {
    const { chance, pick } = this.#random;
    const all = [...this.#variables].map(
      ([name, { type, initial }]) => `$${name}:${type}${initial === undefined ? '' : `=${initial}`}`,
    );
    if (chance(WRONG)) all.pop();
    if (chance(WRONG)) all.push('$unused:Int');
    return all.length === 0 ? '' : `(${all.join(pick([',', ' ']))})`;
  }

  #selections(type, depth, root) {
    const { below, pick } = this.#random;
    const count = root === 'subscription' ? 1 : 1 + below(4);
    return Array.from({ length: count }, () => this.#selection(type, depth, root)).join(pick([' ', '\n', ',']));
  }

  #selection(type, depth, root) {
    const { chance, pick } = this.#random;
    const isSubscription = root === 'subscription';
    if (chance(isSubscription ? 0.05 : 0.15)) {
      const on = chance(WRONG * 3) ? pick(this.#composites) : type;
      const condition = on !== type || chance(0.6) ? ` on ${on.name}` : '';
      return `...${condition}${this.#directives()}{${this.#selections(on, depth - 1, root)}}`;
    }
    if (chance(isSubscription ? 0.05 : 0.14)) return `...${this.#spread(type, depth, root)}${this.#directives()}`;
    if (!isSubscription && chance(0.1)) return `${chance(0.2) ? 't:' : ''}__typename${this.#directives()}`;
    return this.#field(type, depth, root);
  }

  /** The name of a fragment on `type`: one that is there, or a new one. */
  #spread(type, depth, root) {
    const { chance, pick } = this.#random;
    if (chance(WRONG / 2)) return 'Nope';
    const fitting = [...this.#fragments].filter(
      ([, fragment]) => fragment.text !== undefined && fragment.type === type && fragment.root === root,
    );
    if (fitting.length > 0 && chance(0.5)) return pick(fitting)[0];
    const name = `F${this.#fragments.size}`;
    const fragment = { type, root };
    this.#fragments.set(name, fragment);
    fragment.text = this.#selections(type, depth - 1, root);
    if (chance(WRONG)) fragment.text += ` ...${name}`;
    return name;
  }

  #field(type, depth, root) {
    const { chance, pick } = this.#random;
    const fields = Object.values(type.getFields()).filter(
      (field) => depth > 0 || !isCompositeType(getNamedType(field.type)),
    );
    if (fields.length === 0) return '__typename';
    const field = pick(fields);
    const named = getNamedType(field.type);
    const alias = this.#alias(type, field);
    // Fields with one key have the same arguments, nearly always.
    const key = `${type.name}.${alias ?? field.name}`;
    if (!this.#keys.has(key) || chance(0.02)) this.#keys.set(key, { field, args: this.#arguments(field) });
    const { args } = this.#keys.get(key);
    const directives = root === 'subscription' && chance(0.95) ? '' : this.#directives();
    const name = chance(WRONG / 2) ? 'nope' : field.name;
    const hasSelections = isCompositeType(named) !== chance(WRONG / 3);
    const below = hasSelections ? `{${this.#selections(isCompositeType(named) ? named : type, depth - 1)}}` : '';
    return `${alias === undefined ? '' : `${alias}:`}${name}${args}${directives}${below}`;
  }

  /** An alias, where one is needed or wanted; another field's key is taken now and then. */
  #alias(type, field) {
    const { chance, pick } = this.#random;
    const wanted = chance(0.2) ? pick(['a', 'b', 'x', 'id', 'total']) : undefined;
    const taken = this.#keys.get(`${type.name}.${wanted ?? field.name}`);
    return taken && taken.field !== field && chance(0.98) ? `k${this.#keys.size}` : wanted;
  }

  #arguments(field) {
    const { chance, pick } = this.#random;
    const wanted = field.args.filter((argument) =>
      isRequiredArgument(argument) ? !chance(WRONG) : chance(this.#share(field, argument)),
    );
    const all = wanted.map(
      (argument) =>
        `${argument.name}:${this.#literal(argument.type, { name: argument.name, hasDefault: argument.defaultValue !== undefined })}`,
    );
    if (chance(WRONG / 2)) all.push(pick(['nope:1', 'limit:1', 'userId:"bob"']));
    return all.length === 0 ? '' : `(${all.join(',')})`;
  }

  /** `first` and `last` exclude each other, and a subscription tells something at once after a cursor alone. */
  #share(field, { name }) {
    if (name === 'last') return 0.08;
    if (name === 'after' && field.args.length === 2) return 0.8;
    return 0.3;
  }

  #directives() {
    const { chance, pick } = this.#random;
    let text = '';
    for (const name of ['skip', 'include']) {
      if (chance(0.06))
        text += ` @${name}(if:${this.#literal(this.#schema.getDirective(name).args[0].type, { name: 'if' })})`;
    }
    return chance(WRONG / 2)
      ? text + pick([' @nope', ' @skip', ' @skip(if:true) @skip(if:false)', ' @deprecated', ' @include(if:true,x:1)'])
      : text;
  }

  /** A literal, or a variable, for a place of a type; `name` is the one of the argument or field. */
  #literal(type, place) {
    const { chance, pick, below } = this.#random;
    const { name, isConstant, isInside } = place;
    if (chance(WRONG))
      return pick([
        '1',
        '"x"',
        'true',
        '[]',
        '{}',
        'null',
        '1.5',
        '99999999999',
        '["x"]',
        'LOGIN',
        '{title:"t"}',
        '$nope',
        '-0',
        '01',
        '"\\uD83D\\uDE00"',
        '"\\q"',
      ]);
    if (!isConstant && chance(0.3)) return this.#variable(type, place);
    if (isNonNullType(type))
      return this.#literal(type.ofType, place.isConstant ? place : { ...place, isNonNull: true, isConstant: true });
    if (!place.isNonNull && chance(0.05)) return 'null';
    if (isListType(type))
      return `[${Array.from({ length: below(3) }, () => this.#literal(type.ofType, place)).join(',')}]`;
    if (isEnumType(type)) return pick(type.getValues()).name;
    if (isInputObjectType(type)) return this.#inputObject(type, { ...place, isConstant: isInside === true });
    return this.#scalar(type, name, place.isConstant && isInside);
  }

  #inputObject(type, place) {
    const { chance, pick } = this.#random;
    const wanted = Object.values(type.getFields()).filter((field) => isNonNullType(field.type) || chance(0.4));
    const all = wanted.map(
      (field) =>
        `${field.name}:${this.#literal(field.type, { name: field.name, isConstant: place.isConstant, isInside: place.isConstant })}`,
    );
    if (chance(0.02)) all.push(pick(['nope:1', 'title:"t"', 'type:LOGIN']));
    return `{${all.join(pick([',', ' ']))}}`;
  }

  #scalar(type, name, isConstant) {
    const { chance, pick } = this.#random;
    switch (type.name) {
      case 'Int':
        return pick(['0', '1', '2', '3', '5', '-1', '20', '2147483647', chance(0.05) ? '2147483648' : '4', '-0']);
      case 'Float':
        return pick(['0', '1.5', '-2', '1e2', '0.25E1']);
      case 'Boolean':
        return pick(['true', 'false']);
      case 'ID':
        return name === 'userId'
          ? pick([...this.#users().map((user) => JSON.stringify(user)), chance(0.1) ? '7' : '"bob"'])
          : pick(['"x"', '"000000000000000000000000"', '7']);
      case 'String':
        return ['after', 'before'].includes(name)
          ? JSON.stringify(this.#cursor())
          : pick(['"x"', '"é😀"', '"\\u00e9\\n"', '"\\uD83D\\uDE00"', '"\\u{1F600}"', '"""b "q" """']);
      case 'DateTime':
        return pick(['"2030-01-31T09:30:00Z"', '"x"', chance(0.1) ? '5' : '"2031-01-01T00:00:00Z"']);
      case 'Date':
        return pick(['"2026-01-31"', '"x"', chance(0.1) ? '5' : '"2026-02-01"']);
      default:
        return this.#json(isConstant);
    }
  }

  /** A literal of JSON, which takes variables of any type inside. */
  #json(isConstant) {
    const { pick } = this.#random;
    const plain = ['1', 'null', '"x"', '[1,[2.5]]', '{a:{b:[true]}}', 'WORD', '[]', '{}'];
    if (isConstant) return pick(plain);
    const inside = () =>
      this.#variable(this.#schema.getType(pick(['JSON', 'Int', 'String', 'ActivityType', 'Boolean'])), {
        name: 'data',
      });
    return pick([...plain, `{v:${inside()}}`, `[${inside()}]`]);
  }

  /** A variable that fits a place: one that is there, or a new one, with a default or without. */
  #variable(type, place) {
    const { chance, pick } = this.#random;
    const fitting = [...this.#variables].filter(
      ([, variable]) => variable.place === String(type) && variable.name === place.name,
    );
    if (fitting.length > 0 && chance(0.5)) return `$${pick(fitting)[0]}`;
    const name = `${pick(['a', 'b', 'c'])}${this.#variables.size}`;
    const base = isNonNullType(type) ? type.ofType : type;
    const initial = () => this.#literal(base, { name: place.name, isConstant: true, isInside: true, isNonNull: true });
    const variable = { type: String(type), place: String(type), name: place.name };
    if (isNonNullType(type) && (place.hasDefault || chance(0.4)) && chance(0.6)) {
      variable.type = String(base);
      if (!place.hasDefault || chance(0.5)) variable.initial = initial();
    } else if (!isNonNullType(type) && chance(0.2)) {
      variable.type += '!';
    } else if (chance(0.25)) {
      variable.initial = initial();
    }
    if (chance(WRONG))
      variable.type = pick([
        'Int',
        'String',
        'Boolean!',
        '[Int]',
        'CreateActivityInput',
        'Activity',
        'Nope',
        'ActivityType',
      ]);
    this.#variables.set(name, variable);
    if (chance(0.75)) this.#values[name] = chance(0.05) ? null : this.#value(type, place.name);
    return `$${name}`;
  }

  /** A value of a variable, as JSON. */
  #value(type, name) {
    const { chance, pick, below } = this.#random;
    if (chance(WRONG)) return pick([1, 'x', true, [], {}, null, 1.5, 99999999999, ['x'], { title: 't' }]);
    if (isNonNullType(type)) return this.#value(type.ofType, name);
    if (isListType(type))
      return chance(0.1)
        ? this.#value(type.ofType, name)
        : Array.from({ length: below(3) }, () => this.#value(type.ofType, name));
    if (isEnumType(type)) return pick(type.getValues()).name;
    if (isInputObjectType(type)) {
      const wanted = Object.values(type.getFields()).filter((field) => isNonNullType(field.type) || chance(0.4));
      const value = Object.fromEntries(
        wanted.map((field) => [field.name, chance(0.03) ? null : this.#value(field.type, field.name)]),
      );
      return chance(0.02) ? { ...value, nope: 1 } : value;
    }
    switch (type.name) {
      case 'Int':
        return pick([0, 1, 2, 3, 5, -1, 20, 2147483647, chance(0.05) ? 2147483648 : 6]);
      case 'Float':
        return pick([0, 1.5, -2, 100]);
      case 'Boolean':
        return chance(0.5);
      case 'ID':
        return name === 'userId' ? pick([...this.#users(), 7]) : pick(['x', '000000000000000000000000', 7]);
      case 'String':
        return ['after', 'before'].includes(name) ? this.#cursor() : pick(['x', 'é😀', '"']);
      case 'DateTime':
        return pick(['2030-01-31T09:30:00Z', 'x']);
      case 'Date':
        return pick(['2026-01-31', 'x']);
      default:
        return pick([1, null, 'x', [1, [2]], { a: { b: [true] } }]);
    }
  }

  #users() {
    return this.#mutates ? SCRATCH_USERS : USERS;
  }

  #cursor() {
    const { chance, pick } = this.#random;
    return chance(0.9) ? pick(this.#cursors) : pick(['', 'x', 'AAAAAAAAAAAAAAAAAAAAAA']);
  }
}

/**
 * The same document with other variables, and then as it was: what a server keeps of a document must not depend on the
 * values that it saw first.
 */
export function variations(request) {
  const given = Object.entries(request.variables ?? {});
  const flipped = given.map(([name, value]) => [name, typeof value === 'boolean' ? !value : value]);
  const sets = [flipped, given.slice(0, -1), []].map(Object.fromEntries);
  const seen = new Set([JSON.stringify(request.variables ?? {})]);
  const others = sets.filter((variables) => {
    const text = JSON.stringify(variables);
    return !seen.has(text) && seen.add(text);
  });
  return [...others.map((variables) => ({ ...request, variables, rawVariables: undefined })), request];
}
