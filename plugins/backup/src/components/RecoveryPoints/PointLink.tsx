import { ReactNode } from 'react';
import { Link } from '@backstage/ui';
import { useBackups } from '../BackupsTab/BackupsContext';

export interface PointLinkProps {
  /** Name of the recovery point. */
  name: string;
  /** What is shown; the name by default. */
  children?: ReactNode;
}

/** Link to the details of a recovery point. */
export function PointLink({ name, children }: PointLinkProps) {
  const { navigation } = useBackups();
  return <Link href={navigation.pointHref(name)}>{children ?? name}</Link>;
}
