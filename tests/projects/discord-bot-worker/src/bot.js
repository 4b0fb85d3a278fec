import { CronJob } from 'cron';
import { Client, Events, GatewayIntentBits } from 'discord.js';
import { silenced, silence } from './store.js';

const client = new Client({ intents: [GatewayIntentBits.Guilds] });

client.once(Events.ClientReady, (ready) => {
  console.log(`logged in as ${ready.user.tag}`);
  CronJob.from({
    cronTime: process.env.STANDUP_CRON || '0 9 * * 1-5',
    timeZone: process.env.STANDUP_TZ || 'Europe/Oslo',
    start: true,
    onTick: async () => {
      if (await silenced()) return;
      const channel = await client.channels.fetch(process.env.STANDUP_CHANNEL_ID);
      await channel.send('Standup! What did you do, what will you do?');
    },
  });
});

client.on(Events.InteractionCreate, async (interaction) => {
  if (!interaction.isChatInputCommand() || interaction.commandName !== 'skip') return;
  await silence(1);
  await interaction.reply('No standup tomorrow.');
});

client.login(process.env.DISCORD_TOKEN);
