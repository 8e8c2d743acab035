import { Order, OrdersView } from './OrdersDatabase';

export interface PageFacts {
  greeting: string;
  namespace: string;
  podName: string;
  /** Name of the restore that made this copy, if it is one. */
  restore?: string;
  view: OrdersView;
}

function escape(text: string): string {
  return text
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;');
}

const style = `
:root { color-scheme: light dark; --ink: #10222e; --soft: #4d6270; --paper: #f4f7f9; --card: #fff; --line: #d5dee4;
  --accent: #b3411e; --note: #fff4e5; --note-ink: #6b3d00; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eef3; --soft: #9fb2bf; --paper: #0e1a22; --card: #16252f;
  --line: #2b3d49; --accent: #ff8a5c; --note: #35270f; --note-ink: #ffd699; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 52rem; margin: 0 auto; padding: 2.5rem 1.25rem; }
header { border-left: 6px solid var(--accent); padding-left: 1rem; margin-bottom: 1.5rem; }
h1 { margin: 0; font-size: 1.7rem; line-height: 1.2; }
.place { margin: .35rem 0 0; color: var(--soft); }
code { font: .92em ui-monospace, monospace; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; overflow-x: auto; }
.note { background: var(--note); color: var(--note-ink); border-radius: 10px; padding: .8rem 1rem; margin: 0 0 1.25rem; }
table { width: 100%; border-collapse: collapse; }
th, td { text-align: left; padding: .6rem .9rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
tr:last-child td { border-bottom: 0; }
th { color: var(--soft); font-weight: 600; font-size: .85rem; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
.message { padding: 1.5rem; margin: 0; }
footer { margin-top: 1.25rem; color: var(--soft); font-size: .9rem; }
a { color: var(--accent); }
`;

function row(order: Order): string {
  const price = (order.cents / 100).toFixed(2);
  return `<tr><td class="number">${order.id}</td><td>${escape(
    order.customer,
  )}</td><td>${escape(
    order.item,
  )}</td><td class="number">${price} €</td><td><time>${order.placedAt
    .toISOString()
    .slice(0, 16)
    .replace('T', ' ')}</time></td></tr>`;
}

function content(view: OrdersView): string {
  if (view.state === 'unreachable') {
    return `<p class="message"><strong>The database cannot be reached.</strong><br>Service <code>db</code>: ${escape(
      view.reason,
    )}</p>`;
  }
  if (view.state === 'empty') {
    return '<p class="message"><strong>The database is empty.</strong><br>It is running, but it holds no orders.</p>';
  }
  return `<table><thead><tr><th class="number">No.</th><th>Customer</th><th>Item</th><th class="number">Price</th><th>Placed (UTC)</th></tr></thead><tbody>${view.orders
    .map(row)
    .join('')}</tbody></table>`;
}

function copyNote({ restore }: PageFacts): string {
  if (!restore) return '';
  return `<p class="note"><strong>This was restored</strong> by <code>${escape(
    restore,
  )}</code>: its objects, and the volume of its database as it was when the snapshot was taken. Orders of later are not in it.</p>`;
}

/** The page of the application. Links are relative, so it works under any path. */
export function ordersPage(facts: PageFacts): string {
  const { view } = facts;
  const count = view.state === 'rows' ? `${view.orders.length} orders` : '';
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Orders – ${escape(facts.namespace)}</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<main>
<header>
<h1>${escape(facts.greeting)}</h1>
<p class="place">Namespace <code>${escape(facts.namespace)}</code></p>
</header>
${copyNote(facts)}
<section class="card" aria-label="Orders">${content(view)}</section>
<footer>${count ? `${count} · ` : ''}served by <code>${escape(
    facts.podName,
  )}</code> · <a href="./">Reload</a></footer>
</main>
</body>
</html>
`;
}
