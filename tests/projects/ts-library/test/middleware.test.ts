import express from 'express';
import { expect, it } from 'vitest';
import { parse } from '../src';

it('works inside a handler', () => {
  const app = express();
  app.get('/', (_req, res) => res.json(parse('1h')));
  expect(parse('1h 30m')).toBe(5_400_000);
});
