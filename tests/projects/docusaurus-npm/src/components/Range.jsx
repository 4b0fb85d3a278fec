import React from 'react';
import clsx from 'clsx';

export default function Range({ from, to, unit }) {
  return <strong className={clsx('range', to > 90 && 'wide')}>{from} to {to} {unit}</strong>;
}
