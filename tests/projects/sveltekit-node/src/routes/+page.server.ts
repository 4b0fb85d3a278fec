import { db } from '$lib/server/db';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = async () => {
	const books = await db.collection('books').find().sort({ month: -1 }).toArray();
	return { books: books.map(({ title, month }) => ({ title, month })) };
};
