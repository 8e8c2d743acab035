import { ordersPage, PageFacts } from './ordersPage';

const facts: PageFacts = {
  greeting: '<b>Hello</b>',
  namespace: 'shop',
  podName: 'web-1',
  view: {
    state: 'rows',
    orders: [
      {
        id: 1,
        customer: 'Ada & Co',
        item: 'Cog',
        cents: 1990,
        placedAt: new Date('2026-01-01T10:00:00Z'),
      },
    ],
  },
};

describe('ordersPage', () => {
  it('shows greeting, namespace and rows, and escapes them', () => {
    const page = ordersPage(facts);
    expect(page).toContain('&lt;b&gt;Hello&lt;/b&gt;');
    expect(page).toContain('Namespace <code>shop</code>');
    expect(page).toContain('Ada &amp; Co');
    expect(page).toContain('19.90 €');
    expect(page).not.toContain('This was restored');
  });

  it('says what a copy was made by', () => {
    const page = ordersPage({ ...facts, restore: 'r<1' });
    expect(page).toContain('by <code>r&lt;1</code>');
  });

  it('says when the database is empty or out of reach', () => {
    expect(ordersPage({ ...facts, view: { state: 'empty' } })).toContain(
      'The database is empty',
    );
    expect(
      ordersPage({
        ...facts,
        view: { state: 'unreachable', reason: 'ECONNREFUSED' },
      }),
    ).toContain('cannot be reached');
  });

  it('has relative links only', () => {
    expect(ordersPage(facts)).not.toMatch(/(href|src)="\/|https?:/);
  });
});
