import { createClient } from 'redis';

const redis = await createClient({ url: process.env.REDIS_URL }).connect();

export const silenced = () => redis.get('silenced');
export const silence = (days) => redis.set('silenced', '1', { EX: days * 86400 });
