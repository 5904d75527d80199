import type * as z from 'zod';

/** What entries, letters and the like are called; nothing for numbers. */
const UNITS: Readonly<Record<string, string>> = { string: ' characters', array: ' entries', set: ' entries', object: ' fields' };
const TYPES: Readonly<Record<string, string>> = { string: 'text', number: 'a number', int: 'a whole number', boolean: 'true or false', array: 'a list', object: 'an object', null: 'null' };
const OTHER = 'expected another form';

/** Says what a schema expected, in words of the contract alone: nothing of what was sent is in them. */
export function wordsOfIssue(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return 'has a field that is not known';
  return issue.message.endsWith('received undefined') ? 'is missing' : `is not understood: ${expectationOf(issue)}`;
}

function expectationOf(issue: z.core.$ZodIssue): string {
  // Those that were written into the schema.
  if (issue.message.startsWith('expected ')) return issue.message;
  switch (issue.code) {
    case 'too_big':
      return `expected ${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}${UNITS[issue.origin] ?? ''}`;
    case 'too_small':
      return `expected ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}${UNITS[issue.origin] ?? ''}`;
    case 'invalid_value':
      return `expected ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.map(String).join(', ')}`;
    case 'invalid_type':
      return `expected ${TYPES[issue.expected] ?? 'another type'}`;
    default:
      return OTHER;
  }
}
