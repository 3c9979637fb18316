/** Whether the two types admit the same values. */
export type Same<A, B> = [A, B] extends [B, A] ? true : false;
