import multiavatar from "multiavatar";

const salt = process.env.AVATAR_SALT;

export const avatar = (name: string): string => multiavatar(`${salt}:${name}`);
