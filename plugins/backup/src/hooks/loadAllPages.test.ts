import { loadAllPages } from './loadAllPages';

function pagesOf(total: number, size: number) {
  return async (cursor: string | undefined) => {
    const from = Number(cursor ?? 0);
    const to = Math.min(total, from + size);
    return {
      items: Array.from({ length: to - from }, (_, index) => from + index),
      ...(to < total && { nextCursor: String(to) }),
    };
  };
}

describe('loadAllPages', () => {
  it('reads page after page', async () => {
    const list = await loadAllPages(pagesOf(7, 3));
    expect(list).toEqual({ items: [0, 1, 2, 3, 4, 5, 6], truncated: false });
  });

  it('stops at the most and says that there is more', async () => {
    const list = await loadAllPages(pagesOf(100, 3), 5);
    expect(list).toEqual({ items: [0, 1, 2, 3, 4, 5], truncated: true });
  });
});
