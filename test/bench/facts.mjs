// The facts that every contestant stores: about 150 bytes, one dominant type, by number.

export const DOMINANT = 'added';
const NOTE =
  'a note that brings the payload of a fact to about one hundred and fifty bytes, as usual';
/** Facts of one narrow context. */
export const NARROW = 5;
/** Facts of one wide context in a store that is large enough. */
export const WIDE = 10_000;

export function fact(number, { groups = 100, cart = `cart-${Math.floor(number / NARROW)}` } = {}) {
  const payload = { cart, group: `group-${number % groups}`, id: `id-${number}`, note: NOTE };
  return { event_type: number % 20 === 19 ? 'removed' : DOMINANT, payload };
}

export function facts(from, count, options) {
  return Array.from({ length: count }, (_, offset) => fact(from + offset, options));
}

/** How many wide contexts a store of this size has. */
export function groupsOf(size) {
  return Math.max(1, Math.floor(size / WIDE));
}

/** The same facts in Postgres: numbers from 0, below `size`. */
export function factsSql(size, groups) {
  return `SELECT n,
  CASE WHEN n % 20 = 19 THEN 'removed' ELSE '${DOMINANT}' END AS event_type,
  'cart-' || n / ${NARROW} AS cart,
  'group-' || n % ${groups} AS wide,
  jsonb_build_object('cart', 'cart-' || n / ${NARROW}, 'group', 'group-' || n % ${groups},
    'id', 'id-' || n, 'note', '${NOTE}') AS payload
FROM generate_series(0, ${size} - 1) AS n`;
}

/** A new fact of a context, and of no other. */
export function factOf({ key, value }) {
  const { payload } = fact(0, { cart: 'cart-new' });
  return { event_type: DOMINANT, payload: { ...payload, group: 'group-new', [key]: value } };
}

/** A context: facts of the dominant type whose payload has this member. */
export const cart = (name) => ({ key: 'cart', value: `cart-${name}` });
export const group = (name) => ({ key: 'group', value: `group-${name}` });
