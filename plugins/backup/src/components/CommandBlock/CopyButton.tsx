import { useEffect, useState } from 'react';
import { Button } from '@backstage/ui';
import { RiCheckLine, RiFileCopyLine } from '@remixicon/react';
import useCopyToClipboard from 'react-use/lib/useCopyToClipboard';
import { useTranslate } from '../../translations/useTranslate';

export interface CopyButtonProps {
  /** What lands in the clipboard. */
  text: string;
  /** What it is, for those who hear the button: "command", "YAML". */
  what: string;
  children?: string;
}

/** Copies a text, and says so for two seconds. */
export function CopyButton({ text, what, children }: CopyButtonProps) {
  const t = useTranslate();
  const [, copy] = useCopyToClipboard();
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) {
      return undefined;
    }
    const timer = setTimeout(() => setCopied(false), 2000);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <Button
      size="small"
      variant="tertiary"
      aria-label={copied ? t('action.copied') : t('action.copyOf', { what })}
      iconStart={copied ? <RiCheckLine /> : <RiFileCopyLine />}
      onPress={() => {
        copy(text);
        setCopied(true);
      }}
    >
      {copied ? t('action.copied') : children ?? t('action.copy')}
    </Button>
  );
}
