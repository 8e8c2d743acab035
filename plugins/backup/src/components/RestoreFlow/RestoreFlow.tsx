import { KeyboardEvent, useEffect, useRef, useState } from 'react';
import { Button } from '@backstage/ui';
import type {
  RecoveryPoint,
  RestorePreview,
} from '@lifeboat/backstage-plugin-backup-common';
import { useTranslate } from '../../translations/useTranslate';
import { useBackups } from '../BackupsTab/BackupsContext';
import { FlowSteps } from '../FlowSteps/FlowSteps';
import { ListSkeleton } from '../ListFrame/ListFrame';
import { CheckStep } from './CheckStep';
import { PointStep } from './PointStep';
import {
  changesRunningService,
  previewRequest,
  RestoreChoice,
  restoreRequest,
  targetFault,
  touchedObjects,
} from './restoreChoice';
import styles from './RestoreFlow.module.css';
import { SafetyPointProgress, StartFailure } from './SafetyPoint';
import { takeSafetyPoint } from './takeSafetyPoint';
import { useRestorePreview } from './useRestorePreview';
import { WhatStep } from './WhatStep';
import { WhereStep } from './WhereStep';

const steps = ['point', 'what', 'where', 'check'] as const;

/** From a recovery point back to running objects, in four steps. */
export function RestoreFlow() {
  const t = useTranslate();
  const {
    api,
    entity,
    title,
    navigation,
    protection,
    points,
    expectPoint,
    succeeded,
  } = useBackups();
  const preselected = navigation.location.point;
  const [step, setStep] = useState(preselected ? 1 : 0);
  const [choice, setChoice] = useState<RestoreChoice>({
    point: preselected,
    way: 'copy',
    existing: 'none',
    safetyPoint: true,
    confirmation: '',
  });
  const [taking, setTaking] = useState<RecoveryPoint>();
  const waiting = useRef<AbortController>();
  useEffect(() => () => waiting.current?.abort(), []);
  const [pending, setPending] = useState(false);
  const [failure, setFailure] = useState<Error>();
  const change = (part: Partial<RestoreChoice>) =>
    setChoice(previous => ({ ...previous, ...part }));

  const sourceNamespace = protection.target?.namespace;
  const fault = targetFault(choice, sourceNamespace);
  const preview = useRestorePreview(
    api,
    entity,
    choice.point,
    previewRequest(choice, sourceNamespace),
  );
  const suggestion = preview.preview?.suggestedNamespace;
  useEffect(() => {
    if (suggestion) {
      setChoice(previous =>
        previous.targetNamespace === undefined
          ? { ...previous, targetNamespace: suggestion }
          : previous,
      );
    }
  }, [suggestion]);

  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), [step]);

  const point = points.data?.items.find(({ name }) => name === choice.point);
  const name = steps[step];
  const confirmed =
    choice.way === 'copy' || choice.confirmation === entity.name;
  const mayGoOn = {
    point: Boolean(choice.point),
    what: true,
    where: confirmed && !fault && preview.preview?.allowed === true,
    check:
      confirmed &&
      preview.preview?.allowed === true &&
      touchedObjects(preview.preview) > 0,
  }[name];

  const startLabel = (answer: RestorePreview | undefined) => {
    if (!answer) {
      return t('flow.check.start');
    }
    const values = {
      namespace: answer.targetNamespace,
      count: touchedObjects(answer),
    };
    if (choice.way === 'copy' && answer.namespaceState === 'new') {
      return t('flow.check.startCopy', values);
    }
    return changesRunningService(choice, answer) && !choice.safetyPoint
      ? t('flow.check.startWithout', values)
      : t('flow.check.startExisting', values);
  };

  /** Who may not make recovery points leaves it to the server. */
  const makeSafetyPoint = async (
    answer: RestorePreview,
    signal: AbortSignal,
  ): Promise<string | undefined> => {
    if (
      !choice.safetyPoint ||
      !changesRunningService(choice, answer) ||
      !protection.permissions.create
    ) {
      return undefined;
    }
    const made = await takeSafetyPoint(api, entity, {
      note: t('flow.safety.note', { name: answer.backup }),
      onMade: expectPoint,
      onProgress: setTaking,
      signal,
    });
    return made.name;
  };

  const start = async () => {
    const answer = preview.preview;
    if (!answer) {
      return;
    }
    const controller = new AbortController();
    waiting.current = controller;
    setPending(true);
    setFailure(undefined);
    try {
      const safetyPoint = await makeSafetyPoint(answer, controller.signal);
      const run = await api.createRestore(
        entity,
        restoreRequest(choice, answer, safetyPoint),
      );
      succeeded(t('restores.started', { name: run.name }));
      navigation.openRestore(run.name);
    } catch (error) {
      if (!controller.signal.aborted) {
        setFailure(error instanceof Error ? error : new Error(String(error)));
        setPending(false);
        setTaking(undefined);
      }
    }
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape' && !event.defaultPrevented) {
      navigation.close();
    }
  };

  return (
    // The listener serves the controls inside; the region itself is not interactive.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <section
      className={styles.flow}
      aria-label={t('flow.title', { name: title })}
      onKeyDown={onKeyDown}
    >
      <div className={styles.head}>
        <h2 className={styles.title}>{t('flow.title', { name: title })}</h2>
        <Button variant="tertiary" onPress={navigation.close}>
          {t('flow.cancel')}
        </Button>
      </div>
      <FlowSteps
        label={t('flow.stepsLabel')}
        steps={steps.map(id => t(`flow.step.${id}`))}
        active={step}
      />
      <div className={styles.step}>
        <h3 className={styles.stepTitle} ref={heading} tabIndex={-1}>
          {t(`flow.${name}.title`)}
        </h3>
        {name === 'point' &&
          (points.data ? (
            <PointStep
              points={points.data.items}
              chosen={choice.point}
              onChoose={chosen => change({ point: chosen })}
            />
          ) : (
            <ListSkeleton />
          ))}
        {name === 'what' && (
          <WhatStep point={point} notes={preview.preview?.notes ?? []} />
        )}
        {name === 'where' && (
          <WhereStep
            choice={choice}
            onChange={change}
            componentName={entity.name}
            sourceNamespace={sourceNamespace}
            fault={fault}
            preview={preview}
          />
        )}
        {name === 'check' && (
          <CheckStep
            choice={choice}
            cluster={protection.target?.cluster ?? ''}
            state={preview}
            onChange={change}
          />
        )}
        {taking && <SafetyPointProgress point={taking} />}
        {failure && <StartFailure error={failure} />}
      </div>
      <div className={styles.buttons}>
        {step > 0 && (
          <Button
            variant="secondary"
            isDisabled={pending}
            onPress={() => setStep(step - 1)}
          >
            {t('flow.back')}
          </Button>
        )}
        {name === 'check' ? (
          <Button
            variant="primary"
            isPending={pending}
            isDisabled={!mayGoOn}
            onPress={start}
          >
            {startLabel(preview.preview)}
          </Button>
        ) : (
          <Button
            variant="primary"
            isDisabled={!mayGoOn}
            onPress={() => setStep(step + 1)}
          >
            {t('flow.next')}
          </Button>
        )}
      </div>
    </section>
  );
}
