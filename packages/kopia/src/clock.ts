/** Milliseconds since 1970, as `Date.now` gives them; a parameter so that tests can move it. @public */
export type Clock = () => number;

/** Random bytes; a parameter so that tests can repeat a run. @public */
export type RandomBytes = (count: number) => Buffer;
