import { REST, Routes, SlashCommandBuilder } from 'discord.js';

const { DISCORD_TOKEN, DISCORD_CLIENT_ID } = process.env;
const skip = new SlashCommandBuilder().setName('skip').setDescription('No standup tomorrow');
await new REST().setToken(DISCORD_TOKEN).put(Routes.applicationCommands(DISCORD_CLIENT_ID), { body: [skip.toJSON()] });
