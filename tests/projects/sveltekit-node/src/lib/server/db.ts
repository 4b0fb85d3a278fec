import { MONGO_URL } from '$env/static/private';
import { env } from '$env/dynamic/private';
import { MongoClient } from 'mongodb';

export const db = new MongoClient(MONGO_URL).db(env.MONGO_DB ?? 'club');
