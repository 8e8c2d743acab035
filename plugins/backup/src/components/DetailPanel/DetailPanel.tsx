import { KeyboardEvent, ReactNode, useEffect, useId, useRef } from 'react';
import { ButtonIcon } from '@backstage/ui';
import { RiCloseLine } from '@remixicon/react';
import { useTranslate } from '../../translations/useTranslate';
import styles from './DetailPanel.module.css';

export interface DetailPanelProps {
  title: string;
  onClose: () => void;
  children: ReactNode;
}

/** Details beside a list, or instead of it on narrow screens. Takes the focus when it opens; Esc closes it. */
export function DetailPanel({ title, onClose, children }: DetailPanelProps) {
  const t = useTranslate();
  const heading = useRef<HTMLHeadingElement>(null);
  const id = useId();
  useEffect(() => {
    heading.current?.focus({ preventScroll: true });
    heading.current?.scrollIntoView?.({ block: 'nearest' });
  }, [title]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape' && !event.defaultPrevented) {
      event.stopPropagation();
      onClose();
    }
  };
  return (
    // The listener serves the controls inside; the region itself is not interactive.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <section
      className={styles.panel}
      aria-labelledby={id}
      onKeyDown={onKeyDown}
    >
      <div className={styles.head}>
        <h3 id={id} ref={heading} tabIndex={-1} className={styles.title}>
          {title}
        </h3>
        <ButtonIcon
          variant="tertiary"
          icon={<RiCloseLine />}
          aria-label={t('action.close')}
          onPress={onClose}
        />
      </div>
      {children}
    </section>
  );
}

/** A part of the details under its own heading. */
export function DetailSection(props: { title: string; children: ReactNode }) {
  return (
    <div className={styles.section}>
      <h4 className={styles.sectionTitle}>{props.title}</h4>
      {props.children}
    </div>
  );
}

/** Names and values, without those that have none. */
export function Facts(props: { facts: [string, ReactNode | undefined][] }) {
  return (
    <dl className={styles.facts}>
      {props.facts
        .filter(([, value]) => value !== undefined && value !== null)
        .map(([name, value]) => [
          <dt key={`${name}-name`}>{name}</dt>,
          <dd key={`${name}-value`}>{value}</dd>,
        ])}
    </dl>
  );
}
