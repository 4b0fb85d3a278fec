import { defineCollection, z } from 'astro:content';

const essays = defineCollection({
  type: 'content',
  schema: z.object({ title: z.string(), taken: z.date(), place: z.string().optional() }),
});

export const collections = { essays };
