import { RefCallback, useCallback, useRef } from 'react';

const remembered = 20;

/**
 * Keeps the keyboard's place: when what has the focus disappears (a dialog, a
 * panel, a step), the focus goes back to where it was before, as far as that is
 * still there, else to the container. Focus that went elsewhere is left alone.
 *
 * @returns the ref of the container, which needs `tabIndex={-1}`
 */
export function useKeptFocus(): RefCallback<HTMLElement> {
  const stop = useRef<() => void>();
  return useCallback((container: HTMLElement | null) => {
    stop.current?.();
    stop.current = container ? keepFocus(container) : undefined;
  }, []);
}

function keepFocus(container: HTMLElement): () => void {
  const { body } = document;
  let last: HTMLElement | undefined;
  let places: HTMLElement[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;

  const onFocus = ({ target }: FocusEvent) => {
    if (!(target instanceof HTMLElement)) {
      return;
    }
    last = target;
    if (container.contains(target) && target !== container) {
      places = [target, ...places.filter(place => place !== target)].slice(
        0,
        remembered,
      );
    }
  };
  const isLost = () =>
    document.activeElement === body && last !== undefined && !last.isConnected;
  const restore = () => {
    timer = undefined;
    if (isLost()) {
      (places.find(place => container.contains(place)) ?? container).focus({
        preventScroll: true,
      });
    }
  };
  const observer = new MutationObserver(() => {
    // Whoever closes something may know better where the focus belongs.
    if (timer === undefined && places.length > 0 && isLost()) {
      timer = setTimeout(restore, 50);
    }
  });

  document.addEventListener('focusin', onFocus);
  observer.observe(body, { childList: true, subtree: true });
  return () => {
    clearTimeout(timer);
    observer.disconnect();
    document.removeEventListener('focusin', onFocus);
  };
}
