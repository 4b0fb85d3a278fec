import type { APIRoute } from 'astro';
import { ORDER_RECIPIENT, SMTP_URL } from 'astro:env/server';
import nodemailer from 'nodemailer';

const mail = nodemailer.createTransport(SMTP_URL);

export const POST: APIRoute = async ({ request, redirect }) => {
  const form = await request.formData();
  await mail.sendMail({ to: ORDER_RECIPIENT, subject: `Order: ${form.get('loaves')} loaves` });
  return redirect('/thanks', 303);
};
