import { ReactNode } from 'react';
import {
  Button,
  Dialog,
  DialogBody,
  DialogFooter,
  DialogHeader,
  Flex,
} from '@backstage/ui';
import { useTranslate } from '../../translations/useTranslate';

export interface ConfirmDialogProps {
  title: string;
  children: ReactNode;
  /** The action, in words: "Delete recovery point". */
  confirm: string;
  /** The action is under way. */
  pending: boolean;
  onConfirm: () => void;
  onClose: () => void;
}

/** Asks before something is gone. Esc and "Cancel" leave everything as it is. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const t = useTranslate();
  const { title, children, confirm, pending, onConfirm, onClose } = props;
  return (
    <Dialog
      isOpen
      isDismissable
      width={480}
      onOpenChange={open => {
        if (!open) {
          onClose();
        }
      }}
    >
      <DialogHeader>{title}</DialogHeader>
      <DialogBody>
        <Flex direction="column" gap="3">
          {children}
        </Flex>
      </DialogBody>
      <DialogFooter>
        <Button variant="secondary" onPress={onClose}>
          {t('action.cancel')}
        </Button>
        <Button
          variant="primary"
          destructive
          isPending={pending}
          onPress={onConfirm}
        >
          {confirm}
        </Button>
      </DialogFooter>
    </Dialog>
  );
}
