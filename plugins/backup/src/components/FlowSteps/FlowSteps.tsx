import Step from '@material-ui/core/Step';
import StepLabel from '@material-ui/core/StepLabel';
import Stepper from '@material-ui/core/Stepper';
import styles from './FlowSteps.module.css';

export interface FlowStepsProps {
  label: string;
  steps: string[];
  /** Index of the step that is open. */
  active: number;
}

/** Where one is in a flow of steps. Material UI: Backstage UI has no counterpart. */
export function FlowSteps({ label, steps, active }: FlowStepsProps) {
  return (
    <nav aria-label={label}>
      <Stepper
        activeStep={active}
        alternativeLabel
        style={{ background: 'none', padding: 0 }}
      >
        {steps.map((step, index) => (
          <Step key={step} aria-current={index === active ? 'step' : undefined}>
            <StepLabel>
              <span className={index === active ? styles.active : styles.label}>
                {step}
              </span>
            </StepLabel>
          </Step>
        ))}
      </Stepper>
    </nav>
  );
}
