import { useCallback, useRef, useState } from 'react';

/**
 * The width of an element in CSS pixels, and the ref that measures it.
 * Undefined until measured, and where the browser cannot measure.
 */
export function useContainerWidth(): [
  (element: HTMLElement | null) => void,
  number | undefined,
] {
  const [width, setWidth] = useState<number>();
  const observer = useRef<ResizeObserver>();
  const ref = useCallback((element: HTMLElement | null) => {
    observer.current?.disconnect();
    observer.current = undefined;
    if (element && typeof ResizeObserver !== 'undefined') {
      observer.current = new ResizeObserver(([entry]) => {
        const measured = Math.round(entry.contentRect.width);
        requestAnimationFrame(() => setWidth(measured));
      });
      observer.current.observe(element);
    }
  }, []);
  return [ref, width];
}
