/** What the database runs once, when its volume is new. */
export const initSql = `
CREATE TABLE orders (
  id serial PRIMARY KEY,
  customer text NOT NULL,
  item text NOT NULL,
  cents bigint NOT NULL,
  placed_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO orders (customer, item, cents) VALUES
  ('Ada Lovelace', 'Brass cog, 48 teeth', 1990),
  ('Grace Hopper', 'Nanosecond of copper wire', 30),
  ('Katherine Johnson', 'Slide rule, pocket size', 4250),
  ('Radia Perlman', 'Spanning tree, potted', 2700),
  ('Barbara Liskov', 'Substitute teapot', 3499);
`.trimStart();
